from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import requests
import urllib3
from django.test import override_settings
from urllib3.connectionpool import HTTPConnectionPool

from debugpanel import guard
from debugpanel.instruments.http import HttpInstrument, host_is_ours
from debugpanel.trace import context
from debugpanel.trace.model import Span, Trace
from debugpanel.trace.traceparent import parse_traceparent
from tests.instruments.recording import open_trace, recording, tracebacks, uninstalled

instrument = HttpInstrument()

TO_LOOPBACK = {"DEBUGPANEL": {"PROPAGATE_TO": ["127.0.0.1"]}}


class Handler(BaseHTTPRequestHandler):
    """Remembers the headers it got; /away redirects to the same server by its other name."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append({k.lower(): v for k, v in self.headers.items()})
        if self.path.startswith("/away"):
            port = self.server.server_address[1]
            self.answer(302, b"", Location=f"http://localhost:{port}/there")
        elif self.path.startswith("/busy"):
            self.answer(503, b"")
        else:
            self.answer(200, b"welcome")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def traceparents(self) -> list[str | None]:
        return [headers.get("traceparent") for headers in self.seen]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def only(trace: Trace) -> Span:
    [span] = trace.iter_spans()
    return span


def named(span: Span) -> dict[str, Any]:
    return dict(zip(instrument.columns, span.values, strict=True))


def run(action: Any) -> Trace:
    """Record an asynchronous client's work."""

    async def traced() -> Trace:
        trace = open_trace()
        context.enter(trace)
        async with httpx.AsyncClient(trust_env=False) as client:
            await action(client)
        assert context.CURRENT.get() == (trace, 0)
        return trace

    instrument.install()
    return asyncio.run(traced())


EXPECTED = {"status": 200, "sent_bytes": 5, "received_bytes": 7, "error": ""}


def test_requests_is_seen(server: Server, session: requests.Session) -> None:
    with recording(instrument) as trace:
        response = session.post(f"{server.url}/path?page=2", data=b"12345")
        assert context.CURRENT.get() == (trace, 0)
    assert response.content == b"welcome"
    span = only(trace)
    assert (span.kind, span.name) == ("http", "POST 127.0.0.1")
    assert named(span) == {"url": f"{server.url}/path?page=2", **EXPECTED}


def test_urllib3_is_seen(server: Server) -> None:
    with recording(instrument) as trace, urllib3.PoolManager() as pools:
        assert pools.request("GET", f"{server.url}/path").data == b"welcome"
    assert only(trace).name == "GET 127.0.0.1"
    assert named(only(trace)) == {"url": f"{server.url}/path", **EXPECTED, "sent_bytes": None}


def test_httpx_is_seen(server: Server, client: httpx.Client) -> None:
    with recording(instrument) as trace:
        response = client.post(f"{server.url}/path?page=2", content=b"12345")
        assert context.CURRENT.get() == (trace, 0)
    assert response.text == "welcome"
    assert only(trace).name == "POST 127.0.0.1"
    assert named(only(trace)) == {"url": f"{server.url}/path?page=2", **EXPECTED}


def test_asynchronous_httpx_is_seen(server: Server) -> None:
    async def post(client: httpx.AsyncClient) -> None:
        response = await client.post(f"{server.url}/path", content=b"12345")
        assert response.text == "welcome"

    span = only(run(post))
    assert (span.name, named(span)) == (
        "POST 127.0.0.1",
        {"url": f"{server.url}/path", **EXPECTED},
    )


def test_calls_at_the_same_time_are_a_span_each(server: Server) -> None:
    async def gather(client: httpx.AsyncClient) -> None:
        await asyncio.gather(*(client.get(f"{server.url}/{number}") for number in range(5)))

    urls = [named(span)["url"] for span in run(gather).iter_spans()]
    assert sorted(urls) == [f"{server.url}/{number}" for number in range(5)]


def test_user_names_and_passwords_are_not_taken(server: Server, client: httpx.Client) -> None:
    with recording(instrument) as trace:
        client.get(server.url.replace("//", "//ada:secret@"))
        requests.get(server.url.replace("//", "//ada:secret@"), timeout=5)
    assert len(trace.spans) == 2
    assert "secret" not in repr(trace.spans)


def test_the_body_of_a_stream_is_left_to_the_application(
    server: Server, session: requests.Session, client: httpx.Client
) -> None:
    with recording(instrument) as trace:
        response = session.get(server.url, stream=True)
        assert not response.raw.tell()
        assert list(response.iter_content(4)) == [b"welc", b"ome"]
        with client.stream("GET", server.url) as stream:
            assert not stream.is_stream_consumed
            assert b"".join(stream.iter_raw()) == b"welcome"
    assert [named(span)["received_bytes"] for span in trace.iter_spans()] == [7, 7]


def test_a_body_that_is_a_generator_stays_one(server: Server, client: httpx.Client) -> None:
    headers = {"Content-Length": "5"}
    with recording(instrument) as trace:
        client.post(server.url, content=(part for part in [b"12", b"345"]), headers=headers)
    assert named(only(trace))["sent_bytes"] == 5


def test_retries_of_urllib3_lie_in_one_span(server: Server) -> None:
    retries = urllib3.Retry(total=3, status_forcelist=[503], backoff_factor=0)
    with recording(instrument) as trace, urllib3.PoolManager(retries=retries) as pools:
        with pytest.raises(urllib3.exceptions.MaxRetryError):
            pools.request("GET", f"{server.url}/busy")
        assert context.CURRENT.get() == (trace, 0)
    assert len(server.seen) == 4
    assert named(only(trace))["error"] == "MaxRetryError"


def test_redirects_of_httpx_lie_in_one_span(server: Server, client: httpx.Client) -> None:
    with recording(instrument) as trace:
        response = client.get(f"{server.url}/away", follow_redirects=True)
    assert response.text == "welcome"
    assert len(server.seen) == 2
    assert named(only(trace))["url"] == f"{server.url}/away"


def test_each_hop_of_requests_is_a_span(server: Server, session: requests.Session) -> None:
    with recording(instrument) as trace:
        session.get(f"{server.url}/away")
    assert [named(span)["status"] for span in trace.iter_spans()] == [302, 200]


def test_no_traceparent_is_sent_by_default(
    server: Server, session: requests.Session, client: httpx.Client
) -> None:
    with recording(instrument):
        session.get(server.url)
        client.get(server.url)
    assert server.traceparents() == [None, None]


def test_traceparent_goes_to_the_named_hosts(
    server: Server, session: requests.Session, client: httpx.Client
) -> None:
    async def get(client: httpx.AsyncClient) -> None:
        await client.get(server.url)

    with override_settings(**TO_LOOPBACK):
        with recording(instrument) as trace:
            session.get(server.url)
            client.get(server.url)
        other = run(get)
    parents = [parse_traceparent(header) for header in server.traceparents()]
    assert [parent and parent[0] for parent in parents] == [
        trace.hex_id,
        trace.hex_id,
        other.hex_id,
    ]
    assert len({parent and parent[1] for parent in parents}) == 3


def test_traceparent_says_whether_the_trace_will_be_kept(
    server: Server, client: httpx.Client
) -> None:
    for rate in (0.0, 1.0):
        settings = {**TO_LOOPBACK["DEBUGPANEL"], "SAMPLE_RATE": rate}
        with override_settings(DEBUGPANEL=settings), recording(instrument):
            client.get(server.url)
    assert [str(header)[-2:] for header in server.traceparents()] == ["00", "01"]


def test_a_redirect_to_another_host_carries_no_traceparent(
    server: Server, session: requests.Session, client: httpx.Client
) -> None:
    async def get(client: httpx.AsyncClient) -> None:
        await client.get(f"{server.url}/away", follow_redirects=True)

    with override_settings(**TO_LOOPBACK):
        with recording(instrument):
            session.get(f"{server.url}/away")
            client.get(f"{server.url}/away", follow_redirects=True)
        run(get)
    assert [header is not None for header in server.traceparents()] == [True, False] * 3


def test_a_traceparent_of_the_application_stays(
    server: Server, session: requests.Session, client: httpx.Client
) -> None:
    headers = {"TraceParent": "theirs"}
    with override_settings(**TO_LOOPBACK), recording(instrument):
        session.get(server.url, headers=headers)
        client.get(server.url, headers=headers)
    assert server.traceparents() == ["theirs", "theirs"]
    assert headers == {"TraceParent": "theirs"}


def test_requests_of_the_application_look_as_before(
    server: Server, session: requests.Session, client: httpx.Client
) -> None:
    given = {"x-own": "1"}
    with override_settings(**TO_LOOPBACK), recording(instrument):
        assert "traceparent" not in session.get(server.url, headers=given).request.headers
        assert "traceparent" not in client.get(server.url, headers=given).request.headers
    assert given == {"x-own": "1"}
    assert None not in server.traceparents()


def test_the_host_behind_a_proxy_counts(server: Server, session: requests.Session) -> None:
    session.proxies = {"http": server.url}
    with override_settings(**TO_LOOPBACK), recording(instrument) as trace:
        session.get("http://ada:secret@shop.example/path?page=1")
    assert only(trace).name == "GET shop.example"
    assert named(only(trace))["url"] == "http://shop.example/path?page=1"
    assert server.traceparents() == [None]


def test_a_leading_dot_admits_subdomains() -> None:
    patterns = (".shop.example", "10.0.0.7")
    for host in ("shop.example", "api.shop.example", "API.Shop.Example.", "10.0.0.7"):
        assert host_is_ours(host, patterns)
    for host in ("myshop.example", "shop.example.evil.example", "10.0.0.70", ""):
        assert not host_is_ours(host, patterns)


def test_a_failure_is_named_and_its_traceback_stays(client: httpx.Client) -> None:
    nobody = "http://127.0.0.1:9"

    def of_httpx() -> None:
        client.get(nobody)

    def of_urllib3() -> None:
        with HTTPConnectionPool("127.0.0.1", 9, retries=False) as pool:
            pool.urlopen("GET", "/")

    with recording(instrument) as trace:
        with pytest.raises(httpx.ConnectError):
            of_httpx()
        with pytest.raises(urllib3.exceptions.NewConnectionError):
            of_urllib3()
    errors = [named(span)["error"] for span in trace.iter_spans()]
    assert errors == ["ConnectError", "NewConnectionError"]
    for fail in (of_httpx, of_urllib3):
        texts = tracebacks(instrument, fail)
        without, outside, inside = (text.partition("<urllib3")[0] for text in texts)
        assert without == outside == inside


def test_everything_is_put_back() -> None:
    instrument.install()
    owners = {HTTPConnectionPool: "urlopen", httpx.Client: "send", httpx.AsyncClient: "send"}
    originals = {owner: inspect.unwrap(vars(owner)[name]) for owner, name in owners.items()}
    with uninstalled(instrument):
        for owner, name in owners.items():
            assert vars(owner)[name] is originals[owner]
    for owner, name in owners.items():
        assert inspect.signature(vars(owner)[name]) == inspect.signature(originals[owner])
    assert inspect.iscoroutinefunction(httpx.AsyncClient.send)


IMPORTED_LATER = """
import sys
from django.conf import settings
settings.configure()
from debugpanel.instruments.http import HttpInstrument
from debugpanel.trace.imports import _finder
instrument = HttpInstrument()
instrument.install()
assert not {"httpx", "urllib3"} & set(sys.modules), "imported by the instrument"
import httpx, urllib3
assert httpx.Client.send.__wrapped__ and urllib3.HTTPConnectionPool.urlopen.__wrapped__
assert _finder not in sys.meta_path
instrument.uninstall()
assert not hasattr(httpx.Client.send, "__wrapped__")
"""

NEITHER = """
import sys
sys.modules["httpx"] = sys.modules["urllib3"] = None
from django.conf import settings
settings.configure()
from debugpanel.instruments.base import DidNotEnable
from debugpanel.instruments.http import HttpInstrument
try:
    HttpInstrument().install()
except DidNotEnable as reason:
    print(reason)
"""


def script(source: str) -> str:
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.strip()


def test_a_library_is_wrapped_when_it_is_imported_and_not_before() -> None:
    script(IMPORTED_LATER)


def test_it_says_so_when_there_is_no_library() -> None:
    assert script(NEITHER) == "neither urllib3 nor httpx is installed"


def test_a_fault_of_ours_does_not_reach_the_caller(server: Server, client: httpx.Client) -> None:
    instrument.install()
    trace: Any = open_trace()
    trace.spans = None
    before = guard.breaker_for("instrument http").total_failures
    context.enter(trace)
    try:
        assert client.get(server.url).text == "welcome"
        assert requests.get(server.url, timeout=5).text == "welcome"
    finally:
        context.leave(trace)
    assert guard.breaker_for("instrument http").total_failures == before + 2
