"""Exceptions of a trace: what was raised where, its source, and what led to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from debugpanel.panels.base import Panel
from debugpanel.panels.rendering import highlight, numbers, values
from debugpanel.trace import source
from debugpanel.trace.model import Event, Frame, Trace

KIND = "exception"
LINES_AROUND = 5
RELATIONS = {
    "cause": "It was raised from",
    "context": "While this was being handled:",
    "group": "It holds",
}


class ExceptionPanel(Panel):
    name = "exceptions"
    title = "Exceptions"
    template = "debugpanel/panels/exceptions.html"

    def is_for(self, trace: Trace) -> bool:
        return bool(_exceptions(trace))

    def summary(self, trace: Trace) -> str:
        return numbers.count(len(_exceptions(trace)))

    def context(self, trace: Trace) -> dict[str, Any]:
        found = _exceptions(trace)
        return {
            "exceptions": [_shown(event) for event in found],
            "left_out": max(0, trace.event_counts.get(KIND, 0) - len(found)),
        }


def _exceptions(trace: Trace) -> list[Event]:
    return [event for event in trace.iter_events() if event.kind == KIND]


def _shown(event: Event) -> dict[str, Any]:
    message, handled, frames, chain = (*event.values, "", True, (), ())[:4]
    return {
        "at": numbers.duration(event.at_ns),
        "name": event.name,
        "message": values.shown(message),
        "handled": handled,
        "frames": _frames(frames),
        "chain": [_link(*link[:4]) for link in chain],
    }


def _link(relation: str, name: str, message: str, frames: Sequence[Any]) -> dict[str, Any]:
    return {
        "relation": RELATIONS.get(relation, relation),
        "name": name,
        "message": values.shown(message),
        "frames": _frames(frames),
    }


def _frames(frames: Sequence[Any]) -> list[dict[str, Any]]:
    """The raising frame first, because it is read first; it and the project's own are open."""
    innermost_first = [Frame(*frame) for frame in reversed(frames)]
    return [_frame(frame, is_raising=number == 0) for number, frame in enumerate(innermost_first)]


def _frame(frame: Frame, *, is_raising: bool) -> dict[str, Any]:
    lines = _lines(frame) if is_raising or frame.in_app else []
    return {"frame": frame, "lines": lines, "is_open": bool(lines)}


def _lines(frame: Frame) -> list[dict[str, Any]]:
    """Read from the disk now: what runs may be another release than what was recorded."""
    return [
        {"number": number, "code": highlight.coloured_python(text), "is_it": number == frame.line}
        for number, text in source.source_lines(frame, around=LINES_AROUND)
    ]
