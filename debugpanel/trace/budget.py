"""Keeping a trace and the process within their limits while recording.

A trace leases room for spans in chunks from one process-wide budget. When its own cap or
the budget is reached, further spans are summed up per kind and name, and only the slowest
few stay whole. Counts and total times stay right.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns

from debugpanel.trace.model import EXCEPTION, Group, SpanTuple, Trace

SPANS_PER_LEASE = 64
BYTES_PER_SPAN = 400
MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024
MAX_TEXT_BYTES = 256 * 1024
EXCEPTION_BYTES = 64 * 1024
SLOWEST_KEPT = 20
MAX_OVERFLOW_NAMES = 100

# A request that was never closed must not count as running for ever.
LONGEST_NS = 60_000_000_000

# When the requests that are running now began, by the id of their trace object.
_running: dict[int, int] = {}
_lock = threading.Lock()
_summing = threading.Lock()
_in_flight_bytes = 0
_given_back: deque[int] = deque()


class Lease:
    """What a trace holds of the process-wide budget. A trace that nobody closed gives it back."""

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        self.bytes = 0

    def __del__(self, give_back: Callable[[int], None] = _given_back.append) -> None:
        # It may run anywhere, even while this thread holds the lock.
        if self.bytes:
            give_back(self.bytes)


def _start_anew() -> None:
    """Forget the parent's requests: its threads, one of which may hold the lock, are not here."""
    global _lock, _in_flight_bytes
    _lock = threading.Lock()
    _in_flight_bytes = 0
    _running.clear()


os.register_at_fork(after_in_child=_start_anew)


def open_room(trace: Trace, max_spans: int) -> None:
    """Give a new trace its first chunk; short requests never ask for a second."""
    trace.room = SPANS_PER_LEASE if max_spans > SPANS_PER_LEASE else max_spans
    trace.text_room = MAX_TEXT_BYTES + EXCEPTION_BYTES


def note_running(trace: Trace) -> None:
    _running[id(trace)] = trace.start_ns


def note_ended(trace: Trace) -> None:
    _running.pop(id(trace), None)


def is_idle() -> bool:
    """Say whether no request runs in this process, those of over a minute apart."""
    since_ns = perf_counter_ns() - LONGEST_NS
    for key, start_ns in list(_running.items()):
        if start_ns <= since_ns:
            _running.pop(key, None)
    return not _running


def append(trace: Trace, span: SpanTuple) -> None:
    """Append a span, or sum it up when there is no room."""
    spans = trace.spans
    if len(spans) < trace.room:
        spans.append(span)
    else:
        append_beyond_room(trace, span)


def append_beyond_room(trace: Trace, span: SpanTuple) -> None:
    """Lease more room, else sum the span up; after the close it is only counted."""
    if trace.closed:
        trace.count_dropped("late")
        return
    if _lease(trace):
        trace.spans.append(span)
        return
    # One trace may be recorded by several threads of its request.
    with _summing:
        _sum_up(trace, span)


def append_event(trace: Trace, event: tuple[object, ...], text_bytes: int, kind_limit: int) -> None:
    """Append an event while its kind and the trace's text have room, else count it.

    However much is logged, exceptions find room.
    """
    if trace.closed:
        trace.count_dropped("late")
        return
    kind = str(event[1])
    counts = trace.event_counts
    counts[kind] = seen = counts.get(kind, 0) + 1
    reserved = 0 if kind == EXCEPTION else EXCEPTION_BYTES
    if seen > kind_limit or text_bytes > trace.text_room - reserved:
        trace.count_dropped(kind)
    else:
        trace.text_room -= text_bytes
        trace.events.append(event)


def release(trace: Trace) -> None:
    """Give the leased bytes back; what comes later finds no room."""
    global _in_flight_bytes
    trace.room = 0
    lease = trace.lease
    if lease is None:
        return
    with _lock:
        _in_flight_bytes -= lease.bytes
        lease.bytes = 0
    trace.lease = None


def text_bytes(trace: Trace) -> int:
    """Return what the trace holds of logged, raised and long SQL texts."""
    events = MAX_TEXT_BYTES + EXCEPTION_BYTES - trace.text_room if trace.text_room else 0
    return events + Trace.sql_room - trace.sql_room


def in_flight_bytes() -> int:
    return _in_flight_bytes - sum(list(_given_back))


def _lease(trace: Trace) -> bool:
    global _in_flight_bytes
    max_spans = trace.max_spans
    if trace.room >= max_spans:
        return False
    wanted = min(SPANS_PER_LEASE, max_spans - trace.room)
    wanted_bytes = wanted * BYTES_PER_SPAN
    lease = trace.lease = trace.lease or Lease()
    with _lock:
        while _given_back:
            _in_flight_bytes -= _given_back.popleft()
        if _in_flight_bytes + wanted_bytes > MAX_IN_FLIGHT_BYTES:
            return False
        _in_flight_bytes += wanted_bytes
        lease.bytes += wanted_bytes
    trace.room += wanted
    return True


def _sum_up(trace: Trace, span: SpanTuple) -> None:
    evicted = _keep_if_slow(trace, span)
    if evicted is None:
        return
    start_ns, end_ns, kind, _number, parent, name = evicted[:6]
    key = (kind, name)
    groups = trace.overflow
    if key not in groups and len(groups) >= MAX_OVERFLOW_NAMES:
        key = (kind, "")
    group = groups.get(key)
    if group is None:
        group = groups[key] = Group(0, parent, start_ns)
    group.add(start_ns, end_ns)


def _keep_if_slow(trace: Trace, span: SpanTuple) -> SpanTuple | None:
    """Hold the span if it is among the slowest; return the one that has to go."""
    kept = trace.slowest_overflow
    entry = (span[1] - span[0], trace.next_sequence(), span)
    if len(kept) < SLOWEST_KEPT:
        heapq.heappush(kept, entry)
        return None
    return heapq.heappushpop(kept, entry)[2]
