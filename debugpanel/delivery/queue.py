"""Finished traces on their way to the writer: bounded, and never in a request's way.

When the queue is full the least valuable class goes first. Counting is a deque of its own:
every finished trace passes through it, kept or not.
"""

from __future__ import annotations

import threading
from collections import deque

from debugpanel.trace.budget import BYTES_PER_SPAN, text_bytes
from debugpanel.trace.model import Trace

# Least valuable first.
CLASSES = ("random", "slowest", "pattern", "slow", "error", "forced")
MAX_TRACES = 500
MAX_BYTES = 16 * 1024 * 1024
BYTES_PER_TRACE = 2_048
LOCK_TIMEOUT_S = 0.05


class TraceQueue:
    """Kept traces by class. A lock that cannot be had soon costs the trace, not the request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_class: dict[str, deque[tuple[Trace, int]]] = {name: deque() for name in CLASSES}
        self._bytes = 0
        self._count = 0
        self.dropped: dict[str, int] = {}

    def __len__(self) -> int:
        return self._count

    @property
    def bytes(self) -> int:
        return self._bytes

    def offer(self, trace: Trace) -> bool:
        """Take a kept trace; say whether it found a place."""
        if not self._lock.acquire(timeout=LOCK_TIMEOUT_S):
            self._count_dropped("queue busy")
            return False
        try:
            return self._put(trace, size_bytes(trace))
        finally:
            self._lock.release()

    def take(self, most: int) -> list[Trace]:
        """Return up to `most` traces, the most valuable class first."""
        taken: list[Trace] = []
        with self._lock:
            for name in reversed(CLASSES):
                waiting = self._by_class[name]
                while waiting and len(taken) < most:
                    trace, size = waiting.popleft()
                    self._bytes -= size
                    self._count -= 1
                    taken.append(trace)
        return taken

    def _put(self, trace: Trace, size: int) -> bool:
        rank = CLASSES.index(trace.reason)
        while self._count >= MAX_TRACES or self._bytes + size > MAX_BYTES:
            if not self._evict_up_to(rank):
                self._count_dropped(f"queue full: {trace.reason}")
                return False
        self._by_class[trace.reason].append((trace, size))
        self._bytes += size
        self._count += 1
        return True

    def _evict_up_to(self, rank: int) -> bool:
        for name in CLASSES[: rank + 1]:
            waiting = self._by_class[name]
            if waiting:
                _, size = waiting.popleft()
                self._bytes -= size
                self._count -= 1
                self._count_dropped(f"queue full: {name}")
                return True
        return False

    def _count_dropped(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


def size_bytes(trace: Trace) -> int:
    """Estimate what a trace holds in memory."""
    return BYTES_PER_TRACE + len(trace.spans) * BYTES_PER_SPAN + text_bytes(trace)
