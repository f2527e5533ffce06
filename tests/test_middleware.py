from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import Group, User
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.asgi import ASGIHandler
from django.test import AsyncClient, Client

from debugpanel.delivery import mode
from debugpanel.middleware import DebugPanelMiddleware
from debugpanel.testing import capture_trace, raise_internal_errors
from debugpanel.trace.model import Trace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _faults_raise() -> Any:
    with raise_internal_errors():
        yield


def traced(path: str, **extra: Any) -> Trace:
    with capture_trace() as captured:
        client = Client(raise_request_exception=False)
        response = client.get(path, **extra)
        if response.streaming:
            b"".join(response)
        response.close()
    return captured.trace


def kinds(trace: Trace) -> list[str]:
    return [span.kind for span in trace.iter_spans()]


def named(trace: Trace, kind: str) -> list[Any]:
    return [span for span in trace.iter_spans() if span.kind == kind]


def test_a_request_is_one_trace_with_its_route_and_status() -> None:
    trace = traced("/host/queries/3/")
    assert (trace.method, trace.status, trace.state) == ("GET", 200, "ok")
    assert trace.name == "host/queries/<int:number>/"
    assert trace.path == "/host/queries/3/"
    assert trace.view == "tests.host.views.queries"


def test_times_enclose_each_other() -> None:
    trace = traced("/host/queries/3/")
    view = named(trace, "view")[0]
    assert 0 < view.duration_ns <= trace.duration_ns <= trace.total_ns
    assert all(
        view.start_ns <= sql.start_ns <= sql.end_ns <= view.end_ns for sql in named(trace, "sql")
    )


def test_statements_stand_below_the_view() -> None:
    trace = traced("/host/queries/3/")
    view = named(trace, "view")[0]
    assert [sql.parent for sql in named(trace, "sql")] == [view.number] * 3
    assert trace.query_count == 3


def test_cpu_time_is_known_in_a_sync_chain() -> None:
    trace = traced("/host/text/")
    assert trace.cpu_ns is not None
    assert trace.cpu_ns > 0


def test_an_unknown_path_has_no_route() -> None:
    trace = traced("/nowhere/secret-token/")
    assert (trace.name, trace.status) == ("(no route)", 404)


def test_ignored_paths_open_no_trace(settings: Any) -> None:
    settings.DEBUGPANEL = {"IGNORE_PATHS": ["/host/text/"]}
    with capture_trace() as captured:
        Client().get("/host/text/")
    assert captured.traces == []


def test_nothing_is_recorded_in_a_test_run_unless_asked() -> None:
    with capture_trace() as captured:
        pass
    Client().get("/host/text/")
    assert captured.traces == []


def test_disabled_at_start_the_middleware_removes_itself(settings: Any) -> None:
    settings.DEBUGPANEL = {"ENABLED": False}
    with pytest.raises(MiddlewareNotUsed):
        DebugPanelMiddleware(lambda request: None)


def test_the_kill_switch_removes_the_middleware(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("DEBUGPANEL_ENABLED", "0")
    settings.DEBUGPANEL = {"ENABLED": True}
    with pytest.raises(MiddlewareNotUsed):
        DebugPanelMiddleware(lambda request: None)


def test_an_unhandled_exception_is_an_error_with_its_frames() -> None:
    trace = traced("/host/error/")
    assert (trace.status, trace.unhandled) == (500, True)
    [event] = [event for event in trace.iter_events() if event.kind == "exception"]
    message, handled, frames, chain, fingerprint = event.values
    assert (event.name, handled, chain) == ("ValueError", False, [])
    assert message == "bad basket 17"
    assert (frames[-1].file, frames[-1].function) == ("tests/host/views.py", "error")
    assert trace.errors == [fingerprint]


def test_an_exception_that_django_answers_is_marked_as_handled() -> None:
    trace = traced("/host/missing/")
    [event] = [event for event in trace.iter_events() if event.kind == "exception"]
    assert (trace.status, trace.unhandled, trace.errors) == (404, False, [])
    assert event.name == "django.http.response.Http404"
    assert event.values[1] is True


def test_causes_are_stored_with_the_exception() -> None:
    trace = traced("/host/chained/")
    [event] = [event for event in trace.iter_events() if event.kind == "exception"]
    assert [(relation, name) for relation, name, *_ in event.values[3]] == [("cause", "KeyError")]


def test_members_of_a_group_are_stored() -> None:
    trace = traced("/host/group/")
    [event] = [event for event in trace.iter_events() if event.kind == "exception"]
    assert [name for _, name, *_ in event.values[3]] == ["ValueError", "TypeError"]


def test_an_exception_without_a_text_is_stored_without_asking_for_it() -> None:
    trace = traced("/host/unprintable/")
    [event] = [event for event in trace.iter_events() if event.kind == "exception"]
    assert event.name == "tests.host.views.UnprintableError"


def test_a_database_error_is_stored_without_the_servers_text() -> None:
    trace = traced("/host/database-error/")
    [event] = [event for event in trace.iter_events() if event.kind == "exception"]
    assert event.name == "django.db.utils.IntegrityError"
    assert "taken" not in event.values[0]
    assert named(trace, "sql")[-1].values[4] == "django.db.utils.IntegrityError"


def test_a_streams_statements_belong_to_the_request() -> None:
    trace = traced("/host/stream/")
    assert trace.query_count == 3
    assert kinds(trace)[-1] == "stream"
    assert 0 < trace.first_byte_ns < trace.duration_ns


def test_a_stream_that_breaks_still_closes_its_trace() -> None:
    with capture_trace() as captured:
        response = Client().get("/host/broken-stream/")
        with pytest.raises(ValueError, match="stream broke"):
            b"".join(response)
        response.close()
    assert captured.trace.status == 200


def test_a_file_closes_its_trace() -> None:
    assert traced("/host/file/").streaming


def test_rendering_is_told_apart_from_the_view() -> None:
    trace = traced("/host/rendered/")
    view, render = named(trace, "view")[0], named(trace, "render")[0]
    assert view.end_ns <= render.start_ns
    counts = {span.name: span.values[0] for span in named(trace, "template")}
    assert counts == {"host/page.html": 1, "host/item.html": 3}


def test_the_users_own_spans_hold_what_runs_inside() -> None:
    trace = traced("/host/spans/")
    [span] = named(trace, "span")
    assert (span.name, span.values[0]) == ("pricing", {"sku": 17})
    assert [sql.parent for sql in named(trace, "sql")] == [span.number]
    assert trace.notes == {"basket": 17}


def test_the_trace_id_is_known_to_the_view() -> None:
    with capture_trace() as captured:
        response = Client().get("/host/spans/")
    assert response.content.decode() == captured.trace.hex_id


def test_the_user_is_recorded_when_the_application_looked_it_up(client: Client) -> None:
    user = User.objects.create(username="reader")
    client.force_login(user)
    with capture_trace() as captured:
        client.get("/host/user/")
        client.get("/host/text/")
    assert [trace.user for trace in captured.traces] == [str(user.pk), ""]


def test_a_strangers_traceparent_is_a_remote_id_and_no_order() -> None:
    trace = traced("/host/text/", HTTP_TRACEPARENT=f"00-{'ab' * 16}-{'cd' * 8}-01")
    assert (trace.remote_id, trace.forced) == ("ab" * 16, False)
    assert trace.hex_id != "ab" * 16


def test_a_trusted_peers_traceparent_is_an_order(settings: Any) -> None:
    settings.DEBUGPANEL = {"TRUSTED_NETWORKS": ["127.0.0.0/8"]}
    trace = traced("/host/text/", HTTP_TRACEPARENT=f"00-{'ab' * 16}-{'cd' * 8}-01")
    assert (trace.forced, trace.reason) == (True, "forced")


def test_repeated_statements_are_found_with_the_line_that_sends_them() -> None:
    trace = traced("/host/queries/7/")
    [finding] = trace.findings
    assert (finding["kind"], finding["count"]) == ("n_plus_one", 7)
    assert finding["frame"].file == "tests/host/views.py"
    assert finding["frame"].function == "queries"


def test_ten_thousand_statements_are_all_counted() -> None:
    trace = traced("/host/queries/10000/")
    assert trace.query_count == 10_000
    assert len(trace.spans) <= 520
    assert (
        sum(group.count for group in trace.overflow.values()) + len(named(trace, "sql")) == 10_000
    )


async def test_the_async_chain_stays_async() -> None:
    handler = ASGIHandler()
    assert iscoroutinefunction(handler._middleware_chain)

    async def view(request: Any) -> Any: ...

    assert iscoroutinefunction(DebugPanelMiddleware(view))


@pytest.mark.django_db(transaction=True)
async def test_an_async_view_is_recorded() -> None:
    with capture_trace() as captured:
        await AsyncClient().get("/host/async/")
    trace = captured.trace
    assert (trace.status, trace.query_count, trace.cpu_ns) == (200, 1, None)


@pytest.mark.django_db(transaction=True)
async def test_concurrent_spans_keep_their_own_statements() -> None:
    with capture_trace() as captured:
        await AsyncClient().get("/host/gathered/")
    spans = {span.name: span.number for span in captured.trace.iter_spans() if span.kind == "span"}
    parents = sorted(sql.parent for sql in captured.trace.iter_spans() if sql.kind == "sql")
    assert parents == sorted(spans.values())


@pytest.mark.django_db(transaction=True)
async def test_a_sync_helper_in_a_thread_belongs_to_its_request() -> None:
    with capture_trace() as captured:
        await AsyncClient().get("/host/in-thread/")
    assert captured.trace.query_count == 1


@pytest.mark.django_db(transaction=True)
async def test_an_async_exception_is_recorded() -> None:
    with capture_trace() as captured:
        await AsyncClient(raise_request_exception=False).get("/host/async-error/")
    assert captured.trace.unhandled


@pytest.mark.django_db(transaction=True)
async def test_a_client_that_goes_away_leaves_a_cancelled_trace(settings: Any) -> None:
    settings.DEBUGPANEL = {"IN_TESTS": "memory"}
    mode.memory.clear()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/host/slow/",
        "headers": [(b"host", b"testserver")],
        "query_string": b"",
    }
    application = ApplicationCommunicator(ASGIHandler(), scope)
    await application.send_input({"type": "http.request"})
    await asyncio.sleep(0.2)
    await application.send_input({"type": "http.disconnect"})
    await application.wait(5)
    assert [trace.state for trace in mode.memory] == ["cancelled"]


@pytest.mark.django_db(transaction=True)
async def test_an_async_streams_statements_belong_to_the_request() -> None:
    with capture_trace() as captured:
        response = await AsyncClient().get("/host/async-stream/")
        content: AsyncIterator[bytes] = response.streaming_content
        chunks = [chunk async for chunk in content]
        response.close()
    assert len(chunks) == 3
    assert captured.trace.query_count == 3


def test_transactions_are_statements(transactional_db: Any) -> None:
    names = [span.name.split()[0] for span in named(traced("/host/write/"), "sql")]
    # A connection that is opened on the way may be set up with statements of its own.
    names = [name for name in names if name != "SET"]
    assert names[0] == "BEGIN"
    assert "INSERT" in names
    assert "COMMIT" in names
    assert names[-1] == "DELETE"


def test_a_rollback_is_seen(transactional_db: Any) -> None:
    assert "ROLLBACK" in [span.name for span in named(traced("/host/rollback/"), "sql")]
    assert not Group.objects.filter(name="gone").exists()


def test_an_ignored_path_covers_whole_segments_only(settings: Any) -> None:
    settings.DEBUGPANEL = {"IGNORE_PATHS": ["/host/te"]}
    assert traced("/host/text/").status == 200
