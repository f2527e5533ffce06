"""The generic panel: spans of every other kind, in the columns their instrument names.

An instrument from outside is shown here at once, without a template of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.module_loading import import_string

from debugpanel import conf
from debugpanel.instruments.base import Instrument
from debugpanel.panels.base import Panel
from debugpanel.panels.rendering import numbers, tree, values
from debugpanel.trace.model import Event, Span, Trace

SHOWN_ELSEWHERE = frozenset({"sql"})
EVENT = "event"
MAX_ROWS = 200

# Spans that no instrument of its own kind makes: the user's blocks, and the handler's phases.
BUILT_IN: dict[str, tuple[str, tuple[str, ...]]] = {
    "span": ("Blocks", ("attributes", "error")),
    "render": ("Rendering", ()),
    "stream": ("Streaming", ()),
    "view": ("View", ("error",)),
}


class SpansPanel(Panel):
    name = "spans"
    title = "Other spans"
    template = "debugpanel/panels/spans.html"

    def is_for(self, trace: Trace) -> bool:
        return bool(_by_kind(trace)) or bool(_moments(trace))

    def summary(self, trace: Trace) -> str:
        return numbers.counted(sum(map(len, _by_kind(trace).values())), "span")

    def context(self, trace: Trace) -> dict[str, Any]:
        known = _known_kinds()
        tables = [
            _table(trace, kind, spans, *known.get(kind, (kind, ())))
            for kind, spans in sorted(_by_kind(trace).items())
        ]
        return {"tables": tables, "moments": [_moment(event) for event in _moments(trace)]}


def _by_kind(trace: Trace) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for span in trace.iter_spans():
        if span.kind not in SHOWN_ELSEWHERE:
            spans.setdefault(span.kind, []).append(span)
    return spans


def _moments(trace: Trace) -> list[Event]:
    return [event for event in trace.iter_events() if event.kind == EVENT]


def _known_kinds() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Labels and columns by kind, of the instruments that can be imported here."""
    known = dict(BUILT_IN)
    for path in conf.get().INSTRUMENTS:
        instrument = _instrument(path)
        if instrument is not None and instrument.columns:
            known[instrument.kind] = (str(instrument.label), instrument.columns)
    return known


def _instrument(path: str) -> type[Instrument] | None:
    try:
        found: type[Instrument] = import_string(path)
    except ImportError:
        return None
    return found


def _table(
    trace: Trace, kind: str, spans: list[Span], label: str, columns: tuple[str, ...]
) -> dict[str, Any]:
    names = [*columns, *_unnamed(spans, len(columns))]
    spans = sorted(spans, key=lambda span: span.start_ns)
    total_ns = sum(tree.time_ns(span) for span in spans)
    rows = [_row(span, names) for span in spans[:MAX_ROWS]]
    return {
        "label": label,
        "columns": [_column(name, place, rows) for place, name in enumerate(names)],
        "rows": rows,
        "left_out": max(0, len(spans) - MAX_ROWS),
        "total": f"{numbers.counted(len(spans), 'span')}, {numbers.duration(total_ns)}",
        "summed_up": _summed_up(trace, kind),
    }


def _unnamed(spans: Iterable[Span], named: int) -> list[str]:
    """Headings for values whose instrument is not here any more."""
    most = max((len(span.values) for span in spans), default=0)
    return [f"value {position + 1}" for position in range(named, most)]


def _column(name: str, place: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    heading = name.removesuffix("_ns").replace("_", " ")
    return {"heading": heading, "is_number": any(row["cells"][place]["is_number"] for row in rows)}


def _row(span: Span, names: list[str]) -> dict[str, Any]:
    missing = [None] * (len(names) - len(span.values))
    cells = zip(names, [*span.values, *missing], strict=False)
    return {
        "at": numbers.duration(span.start_ns),
        "duration": numbers.duration(tree.time_ns(span)),
        "name": span.name,
        "cells": [_cell(name, value) for name, value in cells],
    }


def _cell(name: str, value: Any) -> dict[str, Any]:
    """A name's ending says its unit."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and name.endswith("_ns"):
        value = numbers.duration(value)
    elif isinstance(value, int) and is_number and name.endswith("bytes"):
        value = numbers.size(value)
    return {"value": values.shown(value), "is_number": is_number}


def _summed_up(trace: Trace, kind: str) -> str:
    groups = [group for (of_kind, _), group in trace.overflow.items() if of_kind == kind]
    if not groups:
        return ""
    count = sum(group.count for group in groups)
    return f"{count:,} more, {numbers.duration(sum(group.total_ns for group in groups))}"


def _moment(event: Event) -> dict[str, Any]:
    attributes = event.values[0] if event.values else None
    return {
        "at": numbers.duration(event.at_ns),
        "name": event.name,
        "attributes": values.shown(attributes),
    }
