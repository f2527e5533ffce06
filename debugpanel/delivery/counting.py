"""Counting every request: one append here, summed up by the writer.

Past `MAX_WAITING` traces the request itself sums up, under a lock, so that no count is lost
while the writer is away. Spans of what is only counted are let go early when many wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from debugpanel import guard
from debugpanel.metrics.rollup import Measurement, Rollup, Rollups
from debugpanel.trace.model import Trace

MAX_WAITING = 10_000
MAX_WAITING_SPANS = 40_000
CROWDED = 1_000
CROWDED_SPANS = 2_000
FOLDED_AT_ONCE = 500
LOCK_TIMEOUT_S = 0.02


class Counter:
    """The traces that wait to be counted, and the sums so far."""

    def __init__(self, measure: Callable[[Trace], Measurement]) -> None:
        self._measure = measure
        self._waiting: deque[Trace] = deque()
        self._waiting_spans = 0
        self._lock = threading.Lock()
        self._rollup = Rollup()
        self.counted = 0
        self.spans_let_go = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def count(self, trace: Trace) -> None:
        """Take a finished trace. Nothing else happens on the request thread, as a rule."""
        if self._waiting_spans > MAX_WAITING_SPANS and not trace.reason:
            trace.spans = []
            self.spans_let_go += 1
        self._waiting_spans += len(trace.spans)
        self._waiting.append(trace)
        if len(self._waiting) > MAX_WAITING:
            self.fold(FOLDED_AT_ONCE)

    @property
    def is_crowded(self) -> bool:
        """Say whether so much waits that memory would grow: 2,000 spans are half a MiB."""
        return self._waiting_spans > CROWDED_SPANS or len(self._waiting) > CROWDED

    def fold(self, most: int | None = None) -> None:
        """Sum up what waits, at most `most` traces."""
        if not self._lock.acquire(timeout=LOCK_TIMEOUT_S):
            return
        try:
            self._fold(len(self._waiting) if most is None else most)
        finally:
            self._lock.release()

    def _fold(self, most: int) -> None:
        for _ in range(most):
            try:
                trace = self._waiting.popleft()
            except IndexError:
                self._waiting_spans = 0
                return
            self._waiting_spans = max(0, self._waiting_spans - len(trace.spans))
            self._add(trace)

    def _add(self, trace: Trace) -> None:
        self.counted += 1
        try:
            self._rollup.add(self._measure(trace))
        except Exception as fault:
            guard.report("counting", fault)

    def drain(self, *, with_statements: bool) -> Rollups:
        """Return the sums and start anew; those of statements only when asked for."""
        with self._lock:
            return self._rollup.drain(with_statements=with_statements)
