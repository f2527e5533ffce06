from __future__ import annotations

from typing import Any

import pytest

from debugpanel.delivery import queue
from debugpanel.delivery.queue import TraceQueue
from debugpanel.trace.model import Trace


def kept(reason: str, spans: int = 0) -> Trace:
    trace = Trace()
    trace.reason = reason
    trace.spans = [(0, 1, "sql", 0, 0, "SELECT 1")] * spans
    return trace


def test_the_most_valuable_come_first() -> None:
    waiting = TraceQueue()
    for reason in ("random", "error", "slowest", "forced"):
        waiting.offer(kept(reason))
    assert [trace.reason for trace in waiting.take(10)] == ["forced", "error", "slowest", "random"]
    assert (len(waiting), waiting.bytes) == (0, 0)


def test_when_full_the_least_valuable_goes(monkeypatch: Any) -> None:
    monkeypatch.setattr(queue, "MAX_TRACES", 2)
    waiting = TraceQueue()
    for reason in ("random", "slow", "error"):
        assert waiting.offer(kept(reason))
    assert [trace.reason for trace in waiting.take(10)] == ["error", "slow"]
    assert waiting.dropped == {"queue full: random": 1}


def test_a_trace_never_displaces_a_more_valuable_one(monkeypatch: Any) -> None:
    monkeypatch.setattr(queue, "MAX_TRACES", 1)
    waiting = TraceQueue()
    waiting.offer(kept("error"))
    assert not waiting.offer(kept("random"))
    assert [trace.reason for trace in waiting.take(10)] == ["error"]


def test_bytes_are_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(queue, "MAX_BYTES", 100_000)
    waiting = TraceQueue()
    for _ in range(50):
        waiting.offer(kept("error", spans=100))
    assert waiting.bytes <= 100_000
    assert waiting.dropped["queue full: error"] == 50 - len(waiting)


def test_a_busy_queue_drops_instead_of_waiting() -> None:
    waiting = TraceQueue()
    with waiting._lock:
        assert not waiting.offer(kept("error"))
    assert waiting.dropped == {"queue busy": 1}


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_than_asked_is_taken(most: int) -> None:
    waiting = TraceQueue()
    for _ in range(5):
        waiting.offer(kept("error"))
    assert len(waiting.take(most)) == most
