"""Traces for tests: what the writer hands to exporters, and what is read back."""

from __future__ import annotations

from typing import Any

from debugpanel.trace import codec
from debugpanel.trace.model import Frame, Group, Trace

STARTED_NS = 1_760_000_000_123_456_789
TRACE_ID = 0x0199_C8A1_5F00_7ABC_8DEF_0123_4567_89AB

VIEW = Frame("shop/views.py", "OrderView.get", 88, True)
LIBRARY = Frame("django/db/models/query.py", "QuerySet._fetch_all", 1950, False)


def full_trace(**changes: Any) -> Trace:
    """Return a finished trace that has something of everything."""
    trace = Trace()
    trace.id = TRACE_ID
    trace.name, trace.view = "shop/orders/<int:pk>/", "shop.views.OrderView"
    trace.method, trace.path, trace.status, trace.state = "GET", "/shop/orders/7/", 500, "error"
    trace.started_ns, trace.duration_ns, trace.total_ns = STARTED_NS, 87_000_000, 88_000_000
    trace.cpu_ns, trace.unhandled, trace.reason, trace.weight = 44_000_000, True, "error", 1.0
    trace.release, trace.worker, trace.user = "41ab2f", "web-3:4711", "42"
    trace.client, trace.remote_id = "10.1.2.0/24", "4bf92f3577b34da6a3ce929d0e0e4736"
    trace.query_count, trace.query_ns = 2, 5_000_000
    trace.spans = [
        (1_000, 80_000_000, "view", 1, 0, "shop.views.OrderView", "KeyError"),
        (2_000, 3_002_000, "sql", 0, 1, "SELECT a FROM b WHERE c = ?", *_sql("00000000000000aa")),
        (4_000, 2_004_000, "sql", 0, 1, "SELECT a FROM b WHERE c = ?", *_sql("00000000000000aa")),
        (5_000, 6_000, "cache", 0, 1, "get", "default", "shop:<int>", 1, 0, 512, ""),
        (7_000, 9_000, "span", 2, 1, "pricing", {"sku": "é\0\ud800", "n": 2.5}, ""),
    ]
    trace.events = [
        (9_000, "log", 1, "shop.orders", 30, "order <int> is late", "shop/views.py", 90, ""),
        (9_500, "exception", 1, "KeyError", "'sku'", False, [LIBRARY, VIEW], _chain(), "e" * 16),
    ]
    trace.stacks = {1: [VIEW, LIBRARY]}
    trace.overflow = {("sql", "SELECT 1"): _group()}
    trace.facts = {"query": "page=2", "request_headers": {"Host": "shop.example"}, "cookies": ["a"]}
    trace.notes = {"basket": 3}
    trace.findings = [{"kind": "repeat", "count": 2, "frame": VIEW, "spans": [1, 2]}]
    trace.dropped, trace.event_counts, trace.errors = {"log": 4}, {"log": 5}, ["e" * 16]
    for name, value in changes.items():
        setattr(trace, name, value)
    return trace


def _sql(fingerprint: str) -> tuple[Any, ...]:
    return ("default", 1, False, 3, "", fingerprint)


def _chain() -> list[Any]:
    return [["cause", "ValueError", "no number", [LIBRARY]]]


def _group() -> Group:
    group = Group(0, 1, 10_000)
    group.end_ns, group.count, group.total_ns, group.max_ns = 90_000, 70, 60_000, 4_000
    return group


def described(trace: Trace) -> dict[str, Any]:
    """Return all of a trace that is stored, comparable to the last bit and type."""
    known = {name: repr(getattr(trace, name)) for name in codec._HEADER}
    held = trace.__dict__
    known.update({name: repr(held.get(name) or None) for name in codec._EXTRAS})
    known["spans"] = repr([(one[0] - trace.start_ns, *_from(one, trace)) for one in trace.spans])
    events = held.get("events", [])
    known["events"] = repr([(one[0] - trace.start_ns, *one[1:]) for one in events])
    known["stacks"] = repr(held.get("stacks") or None)
    overflow = held.get("overflow", {})
    known["overflow"] = repr([(key, _numbers(one, trace)) for key, one in overflow.items()])
    return known


def _from(span: tuple[Any, ...], trace: Trace) -> tuple[Any, ...]:
    return (span[1] - trace.start_ns, *span[2:])


def _numbers(group: Group, trace: Trace) -> tuple[Any, ...]:
    times = (group.start_ns - trace.start_ns, group.end_ns - trace.start_ns)
    sums = (group.count, group.total_ns, group.max_ns)
    return (group.number, group.parent, *times, *sums, group.label)
