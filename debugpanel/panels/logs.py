"""Log records of a trace, in the order of time."""

from __future__ import annotations

import logging
from typing import Any

from debugpanel.panels.base import Panel
from debugpanel.panels.rendering import numbers, values
from debugpanel.trace.model import Event, Trace

KIND = "log"


class LogPanel(Panel):
    name = "logs"
    title = "Logs"
    template = "debugpanel/panels/logs.html"

    def is_for(self, trace: Trace) -> bool:
        return bool(_records(trace))

    def summary(self, trace: Trace) -> str:
        return numbers.counted(len(_records(trace)), "record")

    def context(self, trace: Trace) -> dict[str, Any]:
        records = sorted(_records(trace), key=lambda event: event.at_ns)
        return {
            "rows": [_row(event) for event in records],
            "left_out": max(0, trace.event_counts.get(KIND, 0) - len(records)),
        }


def _records(trace: Trace) -> list[Event]:
    return [event for event in trace.iter_events() if event.kind == KIND]


def _row(event: Event) -> dict[str, Any]:
    levelno, message, file, line, exception = (*event.values, *[""] * 5)[:5]
    level = levelno if isinstance(levelno, int) else 0
    return {
        "at": numbers.duration(event.at_ns),
        "level": logging.getLevelName(level),
        "is_loud": level >= logging.WARNING,
        "logger": event.name,
        "message": values.shown(message),
        "place": f"{file}:{line}" if file else "",
        "exception": exception,
    }
