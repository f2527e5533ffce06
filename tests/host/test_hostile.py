"""Requests, responses, middleware and values that nobody would write on purpose."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.utils.functional import SimpleLazyObject

import debugpanel
from debugpanel import conf, guard, recorder
from debugpanel.delivery import mode
from debugpanel.middleware import DebugPanelMiddleware
from debugpanel.testing import raise_internal_errors
from debugpanel.trace import budget
from debugpanel.trace.context import CURRENT, NOWHERE
from debugpanel.trace.model import Trace

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

MIDDLEWARE = "debugpanel.middleware.DebugPanelMiddleware"
SHARED = HttpResponse("shared")

logger = logging.getLogger("host.hostile")


def _refuse(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("code of the application ran")


class HostileMeta(type):
    __instancecheck__ = __subclasscheck__ = __eq__ = __hash__ = _refuse  # type: ignore[assignment]
    __bool__ = __getattr__ = _refuse  # type: ignore[assignment]


class Hostile(metaclass=HostileMeta):
    __class__ = property(_refuse)  # type: ignore[assignment]
    __str__ = __repr__ = __format__ = __eq__ = __hash__ = _refuse  # type: ignore[assignment]
    __bool__ = __len__ = __iter__ = __getattr__ = __getattribute__ = _refuse  # type: ignore[assignment]


def text(request: HttpRequest) -> HttpResponse:
    return HttpResponse("text")


def shared(request: HttpRequest) -> HttpResponse:
    return SHARED


def hostile_values(request: HttpRequest) -> HttpResponse:
    value = Hostile()
    with debugpanel.span("span", value=value, nested=[{"a": value}]):
        debugpanel.event("event", value=value)
    debugpanel.annotate(value=value)
    logger.warning("%d values", 1, extra={"value": value})
    cache.set("key", "text")
    return HttpResponse("text")


def late_settings(request: HttpRequest) -> HttpResponse:
    with override_settings(DEBUGPANEL=request.META["test.settings"]):
        conf.get()
    return HttpResponse("text")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"one", b"two"]))


def many_statements(request: HttpRequest) -> HttpResponse:
    for _ in range(200):
        Group.objects.exists()
    return HttpResponse("text")


urlpatterns = [
    path("text/", text),
    path("shared/", shared),
    path("hostile-values/", hostile_values),
    path("late-settings/", late_settings),
    path("stream/", stream),
    path("many-statements/", many_statements),
]


@pytest.fixture(autouse=True)
def memory(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Trace]]:
    collected: list[Trace] = []
    monkeypatch.setattr(mode, "memory", collected)
    monkeypatch.setattr(guard, "breakers", {})
    settings.DEBUGPANEL = {"IN_TESTS": "memory"}
    with raise_internal_errors():
        yield collected
    assert CURRENT.get() is NOWHERE


@pytest.fixture
def faults() -> Iterator[Callable[[], int]]:
    """For what we may fail at, as long as the host does not notice."""
    before, guard.raises_errors = guard.raises_errors, False
    yield lambda: sum(breaker.total_failures for breaker in guard.breakers.values())
    guard.raises_errors = before


# --- requests


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_X_BIG": "x" * 100_000},
        {"HTTP_USER_AGENT": "x" * 100_000},
        {"HTTP_COOKIE": "a=" + "b" * 100_000},
        {"QUERY_STRING": "a=" + "%00" * 10_000},
        {"QUERY_STRING": "\udcff\udcfe"},
        {"HTTP_REFERER": "http://[::1/\udc80"},
        {"HTTP_USER_AGENT": "a\0b\r\nc\udcff"},
        {"HTTP_X_FORWARDED_FOR": "\0, " * 1_000, "REMOTE_ADDR": "\udcff"},
        {"HTTP_TRACEPARENT": "00-\udcff"},
        {"REMOTE_ADDR": None},
        {"REMOTE_ADDR": b"127.0.0.1"},
        {"HTTP_ODD": 5, "HTTP_ODDER": None, "HTTP_ODDEST": [1], "CONTENT_TYPE": ""},
        {"wsgi.url_scheme": "https"},
        {"SCRIPT_NAME": "/shop"},
    ],
    ids=repr,
)
def test_odd_environments_are_recorded(extra: dict[str, Any], memory: list[Trace]) -> None:
    assert Client().get("/text/", **extra).status_code == 200
    [trace] = memory
    assert (trace.status, trace.name) == (200, "text/")


def test_keys_of_the_environment_need_not_be_texts(memory: list[Trace]) -> None:
    request = RequestFactory().get("/text/")
    request.META.update({5: "five", ("a", "b"): "pair", b"HTTP_BYTES": "x"})
    WSGIHandler().get_response(request).close()
    assert memory[0].path == "/text/"


@pytest.mark.parametrize("given", ["/text/\0", "/text/\udcff", "/" + "x" * 100_000, "//text/"])
def test_odd_paths_are_recorded(given: str, memory: list[Trace]) -> None:
    request = RequestFactory().get("/text/")
    request.path = request.path_info = given
    WSGIHandler().get_response(request).close()
    assert memory[0].status in (404, 500)


@pytest.mark.parametrize("method", ["get", "G" * 1_000, "", "\0", "BREW"])
def test_odd_methods_are_one(method: str, memory: list[Trace]) -> None:
    request = RequestFactory().get("/text/")
    request.method = method
    WSGIHandler().get_response(request).close()
    assert memory[0].method == "OTHER"
    assert len(memory[0].facts["method"]) <= 20


class Bare:
    """As little of a request as our middleware may meet in somebody's unit test."""

    path = path_info = "/bare/"
    method = "GET"

    def __init__(self) -> None:
        self.META: dict[str, Any] = {}


def call(respond: Callable[[Any], Any], request: Any = None) -> Any:
    return DebugPanelMiddleware(respond)(request or Bare())


def test_a_request_without_a_match_has_no_route(memory: list[Trace]) -> None:
    call(lambda request: HttpResponse("text")).close()
    assert (memory[0].name, memory[0].status) == ("(no route)", 200)


@pytest.mark.parametrize("request_", [object(), None, 5, HttpRequest()], ids=repr)
def test_what_is_no_request_reaches_the_application(request_: Any, faults: Any) -> None:
    taken: list[Any] = []
    DebugPanelMiddleware(lambda request: taken.append(request) or HttpResponse())(request_).close()
    assert taken == [request_]


def test_a_lazy_user_stays_lazy(memory: list[Trace]) -> None:
    request = Bare()
    request.user = SimpleLazyObject(_refuse)  # type: ignore[attr-defined]
    call(lambda request: HttpResponse("text"), request).close()
    assert memory[0].user == ""


def test_a_cached_user_is_not_asked_whether_it_is_true(memory: list[Trace]) -> None:
    request = Bare()
    request._cached_user = Hostile()  # type: ignore[attr-defined]
    guard.raises_errors = False
    call(lambda request: HttpResponse("text"), request).close()
    assert len(memory) == 1


# --- responses


def test_a_response_shared_by_requests_closes_each_of_them(memory: list[Trace]) -> None:
    for _ in range(3):
        assert Client().get("/shared/").content == b"shared"
    assert [trace.state for trace in memory] == ["ok"] * 3
    assert SHARED._resource_closers == []


def test_a_shared_response_that_another_request_closes(memory: list[Trace]) -> None:
    handler = WSGIHandler()
    first, second = (RequestFactory().get("/shared/") for _ in range(2))
    handler.get_response(first)
    handler.get_response(second).close()
    SHARED.close()
    assert sorted(trace.state for trace in memory) == ["ok", "unclosed"]


class Plain:
    """No HttpResponse, as an own framework above Django might return."""

    def __init__(self) -> None:
        self.status_code = 200


@pytest.mark.parametrize("response", [Plain(), None, 5, object()], ids=repr)
def test_what_has_no_closers_ends_its_trace_at_once(
    response: Any, memory: list[Trace], faults: Callable[[], int]
) -> None:
    assert call(lambda request: response) is response
    assert len(memory) == 1
    assert faults() > 0


@pytest.mark.parametrize(
    ("status", "taken"),
    [
        (HTTPStatus.CREATED, 201),
        (299, 299),
        (599, 599),
        (0, 0),
        (True, 1),
        ("404", 0),
        (None, 0),
        (-5, 0),
        (10**30, 0),
    ],
)
def test_a_status_is_a_plain_number(status: Any, taken: int, memory: list[Trace]) -> None:
    response = HttpResponse("text")
    response.status_code = status
    assert call(lambda request: response).status_code is status
    response.close()
    assert (memory[0].status, type(memory[0].status)) == (taken, int)


@pytest.mark.parametrize("copying", [pickle.loads, copy.deepcopy], ids=["pickled", "copied"])
def test_a_copy_of_a_response_closes_nothing(copying: Any, memory: list[Trace]) -> None:
    response = call(lambda request: HttpResponse("text"))
    taken = copying(pickle.dumps(response)) if copying is pickle.loads else copying(response)
    for closer in taken._resource_closers:
        closer()
    assert memory == []
    response.close()
    assert (len(memory), taken.content) == (1, b"text")


def test_a_cache_above_our_middleware_still_caches(settings: Any, memory: list[Trace]) -> None:
    cache.clear()
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    answers = [Client().get("/text/").content for _ in range(3)]
    cache.clear()
    assert answers == [b"text"] * 3
    assert [trace.view for trace in memory] == [f"{__name__}.text", "", ""]


def test_a_stream_that_is_never_read_ends_when_it_is_closed(memory: list[Trace]) -> None:
    response = Client().get("/stream/")
    assert memory == []
    response.close()
    assert memory[0].streaming


def test_an_abandoned_trace_gives_its_room_back(memory: list[Trace]) -> None:
    before = budget.in_flight_bytes()
    request = RequestFactory().get("/many-statements/")
    response: HttpResponseBase | None = WSGIHandler().get_response(request)
    assert budget.in_flight_bytes() > before
    CURRENT.set(NOWHERE)
    del request, response
    gc.collect()
    assert budget.in_flight_bytes() == before
    assert memory == []


# --- middleware of the host


class Swallowing:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.get_response(request)
        return HttpResponse("another", status=418)


class Retrying:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        self.get_response(request)
        return self.get_response(request)


class Exiting:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        raise SystemExit(3)


def respond(middleware: list[str]) -> HttpResponseBase:
    with override_settings(MIDDLEWARE=middleware):
        return WSGIHandler().get_response(RequestFactory().get("/text/"))


def test_a_middleware_may_replace_the_response(memory: list[Trace]) -> None:
    respond([MIDDLEWARE, f"{__name__}.Swallowing"]).close()
    assert [trace.status for trace in memory] == [418]


def test_one_above_may_throw_our_response_away(memory: list[Trace]) -> None:
    respond([f"{__name__}.Swallowing", MIDDLEWARE]).close()
    assert [(trace.status, trace.state) for trace in memory] == [(200, "unclosed")]


def test_one_above_may_call_twice(memory: list[Trace]) -> None:
    respond([f"{__name__}.Retrying", MIDDLEWARE]).close()
    assert [trace.state for trace in memory] == ["unclosed", "ok"]


def test_one_below_may_end_the_process(memory: list[Trace]) -> None:
    with pytest.raises(SystemExit):
        respond([MIDDLEWARE, f"{__name__}.Exiting"])
    assert [trace.state for trace in memory] == ["error"]


@pytest.mark.parametrize("options", [{}, {"RECORD_RATE": 0.0}])
def test_listed_twice_it_counts_once(
    options: dict[str, Any], settings: Any, memory: list[Trace]
) -> None:
    settings.DEBUGPANEL = {"IN_TESTS": "memory", **options}
    respond([MIDDLEWARE, MIDDLEWARE]).close()
    assert len(memory) == 1


# --- settings that change


@pytest.mark.parametrize(
    "changed",
    [{"ENABLED": False}, {"BUDGETS": {}}, {"MAX_SPANS": 1}, {"RECORD_RATE": 0.0}, None],
)
def test_settings_may_change_inside_a_request(changed: Any, memory: list[Trace]) -> None:
    extra: dict[str, Any] = {"test.settings": changed}
    assert Client().get("/late-settings/", **extra).status_code == 200
    assert len(memory) == 1


def test_recording_may_be_toggled_at_run_time(settings: Any, memory: list[Trace]) -> None:
    client = Client()
    for enabled in (True, False, True):
        settings.DEBUGPANEL = {"IN_TESTS": "memory", "ENABLED": enabled}
        client.get("/many-statements/")
    assert [trace.query_count for trace in memory] == [200, 200]


def test_a_recorder_that_keeps_failing_is_left_out_for_a_while(
    monkeypatch: pytest.MonkeyPatch, faults: Callable[[], int], memory: list[Trace]
) -> None:
    handler = WSGIHandler()
    with monkeypatch.context() as patched:
        patched.setattr(recorder, "Trace", _refuse)
        for _ in range(3 * guard.FAILURES_TO_OPEN):
            response = handler.get_response(RequestFactory().get("/text/"))
            assert response.content == b"text"
            response.close()
    assert faults() == guard.FAILURES_TO_OPEN
    handler.get_response(RequestFactory().get("/text/")).close()
    assert memory == []


def test_a_request_that_cannot_be_read_is_counted_all_the_same(
    monkeypatch: pytest.MonkeyPatch, faults: Callable[[], int], memory: list[Trace]
) -> None:
    monkeypatch.setattr("debugpanel.facts.gather", _refuse)
    monkeypatch.setattr("debugpanel.facts.name_request", _refuse)
    assert Client().get("/text/").content == b"text"
    assert (len(memory), faults()) == (1, 2)


# --- values


def test_hostile_values_are_named_by_their_type(memory: list[Trace]) -> None:
    assert Client().get("/hostile-values/").status_code == 200
    [trace] = memory
    [span] = [span for span in trace.iter_spans() if span.kind == "span"]
    assert span.values[0] == {"value": "<Hostile>", "nested": [{"a": "<Hostile>"}]}
    assert trace.notes == {"value": "<Hostile>"}
