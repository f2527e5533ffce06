from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from django.test import Client

import debugpanel
from debugpanel import guard, recorder
from debugpanel.models import TracePayload
from debugpanel.testing import deliver_in_tests
from debugpanel.trace import codec
from debugpanel.trace.model import Trace
from tests.privacy import sweep, views
from tests.privacy.canaries import Canaries
from tests.viewer.seeding import client_of_a_reader


class Visit(Protocol):
    def __call__(
        self, path: str = ..., *, act: views.Act | None = ..., method: str = ..., **extra: Any
    ) -> Any: ...


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def visit(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Send a request; the view does what `act` says."""

    def visit(
        path: str = "/act/", *, act: views.Act | None = None, method: str = "GET", **extra: Any
    ) -> Any:
        if act is not None:
            monkeypatch.setattr(views, "current", act)
        return visitor.generic(method, path, **extra)

    return visit


@pytest.fixture(autouse=True)
def _delivery(settings: Any) -> Iterator[None]:
    """Everything is kept; all other settings are the defaults."""
    settings.ROOT_URLCONF = "tests.privacy.urls"
    settings.DEBUGPANEL = {"SAMPLE_RATE": 1.0}
    guard.breakers.clear()
    with deliver_in_tests():
        yield
        recorder.writer.reset_for_tests()
    guard.breakers.clear()


class _OwnRecords(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture
def own_records() -> Iterator[list[str]]:
    handler, logger = _OwnRecords(), logging.getLogger("debugpanel")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler.texts
    logger.removeHandler(handler)
    logger.setLevel(level)


class Stored(Protocol):
    def __call__(self, *, at_least: int = ...) -> list[Trace]: ...


@pytest.fixture
def stored(
    canaries: Canaries, own_records: list[str], capfd: pytest.CaptureFixture[str]
) -> Iterator[Stored]:
    """Flush, look everywhere for what was planted, and return the stored traces."""

    def stored(*, at_least: int = 1) -> list[Trace]:
        flushed = debugpanel.flush(20)
        failed = {part: b.last_error for part, b in guard.breakers.items() if b.total_failures}
        assert failed == {}
        assert (flushed.failed, flushed.dropped, flushed.waiting) == (0, 0, 0)
        assert flushed.stored >= at_least
        # Taken before the pages are read: those around ours are recorded as well.
        traces = [codec.decode(row.data) for row in TracePayload.objects.order_by("pk")]
        output = "\n".join([*own_records, *capfd.readouterr()])
        leaks = sweep.leaks(canaries, client_of_a_reader(), output)
        assert not leaks, "\n".join(leaks)
        return traces

    return stored
