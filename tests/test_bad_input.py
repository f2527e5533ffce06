from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler

import debugpanel
from debugpanel import guard, recorder
from debugpanel.models import Rollup, Statement, StatementRollup, Trace, TracePayload
from debugpanel.testing import deliver_in_tests
from debugpanel.trace import codec

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])


@pytest.fixture(autouse=True)
def _delivery(settings: Any) -> Iterator[None]:
    settings.DEBUGPANEL = {"SAMPLE_RATE": 1.0}
    guard.breakers.clear()
    with deliver_in_tests():
        yield
        recorder.writer.reset_for_tests()
    guard.breakers.clear()


def send(path: str, **environ: Any) -> str:
    """Send one request as a server hands it over, and return the status line."""
    statuses: list[str] = []
    request = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    } | environ
    response = WSGIHandler()(
        request, lambda status, headers, exc_info=None: statuses.append(status)
    )
    for _ in response:
        pass
    response.close()
    return statuses[0]


BAD = {
    "NUL in the path": ("/host/\x00text/", {}),
    "NUL in the query": ("/host/text/", {"QUERY_STRING": "page=\x00&q=%00"}),
    "bytes that are no UTF-8": ("/host/\xff\xfe/", {"QUERY_STRING": "page=\xff"}),
    "lone surrogates": (
        "/host/text/",
        {"HTTP_USER_AGENT": "agent \ud800 \udfff", "QUERY_STRING": "page=\ud800"},
    ),
    "a header of 100 KB": ("/host/text/", {"HTTP_USER_AGENT": "a b " * 25_000}),
    "a thousand headers": ("/host/text/", {f"HTTP_X_{n}": "v" * 100 for n in range(1_000)}),
    "an unknown method": ("/host/text/", {"REQUEST_METHOD": "BREW" * 300}),
    "a bad host": ("/host/text/", {"HTTP_HOST": "bad host\r\n"}),
    "a bad content length": ("/host/upload/", {"CONTENT_LENGTH": "-5"}),
    "a bad traceparent": ("/host/text/", {"HTTP_TRACEPARENT": "00-" + "\ud800" * 60}),
    "a bad address": ("/host/text/", {"REMOTE_ADDR": "\x00", "HTTP_X_FORWARDED_FOR": "," * 9_000}),
    "ten thousand statements": ("/host/queries/10000/", {}),
    "an exception without a text": ("/host/unprintable/", {}),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_stored_and_nothing_fails(name: str) -> None:
    path, environ = BAD[name]
    assert send(path, **environ)[0] in "245"
    flushed = debugpanel.flush(20)
    assert (flushed.stored, flushed.failed, flushed.dropped, flushed.waiting) == (1, 0, 0, 0)
    assert {
        part: breaker.last_error
        for part, breaker in guard.breakers.items()
        if breaker.total_failures
    } == {}
    [payload] = TracePayload.objects.all()
    trace = codec.decode(payload.data)
    assert "\x00" not in repr(trace.__dict__.get("facts"))
    assert sum(Rollup.objects.values_list("count", flat=True)) == 1


def test_every_request_is_counted_whatever_is_kept(settings: Any) -> None:
    settings.DEBUGPANEL = {"SAMPLE_RATE": 0.0, "KEEP_SLOWEST": False}
    for _ in range(25):
        send("/host/text/")
    debugpanel.flush(20)
    assert Trace.objects.count() == 0
    assert sum(Rollup.objects.values_list("count", flat=True)) == 25


def test_statements_of_dropped_requests_are_summed_up_with_their_texts(settings: Any) -> None:
    settings.DEBUGPANEL = {"SAMPLE_RATE": 0.0, "KEEP_SLOWEST": False, "KEEP_PATTERN": False}
    for _ in range(2):
        send("/host/queries/7/")
    debugpanel.flush(20)
    [row] = [row for row in StatementRollup.objects.all() if row.calls == 14]
    assert "auth_group" in Statement.objects.get(fingerprint=row.fingerprint).text
