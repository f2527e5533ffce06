"""The floor: the least that a recorder in pure Python through Django's own hooks can cost.

Two clock readings and one tuple for each statement, cache read and template; nothing is
masked, limited, guarded, counted or kept.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.template.base import Template

SPANS: ContextVar[list[tuple[Any, ...]] | None] = ContextVar("floor", default=None)


def _statement(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
    spans = SPANS.get()
    if spans is None:
        return execute(sql, params, many, context)
    start_ns = perf_counter_ns()
    try:
        return execute(sql, params, many, context)
    finally:
        spans.append((start_ns, perf_counter_ns(), "sql", sql))


def _observe(connection: Any, **kwargs: Any) -> None:
    if _statement not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _statement)


def _timed(kind: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        spans = SPANS.get()
        if spans is None:
            return method(self, *args, **kwargs)
        start_ns = perf_counter_ns()
        try:
            return method(self, *args, **kwargs)
        finally:
            spans.append((start_ns, perf_counter_ns(), kind, args[0]))

    return call


def floor_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    connection_created.connect(_observe)
    LocMemCache.get = _timed("cache", LocMemCache.get)
    Template.render = _timed("template", Template.render)

    def respond(request: HttpRequest) -> HttpResponse:
        spans: list[tuple[Any, ...]] = []
        SPANS.set(spans)
        start_ns = perf_counter_ns()
        response = get_response(request)
        spans.append((start_ns, perf_counter_ns(), "request", request.path))
        SPANS.set(None)
        return response

    return respond
