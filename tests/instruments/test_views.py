from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.contrib.auth.models import Group
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from debugpanel import guard
from debugpanel.instruments.views import KIND, PART, ViewInstrument
from debugpanel.testing import capture_trace, raise_internal_errors
from debugpanel.trace import context
from debugpanel.trace.context import CURRENT, NOWHERE, discard
from debugpanel.trace.model import Span, Trace
from tests.instruments.recording import open_trace, uninstalled

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

instrument = ViewInstrument()


def sync_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Group.objects.count()))


async def async_view(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse(str(await Group.objects.acount()))


class ClassView(View):
    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return sync_view(request)


class AsyncClassView(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return await async_view(request)


class CallableView:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return sync_view(request)


def with_argument(request: HttpRequest, text: str) -> HttpResponse:
    return sync_view(request)


def failing(request: HttpRequest) -> HttpResponse:
    raise LookupError("lost")


async def failing_async(request: HttpRequest) -> HttpResponse:
    raise LookupError("lost")


def answered(request: HttpRequest) -> HttpResponse:
    raise Http404


def discarding(request: HttpRequest) -> HttpResponse:
    discard()
    return sync_view(request)


def nothing(request: HttpRequest) -> None:
    return None


partial_view = functools.partial(with_argument, text="x")

urlpatterns = [
    path("sync/", sync_view),
    path("async/", async_view),
    path("class/", ClassView.as_view()),
    path("async-class/", AsyncClassView.as_view()),
    path("template/", TemplateView.as_view(template_name="host/page.html")),
    path("callable/", CallableView()),
    path("partial/", partial_view),
    path("decorated/", never_cache(sync_view)),
    path("failing/", failing),
    path("failing-async/", failing_async),
    path("answered/", answered),
    path("discarding/", discarding),
    path("nothing/", nothing),
]

NAMES = {
    "sync": "sync_view",
    "async": "async_view",
    "class": "ClassView",
    "async-class": "AsyncClassView",
    "callable": "CallableView",
    "partial": "with_argument",
    "decorated": "sync_view",
}


def get(name: str) -> Any:
    return Client(raise_request_exception=False).get(f"/{name}/")


def traced(name: str) -> Trace:
    with raise_internal_errors(), capture_trace() as captured:
        get(name)
    return captured.trace


async def traced_async(name: str) -> Trace:
    with raise_internal_errors(), capture_trace() as captured:
        await AsyncClient(raise_request_exception=False).get(f"/{name}/")
    return captured.trace


def view_span(trace: Trace) -> Span:
    [span] = [span for span in trace.iter_spans() if span.kind == KIND]
    return span


@pytest.mark.parametrize("name", NAMES)
def test_every_sort_of_view_is_a_span_around_its_statements(name: str) -> None:
    trace = traced(name)
    span = view_span(trace)
    assert (trace.status, span.name) == (200, f"{__name__}.{NAMES[name]}")
    assert [item.parent for item in trace.iter_spans() if item.kind == "sql"] == [span.number]


@pytest.mark.parametrize("name", NAMES)
async def test_every_sort_of_view_is_a_span_in_an_async_chain(name: str) -> None:
    trace = await traced_async(name)
    span = view_span(trace)
    assert (trace.status, span.name) == (200, f"{__name__}.{NAMES[name]}")
    assert [item.parent for item in trace.iter_spans() if item.kind == "sql"] == [span.number]


@pytest.mark.parametrize("name", ["sync", "class", "callable", "decorated", "failing"])
def test_views_are_named_as_django_names_them(name: str) -> None:
    trace = traced(name)
    with uninstalled(instrument):
        without = traced(name)
    assert trace.view == without.view


def test_a_library_view_is_named_by_its_class() -> None:
    assert view_span(traced("template")).name == "django.views.generic.base.TemplateView"


@pytest.mark.parametrize("name", ["failing", "failing-async"])
def test_what_a_view_ends_with_is_named(name: str) -> None:
    trace = traced(name)
    assert view_span(trace).values == ("LookupError",)
    assert (trace.status, trace.unhandled) == (500, True)


def test_an_exception_that_django_answers_is_an_event() -> None:
    trace = traced("answered")
    [event] = [event for event in trace.iter_events() if event.kind == "exception"]
    assert (event.name, event.values[1]) == ("django.http.response.Http404", True)


def test_atomic_requests_keep_their_transaction() -> None:
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        trace = traced("sync")
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
    verbs = [span.name.split()[0] for span in trace.iter_spans() if span.kind == "sql"]
    assert verbs == ["BEGIN", "SELECT", "COMMIT"]
    assert view_span(trace).name == f"{__name__}.sync_view"


def test_a_view_that_leaves_its_trace_stays_out_of_it() -> None:
    with raise_internal_errors(), capture_trace() as captured:
        assert get("discarding").status_code == 200
    assert captured.traces == []
    assert CURRENT.get() is NOWHERE


def test_a_view_that_returns_nothing_is_djangos_error_as_before() -> None:
    def message() -> str:
        with pytest.raises(ValueError, match="didn't return an HttpResponse") as raised:
            Client().get("/nothing/")
        return str(raised.value)

    with uninstalled(instrument):
        before = message()
    with capture_trace():
        assert message() == before


def test_outside_a_trace_the_view_is_handed_back_as_it_is() -> None:
    handler = BaseHandler()
    assert handler.make_view_atomic(sync_view) is sync_view


@pytest.mark.parametrize("name", ["failing", "failing-async"])
def test_tracebacks_are_the_same(name: str, caplog: Any) -> None:
    def printed() -> str:
        caplog.clear()
        get(name)
        [record] = [record for record in caplog.records if record.name == "django.request"]
        return str(caplog.handler.format(record))

    with uninstalled(instrument):
        before = printed()
    with capture_trace():
        assert printed() == before


def test_an_async_view_stays_one() -> None:
    trace = open_trace()
    context.enter(trace)
    try:
        assert iscoroutinefunction(BaseHandler().make_view_atomic(async_view))
        assert not iscoroutinefunction(BaseHandler().make_view_atomic(sync_view))
    finally:
        context.leave(trace)


def test_the_original_comes_back_by_identity() -> None:
    instrument.uninstall()
    ViewInstrument().uninstall()
    original = vars(BaseHandler)["make_view_atomic"]
    instrument.install()
    assert vars(BaseHandler)["make_view_atomic"] is not original
    instrument.uninstall()
    assert vars(BaseHandler)["make_view_atomic"] is original
    instrument.install()


def test_a_fault_of_ours_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(guard, "breakers", {})
    for name in ("_is_async", "append", "note_exception"):
        with monkeypatch.context() as patched, capture_trace():
            patched.setattr(f"debugpanel.instruments.views.{name}", fail)
            assert get("sync").content == b"0"
            assert get("failing").status_code == 500
    assert guard.breakers[PART].total_failures >= 4


@override_settings(DEBUGPANEL={"ENABLED": False})
def test_switched_off_nothing_is_wrapped() -> None:
    with capture_trace() as captured:
        assert get("sync").status_code == 200
        async_to_sync(AsyncClient().get)("/async/")
    assert captured.traces == []
