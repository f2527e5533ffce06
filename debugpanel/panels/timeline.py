"""The waterfall: every span in its place in time, as rows of HTML and bars of SVG.

Rows are built here and not in a template loop (a fifth of the time, measured), in groups of
50 whose painting the browser may put off. Bars get their place from SVG attributes, which
a strict content security policy does not restrict. Coordinates are never localised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from debugpanel.panels.base import Panel
from debugpanel.panels.rendering import labels, numbers, tree
from debugpanel.panels.rendering.tree import Node
from debugpanel.trace.model import Trace

ROWS_PER_GROUP = 50
MAX_ROWS = 2_000
MAX_DEPTH_SHOWN = 12
ALIKE_TO_FOLD = 5
WIDTH = 1000
MIN_WIDTH = 4
TICKS = (0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the waterfall; several nodes when they are alike and folded into one."""

    nodes: list[Node]
    depth: int


class TimelinePanel(Panel):
    name = "timeline"
    title = "Timeline"
    template = "debugpanel/panels/timeline.html"

    def is_for(self, trace: Trace) -> bool:
        return bool(trace.spans)

    def summary(self, trace: Trace) -> str:
        return numbers.counted(len(trace.spans), "span")

    def context(self, trace: Trace) -> dict[str, Any]:
        scale_ns = _scale_ns(trace)
        rows = list(_rows(tree.roots(trace, with_events=True)))
        kinds = sorted({span.kind for span in trace.iter_spans()})
        return {
            "ticks": [numbers.duration(scale_ns * tick / TICKS[-1]) for tick in TICKS],
            "waterfall": _waterfall(rows[:MAX_ROWS], scale_ns),
            "left_out": max(0, len(rows) - MAX_ROWS),
            "legend": [(labels.letter(kind), labels.kind_class(kind), kind) for kind in kinds],
        }


def _scale_ns(trace: Trace) -> int:
    """The whole width: the trace's time, or more where a span ended after it."""
    ends = (span.end_ns for span in trace.iter_spans())
    return max(trace.total_ns, trace.duration_ns, max(ends, default=0), 1)


def _rows(top: list[Node]) -> Iterator[Row]:
    waiting = [Row(nodes=nodes, depth=0) for nodes in _folded(top)][::-1]
    while waiting:
        row = waiting.pop()
        yield row
        if len(row.nodes) > 1:
            continue
        below = _folded(row.nodes[0].children)
        waiting.extend(Row(nodes=nodes, depth=row.depth + 1) for nodes in reversed(below))


def _folded(siblings: list[Node]) -> list[list[Node]]:
    """Put siblings that are alike into one row, where the first of them stands."""
    alike: dict[object, list[Node]] = {}
    for node in siblings:
        key = (node.span.kind, node.span.name) if not node.children else id(node)
        alike.setdefault(key, []).append(node)
    rows = []
    for nodes in alike.values():
        rows.extend([nodes] if len(nodes) >= ALIKE_TO_FOLD else [[node] for node in nodes])
    return sorted(rows, key=lambda nodes: nodes[0].span.start_ns)


def _waterfall(rows: list[Row], scale_ns: int) -> SafeString:
    parts = []
    for first in range(0, len(rows), ROWS_PER_GROUP):
        parts.append('<ol class="dp-group">')
        parts.extend(_row(row, scale_ns) for row in rows[first : first + ROWS_PER_GROUP])
        parts.append("</ol>")
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape()


def _row(row: Row, scale_ns: int) -> str:
    if len(row.nodes) > 1:
        return _folded_row(row, scale_ns)
    return f"<li>{_line(row.nodes, row.depth, scale_ns)}</li>"


def _folded_row(row: Row, scale_ns: int) -> str:
    inside = "".join(f"<li>{_line([node], row.depth + 1, scale_ns)}</li>" for node in row.nodes)
    summary = f'<summary class="dp-summary">{_line(row.nodes, row.depth, scale_ns)}</summary>'
    return f'<li><details class="dp-fold">{summary}<ol>{inside}</ol></details></li>'


def _line(nodes: list[Node], depth: int, scale_ns: int) -> str:
    """Name, duration and bar of one row. All text is escaped here."""
    span = nodes[0].span
    kind = escape(labels.kind_class(span.kind))
    times = f"{len(nodes)} {numbers.TIMES} " if len(nodes) > 1 else ""
    name = escape(f"{times}{labels.label(span)}")
    total_ns = sum(tree.time_ns(node.span) for node in nodes)
    shown = "" if span.kind in tree.SHOWN_EVENTS else numbers.duration(total_ns)
    return (
        f'<div class="dp-row"><div class="dp-name dp-d{min(depth, MAX_DEPTH_SHOWN)}">'
        f'<span class="dp-letter {kind}" title="{escape(span.kind)}">'
        f"{escape(labels.letter(span.kind))}</span> "
        f'<bdi class="dp-text" title="{escape(_hint(nodes))}">{name}</bdi></div>'
        f'<div class="dp-ms">{escape(shown)}</div>{_bars(nodes, kind, scale_ns)}</div>'
    )


def _hint(nodes: list[Node]) -> str:
    span = nodes[0].span
    return f"{labels.shortened(span.name or span.kind)} (at {numbers.duration(span.start_ns)})"


def _bars(nodes: list[Node], kind: str, scale_ns: int) -> str:
    bars = "".join(_bar(node.span.start_ns, node.span.end_ns, kind, scale_ns) for node in nodes)
    return (
        f'<svg class="dp-bars" viewBox="0 0 {WIDTH} 10" preserveAspectRatio="none" '
        f'aria-hidden="true">{bars}</svg>'
    )


def _bar(start_ns: int, end_ns: int, kind: str, scale_ns: int) -> str:
    """A rectangle that is always visible and never outside, whatever the times say."""
    left = min(max(WIDTH * start_ns / scale_ns, 0), WIDTH - MIN_WIDTH)
    width = min(max(WIDTH * (end_ns - start_ns) / scale_ns, MIN_WIDTH), WIDTH - left)
    return f'<rect class="{kind}" x="{left:.1f}" y="0" width="{width:.1f}" height="10"/>'
