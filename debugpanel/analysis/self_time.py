"""Where the time went: each kind's own, without what its children took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from debugpanel.trace.model import Group, SpanTuple, Trace

TEMPLATE = "template"
_TOTAL_OF_TEMPLATE = 8


class _Part(NamedTuple):
    """A span, or several summed up."""

    kind: str
    number: int
    parent: int
    time_ns: int


def self_times(trace: Trace) -> dict[str, int]:
    """Return nanoseconds by kind, of a trace before or after its steps.

    Children that ran at the same time may take longer than their parent: its own time is
    then 0, and never less.
    """
    parts = list(_parts(trace))
    below_ns = _time_by_parent(parts)
    times_ns: dict[str, int] = {}
    for kind, number, _, time_ns in parts:
        own_ns = time_ns - below_ns.get(number, 0) if number else time_ns
        times_ns[kind] = times_ns.get(kind, 0) + max(own_ns, 0)
    return times_ns


def _time_by_parent(parts: list[_Part]) -> dict[int, int]:
    below_ns: dict[int, int] = {}
    for part in parts:
        below_ns[part.parent] = below_ns.get(part.parent, 0) + part.time_ns
    return below_ns


def _parts(trace: Trace) -> Iterator[_Part]:
    for span in trace.spans:
        yield _part_of_span(span)
    # Rare containers are made when they are asked for: look without asking.
    rare = trace.__dict__
    for _, _, span in rare.get("slowest_overflow", ()):
        yield _part_of_span(span)
    for name in ("groups", "overflow"):
        for (kind, _), group in rare.get(name, {}).items():
            yield _part_of_group(kind, group)


def _part_of_span(span: SpanTuple) -> _Part:
    start_ns, end_ns, kind, number, parent = span[:5]
    total_ns = (
        span[_TOTAL_OF_TEMPLATE] if kind == TEMPLATE and len(span) > _TOTAL_OF_TEMPLATE else None
    )
    if isinstance(total_ns, int):
        # Renders of one template, summed up: the first start to the last end holds other work.
        return _Part(kind, number, parent, total_ns)
    return _Part(kind, number, parent, end_ns - start_ns)


def _part_of_group(kind: str, group: Group) -> _Part:
    return _Part(kind, group.number, group.parent, group.total_ns)
