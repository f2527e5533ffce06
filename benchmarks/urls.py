"""The measured views."""

from __future__ import annotations

import logging

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.urls import path

from benchmarks.shop import product
from benchmarks.site import QUERIES_MANY

logger = logging.getLogger("benchmark")
SELECT = "SELECT id, username FROM auth_user WHERE id = %s AND {0} = {0}"


def _work() -> str:
    with connection.cursor() as cursor:
        for number in range(10):
            cursor.execute(SELECT.format(number), [1])
            cursor.fetchone()
    for number in range(4):
        cache.get(f"key{number}")
    template = get_template("tiny.html")
    return "".join(template.render({"name": "n", "n": number}) for number in range(6))


def micro(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_work())


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def typical(request: HttpRequest) -> HttpResponse:
    text = _work() if request.user.is_authenticated else ""
    logger.warning("page for %s", "reader")
    return HttpResponse(text)


def queries(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        for number in range(QUERIES_MANY):
            cursor.execute(SELECT.format(number), [1])
            cursor.fetchone()
    return HttpResponse("ok")


urlpatterns = [
    path("micro/", micro),
    path("bare/", bare),
    path("typical/", typical),
    path("queries/", queries),
    path("shop/<int:number>/", product),
]
