"""Where the time went: each kind's own, without what its children took."""

from __future__ import annotations

from collections import defaultdict

from debugpanel.trace.model import SpanTuple, Trace

TEMPLATE = "template"
_TOTAL_OF_TEMPLATE = 8

# Kind, number, parent and nanoseconds of a span, or of several summed up.
_Part = tuple[str, int, int, int]


def self_times(trace: Trace) -> dict[str, int]:
    """Return nanoseconds by kind, of a trace before or after its steps.

    Children that ran at the same time may take longer than their parent: its own time is
    then 0, and never less.
    """
    times_ns: defaultdict[str, int] = defaultdict(int)
    below_ns: defaultdict[int, int] = defaultdict(int)
    with_children: list[_Part] = []
    for kind, number, parent, time_ns in _parts(trace):
        below_ns[parent] += time_ns
        if number:
            with_children.append((kind, number, parent, time_ns))
        elif time_ns > 0:
            times_ns[kind] += time_ns
    for kind, number, _, time_ns in with_children:
        times_ns[kind] += max(time_ns - below_ns[number], 0)
    return dict(times_ns)


def _parts(trace: Trace) -> list[_Part]:
    # Rare containers are made when they are asked for: look without asking.
    rare = trace.__dict__
    spans = [*trace.spans, *(span for _, _, span in rare.get("slowest_overflow", ()))]
    parts = [
        (one[2], one[3], one[4], one[1] - one[0] if one[2] != TEMPLATE else _time_of(one))
        for one in spans
    ]
    for name in ("groups", "overflow"):
        for (kind, _), group in rare.get(name, {}).items():
            parts.append((kind, group.number, group.parent, group.total_ns))
    return parts


def _time_of(span: SpanTuple) -> int:
    """Return its nanoseconds. Between first and last render of a template is other work."""
    if span[2] == TEMPLATE and len(span) > _TOTAL_OF_TEMPLATE:
        total_ns = span[_TOTAL_OF_TEMPLATE]
        if isinstance(total_ns, int):
            return total_ns
    return span[1] - span[0]  # type: ignore[no-any-return]
