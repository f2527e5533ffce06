"""The tree of a trace's spans, by number and parent, and the time each kind took itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from debugpanel.analysis.self_time import self_times
from debugpanel.trace.model import ROOT, Span, Trace

SHOWN_EVENTS = frozenset({"exception", "event"})
"""Moments that stand among the spans; log records have a panel of their own."""


@dataclass(slots=True, kw_only=True)
class Node:
    span: Span
    index: int
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTime:
    kind: str
    count: int
    own_ns: int


def roots(trace: Trace, *, with_events: bool = False) -> list[Node]:
    """Build the tree. A span whose parent is not stored stands at the top."""
    nodes = _nodes(trace)
    parents = {node.span.number: node for node in nodes if node.span.number != ROOT}
    if with_events:
        nodes.extend(_event_nodes(trace))
    nodes.sort(key=lambda node: node.span.start_ns)
    top: list[Node] = []
    for node in nodes:
        parent = parents.get(node.span.parent)
        siblings = top if parent is None or parent is node else parent.children
        siblings.append(node)
    return top


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every node, parents first. No recursion: a trace may be deeper than Python's stack."""
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def time_ns(span: Span) -> int:
    """How long a span took; one that stands for many renders knows their sum."""
    total_ns = span.values[2] if span.kind == "template" and len(span.values) > 2 else None
    return total_ns if isinstance(total_ns, int) else span.duration_ns


def renders(span: Span) -> int:
    """How many renders a template's span stands for. What was masked is not a number."""
    count = span.values[0] if span.values else 1
    return count if isinstance(count, int) else 1


def own_times(trace: Trace) -> list[KindTime]:
    """Time spent in each kind itself, longest first, without what its children took."""
    counts = _counts(trace)
    times = [
        KindTime(kind=kind, count=counts.get(kind, 0), own_ns=own_ns)
        for kind, own_ns in self_times(trace).items()
    ]
    return sorted(times, key=lambda time: time.own_ns, reverse=True)


def _counts(trace: Trace) -> Counter[str]:
    counts = Counter[str]()
    for span in trace.iter_spans():
        counts[span.kind] += renders(span) if span.kind == "template" else 1
    for (kind, _), group in trace.overflow.items():
        counts[kind] += group.count
    return counts


def _nodes(trace: Trace) -> list[Node]:
    return [Node(span=span, index=index) for index, span in enumerate(trace.iter_spans())]


def _event_nodes(trace: Trace) -> Iterator[Node]:
    for event in trace.iter_events():
        if event.kind in SHOWN_EVENTS:
            moment = Span(event.at_ns, event.at_ns, event.kind, ROOT, event.parent, event.name, ())
            yield Node(span=moment, index=-1)
