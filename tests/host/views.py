from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import connection, transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse

import debugpanel

logger = logging.getLogger("host")


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text for you")

    __repr__ = __str__


def text(request: HttpRequest) -> HttpResponse:
    return HttpResponse("text")


def json(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"groups": Group.objects.count()})


def queries(request: HttpRequest, number: int) -> HttpResponse:
    for _ in range(number):
        Group.objects.filter(name="x").exists()
    return HttpResponse(str(number))


def write(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        Group.objects.create(name="one")
        Group.objects.bulk_create([Group(name="two"), Group(name="three")])
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM auth_group WHERE name = %s", [["one"], ["two"], ["three"]])
    return HttpResponse("written")


def rollback(request: HttpRequest) -> HttpResponse:
    try:
        with transaction.atomic():
            Group.objects.create(name="gone")
            raise LookupError
    except LookupError:
        return HttpResponse("rolled back")


def cached(request: HttpRequest) -> HttpResponse:
    cache.set("basket:17", "value")
    return HttpResponse(cache.get("basket:17") + str(cache.get("missing")))


def log(request: HttpRequest) -> HttpResponse:
    logger.warning("basket %s is full", 17)
    return HttpResponse("logged")


def mail(request: HttpRequest) -> HttpResponse:
    send_mail("subject", "body", "shop@example.org", ["reader@example.org"])
    return HttpResponse("sent")


def error(request: HttpRequest) -> HttpResponse:
    password = "hunter2hunter2"  # noqa: F841 - a local that must not be stored
    raise ValueError("bad basket 17")


def chained(request: HttpRequest) -> HttpResponse:
    try:
        {}["sku"]
    except KeyError as missing:
        raise LookupError("no such product") from missing


def group(request: HttpRequest) -> HttpResponse:
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])


def unprintable(request: HttpRequest) -> HttpResponse:
    raise UnprintableError("x")


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404("nothing here")


def denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def database_error(request: HttpRequest) -> HttpResponse:
    User.objects.create(username="taken")
    User.objects.create(username="taken")
    return HttpResponse("never")


def rendered(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "host/page.html", {"items": range(3)})


def user(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[str]:
        for _ in range(3):
            yield f"{Group.objects.count()}\n"

    return StreamingHttpResponse(chunks())


def broken_stream(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[str]:
        yield "one\n"
        raise ValueError("stream broke")

    return StreamingHttpResponse(chunks())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"manual" * 100), filename="manual.txt")


def spans(request: HttpRequest) -> HttpResponse:
    with debugpanel.span("pricing", sku=17):
        Group.objects.count()
        debugpanel.event("priced", amount=5)
    debugpanel.annotate(basket=17)
    with debugpanel.pause():
        Group.objects.count()
    return HttpResponse(debugpanel.trace_id())


def upload(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


async def asynchronous(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse(str(await Group.objects.acount()))


async def gathered(request: HttpRequest) -> HttpResponse:
    async def part(name: str) -> None:
        async with debugpanel.span(name):
            await Group.objects.filter(name=name).aexists()

    await asyncio.gather(part("left"), part("right"))
    return HttpResponse("gathered")


async def asynchronous_error(request: HttpRequest) -> HttpResponse:
    raise ValueError("bad basket 17")


async def asynchronous_stream(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> AsyncIterator[str]:
        for _ in range(3):
            yield f"{await Group.objects.acount()}\n"

    return StreamingHttpResponse(chunks())


async def slow(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(30)
    return HttpResponse("never")


async def in_thread(request: HttpRequest) -> HttpResponse:
    count: Any = await sync_to_async(Group.objects.count)()
    return HttpResponse(str(count))
