"""Each trace has its own work and nobody else's, whatever runs at the same time."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path

import debugpanel
from debugpanel.delivery import mode
from debugpanel.redaction.markers import MASK
from debugpanel.testing import capture_trace, raise_internal_errors
from debugpanel.trace.context import CURRENT, NOWHERE
from debugpanel.trace.model import Trace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

THREADS = 50
REQUESTS_EACH = 100
ASYNC_REQUESTS = 500

logger = logging.getLogger("host.isolation")


def word(number: int) -> str:
    """Spell a number: digits in the keys of a cache are masked."""
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def marked(request: HttpRequest, marker: str) -> HttpResponse:
    with debugpanel.span(marker):
        cache.get(marker)
        debugpanel.event(marker)
    logger.warning("marker %s", marker)
    debugpanel.annotate(marker=marker)
    return HttpResponse(marker)


async def marked_async(request: HttpRequest, marker: str) -> HttpResponse:
    async with debugpanel.span(marker):
        await asyncio.sleep(0)
        await cache.aget(marker)
        await asyncio.gather(*(nested(f"{marker}.{number}") for number in range(3)))
        debugpanel.event(marker)
    await sync_to_async(logger.warning, thread_sensitive=False)("marker %s", marker)
    debugpanel.annotate(marker=marker)
    return HttpResponse(marker)


async def nested(name: str) -> None:
    async with debugpanel.span(name):
        await asyncio.sleep(0)


def asks_itself(request: HttpRequest) -> HttpResponse:
    Group.objects.count()
    inner = Client().get("/marked/inner/")
    Group.objects.count()
    return HttpResponse(b"outer, " + inner.content)


def leaves_work_behind(request: HttpRequest) -> HttpResponse:
    thread = threading.Thread(target=copy_context().run, args=(late,))
    request.META["test.thread"].append(thread)
    return HttpResponse("left")


def late() -> None:
    Group.objects.count()
    connections.close_all()


urlpatterns = [
    path("marked/<str:marker>/", marked),
    path("marked-async/<str:marker>/", marked_async),
    path("asks-itself/", asks_itself),
    path("leaves-work-behind/", leaves_work_behind),
]


@pytest.fixture
def memory(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    collected: list[Trace] = []
    monkeypatch.setattr(mode, "memory", collected)
    settings.DEBUGPANEL = {"IN_TESTS": "memory"}
    settings.MIDDLEWARE = settings.MIDDLEWARE[:1]
    with raise_internal_errors():
        yield collected


def markers(trace: Trace) -> set[str]:
    """Every marker the trace has anywhere, its own one being in its path."""
    found = {span.name for span in trace.iter_spans() if span.kind == "span"}
    found |= {event.name for event in trace.iter_events() if event.kind == "event"}
    texts = [span.values[1] for span in trace.iter_spans() if span.kind == "cache"]
    texts += [event.values[1] for event in trace.iter_events() if event.kind == "log"]
    found |= {text.rpartition(" ")[2] for text in texts}
    # A collection of garbage may have used up the time for masking.
    return {name.partition(".")[0] for name in found | {trace.notes["marker"]}} - {MASK}


def own(trace: Trace) -> str:
    return trace.path.rstrip("/").rpartition("/")[2]


def test_threads_keep_to_themselves(memory: list[Trace]) -> None:
    def browse(thread: int) -> None:
        client = Client()
        for number in range(REQUESTS_EACH):
            client.get(f"/marked/{word(thread)}-{word(number)}/")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(browse, range(THREADS)))
    finally:
        sys.setswitchinterval(interval)
    assert len({own(trace) for trace in memory}) == len(memory) == THREADS * REQUESTS_EACH
    assert len({trace.hex_id for trace in memory}) == len(memory)
    assert [trace.path for trace in memory if markers(trace) != {own(trace)}] == []
    assert {trace.dropped.get("late", 0) for trace in memory} == {0}


async def test_concurrent_tasks_keep_to_themselves(memory: list[Trace]) -> None:
    client = AsyncClient()
    names = [word(number) for number in range(ASYNC_REQUESTS)]
    await asyncio.gather(*(client.get(f"/marked-async/{name}/") for name in names))
    assert sorted(own(trace) for trace in memory) == sorted(names)
    assert [trace.path for trace in memory if markers(trace) != {own(trace)}] == []
    assert {len([s for s in trace.spans if s[2] == "span"]) for trace in memory} == {4}


async def test_sync_views_in_an_async_server_keep_to_themselves(memory: list[Trace]) -> None:
    client = AsyncClient()
    names = [word(number) for number in range(50)]
    await asyncio.gather(*(client.get(f"/marked/{name}/") for name in names))
    assert sorted(own(trace) for trace in memory) == sorted(names)
    assert [trace.path for trace in memory if markers(trace) != {own(trace)}] == []


def test_a_request_inside_a_view_is_a_trace_of_its_own(memory: list[Trace]) -> None:
    assert Client().get("/asks-itself/").content == b"outer, inner"
    inner, outer = memory
    assert (inner.path, outer.path) == ("/marked/inner/", "/asks-itself/")
    assert (inner.query_count, outer.query_count) == (0, 2)
    assert markers(inner) == {"inner"}
    assert CURRENT.get() is NOWHERE


def test_an_uncounted_request_inside_a_view_takes_nothing_from_it(
    memory: list[Trace], settings: Any
) -> None:
    settings.DEBUGPANEL = {"IN_TESTS": "memory", "IGNORE_PATHS": ["/marked/"]}
    Client().get("/asks-itself/")
    [outer] = memory
    assert outer.query_count == 2


def test_a_thread_that_outlives_its_request_belongs_to_none(memory: list[Trace]) -> None:
    threads: list[threading.Thread] = []
    Client().get("/leaves-work-behind/", **{"test.thread": threads})  # type: ignore[arg-type]
    Client().get("/marked/next/")
    for thread in threads:
        thread.start()
        thread.join()
    assert [trace.query_count for trace in memory] == [0, 0]


def test_a_response_that_nobody_closes_ends_with_the_next_request(memory: list[Trace]) -> None:
    handler = WSGIHandler()
    first = handler.get_response(RequestFactory().get("/marked/first/"))
    assert memory == []
    handler.get_response(RequestFactory().get("/marked/second/")).close()
    assert [(trace.state, trace.status) for trace in memory] == [("unclosed", 200), ("ok", 200)]
    first.close()
    assert [trace.state for trace in memory] == ["unclosed", "ok"]
    assert CURRENT.get() is NOWHERE


def test_what_nobody_closed_gets_nothing_of_an_ignored_request(
    memory: list[Trace], settings: Any
) -> None:
    settings.DEBUGPANEL = {"IN_TESTS": "memory", "IGNORE_PATHS": ["/marked/ignored/"]}
    handler = WSGIHandler()
    handler.get_response(RequestFactory().get("/marked/first/"))
    handler.get_response(RequestFactory().get("/marked/ignored/")).close()
    [trace] = memory
    assert trace.state == "unclosed"
    assert "ignored" not in {event.name for event in trace.iter_events()}


async def test_requests_of_one_task_make_a_trace_each(memory: list[Trace]) -> None:
    for name in ("one", "two"):
        await AsyncClient().get(f"/marked-async/{name}/")
    assert [own(trace) for trace in memory] == ["one", "two"]


def test_capturing_in_one_thread_does_not_capture_in_another() -> None:
    with capture_trace() as captured:
        thread = threading.Thread(target=lambda: Client().get("/marked/elsewhere/"))
        thread.start()
        thread.join()
    assert captured.traces == []
