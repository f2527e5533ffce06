"""Every page of the small site, visited with debugpanel and without: nothing differs."""

from __future__ import annotations

import logging
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import AsyncClient, Client, override_settings
from django.test.utils import CaptureQueriesContext

from debugpanel import apps, conf
from debugpanel.delivery import mode
from debugpanel.testing import raise_internal_errors
from debugpanel.trace.model import TRANSACTION_MARKS, Trace
from tests.host import urls

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])

MIDDLEWARE = "debugpanel.middleware.DebugPanelMiddleware"
ALIASES = ("default", "debugpanel")

# It would take half a minute, and it tells the id of its trace, which there is none without us.
NOT_VISITED = {"slow/", "spans/"}

PAGES = [
    str(pattern.pattern).replace("<int:number>", "7")
    for pattern in urls.urlpatterns
    if str(pattern.pattern) not in NOT_VISITED
]
ELSEWHERE = ["nowhere/", "text", "admin/", "user/"]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """All that a visitor, the logs or the database could tell of one request."""

    status: int
    headers: list[tuple[str, str]]
    cookies: str
    body: bytes
    broke: str
    sql: list[tuple[str, str]]
    logged: list[tuple[Any, ...]]
    warned: list[tuple[str, str, str, int]]
    mailed: list[tuple[Any, ...]]


class Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[tuple[Any, ...]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "django.db.backends":
            return
        raised = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        place = (record.pathname, record.lineno, record.funcName)
        self.records.append((record.name, record.levelno, record.getMessage(), raised, *place))


@contextmanager
def listening() -> Iterator[Heard]:
    heard, root = Heard(), logging.getLogger()
    root.addHandler(heard)
    try:
        yield heard
    finally:
        root.removeHandler(heard)


def read(response: Any) -> tuple[bytes, str]:
    """Take the whole body, and the traceback of a stream that breaks."""
    chunks: list[bytes] = []
    try:
        if not response.streaming:
            return response.content, ""
        if response.is_async:
            async_to_sync(collect)(response, chunks)
        else:
            chunks.extend(response)
    except ValueError as error:
        return b"".join(chunks), "".join(traceback.format_exception(error))
    finally:
        response.close()
    return b"".join(chunks), ""


async def collect(response: Any, chunks: list[bytes]) -> None:
    async for chunk in response:
        chunks.append(chunk)  # noqa: PERF401 - a stream may break on its way


def sync_visit(path: str) -> Any:
    return Client(raise_request_exception=False).get(path)


def async_visit(path: str) -> Any:
    return async_to_sync(AsyncClient(raise_request_exception=False).get)(path)


def observe(visit: Callable[[str], Any], path: str) -> Visit:
    for model in (User, Group):
        model.objects.all().delete()
    cache.clear()
    mail.outbox = []  # type: ignore[attr-defined]
    with ExitStack() as stack:
        heard = stack.enter_context(listening())
        warned = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        queries = [stack.enter_context(CaptureQueriesContext(connections[a])) for a in ALIASES]
        response = visit(path)
        body, broke = read(response)
    return Visit(
        status=response.status_code,
        headers=list(response.headers.items()),
        cookies=response.cookies.output(),
        body=body,
        broke=broke,
        sql=[
            (alias, re.sub(r"\d+", "N", query["sql"]))
            for alias, context in zip(ALIASES, queries, strict=True)
            for query in context.captured_queries
        ],
        logged=heard.records,
        warned=[(w.category.__name__, str(w.message), w.filename, w.lineno) for w in warned],
        mailed=[(m.subject, m.body, m.to) for m in mail.outbox],  # type: ignore[attr-defined]
    )


@contextmanager
def without_us() -> Iterator[None]:
    apps.uninstall()
    try:
        middleware = [name for name in django_settings.MIDDLEWARE if name != MIDDLEWARE]
        with override_settings(MIDDLEWARE=middleware):
            yield
    finally:
        apps.install()


@contextmanager
def with_us() -> Iterator[list[Trace]]:
    collected: list[Trace] = []
    before, mode.memory = mode.memory, collected  # type: ignore[assignment]
    options = {"IN_TESTS": "memory", "SAMPLE_RATE": 1.0}
    try:
        with override_settings(DEBUGPANEL=options), raise_internal_errors():
            yield collected
    finally:
        mode.memory = before


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    conf.reset()


@pytest.mark.parametrize("visit", [sync_visit, async_visit])
@pytest.mark.parametrize("page", [*PAGES, *ELSEWHERE])
def test_a_page_is_the_same(page: str, visit: Callable[[str], Any]) -> None:
    path = f"/host/{page}"
    with without_us():
        expected = observe(visit, path)
    with with_us() as traces:
        seen = observe(visit, path)
    assert seen == expected
    [trace] = traces
    assert trace.status == expected.status
    sent = [sql for alias, sql in expected.sql if alias == "default"]
    assert trace.query_count >= len([sql for sql in sent if sql not in TRANSACTION_MARKS])


def test_every_page_of_the_site_is_visited() -> None:
    assert len(PAGES) == len(urls.urlpatterns) - len(NOT_VISITED)


FAILING = ["error/", "chained/", "group/", "database-error/", "async-error/", "missing/"]


def debug_page(visit: Callable[[str], Any], path: str) -> str:
    """Django's page for developers, up to the settings, without addresses and local names."""
    User.objects.all().delete()
    with override_settings(DEBUG=True):
        html = visit(path).content.decode()
    html = html.partition('id="settings-info"')[0]
    html = re.sub(r"<details>.*?</details>", "", html, flags=re.DOTALL)
    html = re.sub(r'<table class="vars".*?</table>', "", html, flags=re.DOTALL)
    html = re.sub(r"Installed Middleware:.*?Traceback", "", html, flags=re.DOTALL)
    return re.sub(r"0x[0-9a-f]+|id=\"[a-z]?\d+\"|[a-z]?\d{9,}|\d\d:\d\d:\d\d", "", html)


@pytest.mark.parametrize(
    ("page", "visit"),
    [
        *((page, sync_visit) for page in FAILING),
        # Django formats it in a thread where a queryset in its frames opens a connection.
        *((page, async_visit) for page in FAILING if page != "database-error/"),
    ],
)
def test_the_page_for_developers_is_the_same(page: str, visit: Callable[[str], Any]) -> None:
    with without_us():
        expected = debug_page(visit, f"/host/{page}")
    with with_us():
        seen = debug_page(visit, f"/host/{page}")
    assert seen == expected
    assert len(expected) > 2_000
    assert "debugpanel/" not in seen
