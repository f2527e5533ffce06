"""The request boundary. It belongs first in MIDDLEWARE, so that it sees all the others.

Sync and async share everything but the awaiting line. Nothing of the response is wrapped or
rewritten; the trace closes through the response's own closers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from debugpanel import conf, recorder

GetResponse = Callable[[HttpRequest], Any]


class DebugPanelMiddleware:
    """Opens a trace for each request. Removes itself when `ENABLED` is False at start."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        if not conf.get().ENABLED:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._respond(request)
        trace = recorder.begin(request, is_sync=True)
        if trace is None:
            return self.get_response(request)  # type: ignore[no-any-return]
        try:
            response = self.get_response(request)
        except BaseException as error:
            recorder.failed(trace, request, error)
            raise
        recorder.returned(trace, request, response)
        return response  # type: ignore[no-any-return]

    async def _respond(self, request: HttpRequest) -> HttpResponseBase:
        trace = recorder.begin(request, is_sync=False)
        if trace is None:
            return await self.get_response(request)  # type: ignore[no-any-return]
        try:
            response = await self.get_response(request)
        except BaseException as error:
            recorder.failed(trace, request, error)
            raise
        recorder.returned(trace, request, response)
        return response  # type: ignore[no-any-return]
