"""What every instrument keeps to, whatever it observes."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jinja2
import pytest
import urllib3
from django.contrib.auth.models import Group
from django.core.cache import CacheHandler, cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.handlers.base import BaseHandler
from django.core.mail import send_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend
from django.core.signals import got_request_exception
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.template.base import Template
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse
from django.utils.module_loading import import_string

from debugpanel import apps, conf, defaults, guard
from debugpanel.instruments.base import Instrument
from debugpanel.trace import context
from debugpanel.trace.model import Trace
from tests.instruments.recording import recording

pytestmark = pytest.mark.django_db

published = Signal()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def heard(sender: object, **kwargs: Any) -> str:
    return "heard"


def run_statement(url: str) -> Any:
    Group.objects.create(name="one")
    return list(Group.objects.values_list("name"))


def use_cache(url: str) -> Any:
    cache.set("key", "value")
    return cache.get("key"), cache.get_many(["key", "other"])


def render(url: str) -> Any:
    return render_to_string("host/page.html", {"items": range(2)})


def call_out(url: str) -> Any:
    with urllib3.PoolManager() as pool, httpx.Client(trust_env=False) as client:
        return pool.request("GET", url).status, client.get(url).status_code


def write_log(url: str) -> Any:
    logging.getLogger("host").warning("basket %s", 17)


def fail_unanswered(url: str) -> Any:
    try:
        raise LookupError("lost")
    except LookupError:
        return got_request_exception.send(sender=None, request=None)


def write_mail(url: str) -> Any:
    return send_mail("subject", "body", "shop@example.org", ["reader@example.org"])


def publish(url: str) -> Any:
    return published.send(sender=None), published.send_robust(sender=None)


def call_view(url: str) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("seen")

    return BaseHandler().make_view_atomic(view)(HttpRequest()).content


USES: dict[str, Callable[[str], Any]] = {
    "sql": run_statement,
    "cache": use_cache,
    "template": render,
    "http": call_out,
    "log": write_log,
    "exception": fail_unanswered,
    "mail": write_mail,
    "signal": publish,
    "view": call_view,
}

OWNERS: tuple[Any, ...] = (
    BaseDatabaseWrapper,
    BaseHandler,
    BaseCache,
    LocMemCache,
    CacheHandler,
    Template,
    SimpleTemplateResponse,
    jinja2.Template,
    urllib3.HTTPConnectionPool,
    httpx.Client,
    httpx.AsyncClient,
    logging.Logger,
    BaseEmailBackend,
    EmailBackend,
    published,
)


def surroundings() -> list[Any]:
    """Everything an instrument may replace or connect to, by identity."""
    attributes = [
        (owner, name, id(value))
        for owner in OWNERS
        for name, value in vars(owner).items()
        if name not in ("sender_receivers_cache", "_live_receivers", "__dict__", "__weakref__")
    ]
    signals = [list(signal.receivers) for signal in (connection_created, got_request_exception)]
    return [attributes, signals, list(connection.execute_wrappers), list(sys.meta_path)]


@pytest.fixture(autouse=True)
def _nothing_else_installed(settings: Any) -> Iterator[None]:
    apps.uninstall()
    settings.DEBUGPANEL = {"SIGNALS": [f"{__name__}.published"]}
    published.connect(heard)
    cache.clear()
    yield
    published.disconnect(heard)
    conf.reset()
    apps.install()


@pytest.fixture(params=defaults.INSTRUMENTS, ids=lambda path: path.rpartition(".")[2])
def instrument(request: Any) -> Iterator[Instrument]:
    found: Instrument = import_string(request.param)()
    yield found
    found.uninstall()


def test_it_names_itself_and_its_columns(instrument: Instrument) -> None:
    assert instrument.kind.isidentifier()
    assert instrument.label
    assert len(set(instrument.columns)) == len(instrument.columns)


def test_it_is_put_on_once_and_taken_off_without_a_trace(instrument: Instrument) -> None:
    connection.ensure_connection()
    instrument.install()
    instrument.uninstall()
    before = surroundings()
    instrument.install()
    installed = surroundings()
    instrument.install()
    assert surroundings() == installed != before
    instrument.uninstall()
    instrument.uninstall()
    assert surroundings() == before


def test_its_columns_name_the_values_of_its_spans(instrument: Instrument, url: str) -> None:
    with recording(instrument) as trace:
        USES[instrument.kind](url)
    found = [span for span in trace.iter_spans() if span.kind == instrument.kind]
    assert all(len(span.values) == len(instrument.columns) for span in found)
    assert found or trace.groups or [event for event in trace.events if event[1] == instrument.kind]


def test_off_it_records_nothing(instrument: Instrument, url: str) -> None:
    with recording(instrument) as trace:
        instrument.uninstall()
        USES[instrument.kind](url)
    assert (trace.spans, trace.events, trace.groups) == ([], [], {})


class BrokenTrace(Trace):
    """Stands for a bug of ours in every hook at once."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("a bug of ours")

    __setattr__ = __getattribute__  # type: ignore[assignment]


def test_a_bug_of_ours_does_not_reach_the_host(
    instrument: Instrument, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = USES[instrument.kind](url)
    Group.objects.all().delete()
    monkeypatch.setattr(guard, "breakers", {})
    instrument.install()
    broken = BrokenTrace.__new__(BrokenTrace)
    context.CURRENT.set((broken, context.ROOT))
    try:
        got = USES[instrument.kind](url)
    finally:
        context.CURRENT.set(context.NOWHERE)
    assert _without_receivers_of_ours(got) == _without_receivers_of_ours(expected)
    assert sum(breaker.total_failures for breaker in guard.breakers.values()) > 0


def _without_receivers_of_ours(result: Any) -> Any:
    if type(result) is not list:
        return result
    return [item for item in result if not getattr(item[0], "__module__", "").startswith("debug")]


def test_every_instrument_is_used_here() -> None:
    assert {import_string(path).kind for path in defaults.INSTRUMENTS} == set(USES)
