"""Views that do what a test tells them to, so that secrets are made up by the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

Act = Callable[[HttpRequest], Any]


def _answer(request: HttpRequest) -> str:
    return "done"


current: Act = _answer


def act(request: HttpRequest, **captured: Any) -> HttpResponse:
    """Do it, and answer with the response it makes, or with its text."""
    result = current(request)
    return result if isinstance(result, HttpResponse) else HttpResponse(str(result))


async def act_async(request: HttpRequest, **captured: Any) -> HttpResponse:
    result = await current(request)
    return result if isinstance(result, HttpResponse) else HttpResponse(str(result))
