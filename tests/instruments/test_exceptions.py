from __future__ import annotations

from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from debugpanel import guard
from debugpanel.instruments import exceptions
from debugpanel.instruments.exceptions import ExceptionInstrument
from debugpanel.testing import capture_trace, raise_internal_errors
from debugpanel.trace.model import Event, Trace

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

instrument = ExceptionInstrument()


class Answering:
    """A middleware that answers some exceptions, and raises some of its own."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.GET.get("before"):
            raise OSError("raised before the view")
        response: HttpResponse = self.get_response(request)
        if request.GET.get("after"):
            raise OSError("raised after the view")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return HttpResponse("answered") if request.GET.get("answer") else None


def failing(request: HttpRequest) -> HttpResponse:
    raise LookupError("lost")


async def failing_async(request: HttpRequest) -> HttpResponse:
    raise LookupError("lost")


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


urlpatterns = [
    path("failing/", failing),
    path("failing-async/", failing_async),
    path("fine/", fine),
]


@pytest.fixture(autouse=True)
def _answering(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Answering"]


def traced(url: str) -> Trace:
    with raise_internal_errors(), capture_trace() as captured:
        Client(raise_request_exception=False).get(url)
    return captured.trace


def exceptions_of(trace: Trace) -> list[Event]:
    return [event for event in trace.iter_events() if event.kind == "exception"]


def summary(trace: Trace) -> list[tuple[str, bool]]:
    return [(event.name, event.values[1]) for event in exceptions_of(trace)]


def test_an_exception_without_an_answer_makes_the_trace_an_error() -> None:
    trace = traced("/failing/")
    assert (trace.status, trace.unhandled, summary(trace)) == (500, True, [("LookupError", False)])


async def test_an_async_one_too() -> None:
    with raise_internal_errors(), capture_trace() as captured:
        await AsyncClient(raise_request_exception=False).get("/failing-async/")
    assert (captured.trace.unhandled, summary(captured.trace)) == (True, [("LookupError", False)])


def test_one_that_a_middleware_answers_is_handled() -> None:
    trace = traced("/failing/?answer=1")
    assert (trace.status, trace.unhandled, summary(trace)) == (200, False, [("LookupError", True)])


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_of_a_middleware_is_an_error(when: str) -> None:
    trace = traced(f"/fine/?{when}=1")
    assert (trace.status, trace.unhandled, summary(trace)) == (500, True, [("OSError", False)])


def test_a_second_exception_is_a_second_event() -> None:
    trace = traced("/failing/?answer=1&after=1")
    assert summary(trace) == [("LookupError", True), ("OSError", False)]
    assert len(trace.errors) == 1


def test_frames_end_where_it_was_raised() -> None:
    [event] = exceptions_of(traced("/failing/"))
    assert [frame.function for frame in event.values[2]][-1] == "failing"


def test_nothing_happens_outside_a_trace() -> None:
    assert Client(raise_request_exception=False).get("/failing/").status_code == 500


def test_receivers_come_back_as_they_were() -> None:
    instrument.uninstall()
    before = list(got_request_exception.receivers)
    instrument.install()
    instrument.install()
    assert len(got_request_exception.receivers) == len(before) + 1
    instrument.uninstall()
    instrument.uninstall()
    assert got_request_exception.receivers == before
    instrument.install()


def test_a_fault_of_ours_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(guard, "breakers", {})
    monkeypatch.setattr(exceptions, "note_exception", fail)
    with capture_trace() as captured:
        response = Client(raise_request_exception=False).get("/failing/")
    assert (response.status_code, captured.trace.unhandled) == (500, True)
    assert guard.breakers[exceptions.PART].total_failures == 1
