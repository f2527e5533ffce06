"""Log records as events of the trace, whatever handlers the project has.

Records are seen where a logger asks its filters, and not in `callHandlers`: our frame has
returned before a handler runs, and handlers that walk the stack for the caller (loguru's
recipe does) find the application. A handler of ours on the root logger would turn
`basicConfig` and the handler of last resort off.
"""

from __future__ import annotations

import functools
import logging
from time import perf_counter_ns
from typing import Any

from debugpanel import conf, guard
from debugpanel.instruments.base import Instrument
from debugpanel.trace.budget import append_event
from debugpanel.trace.context import CURRENT
from debugpanel.trace.model import Trace
from debugpanel.trace.patching import Patch, hide_own_frame
from debugpanel.trace.values import cut, plain, size_bytes, type_name

KIND = "log"
PART = f"instrument {KIND}"
MAX_RECORDS = 200

# Statements are spans. uvicorn logs each request within it, with the client's whole address.
_LEFT_OUT = frozenset({"debugpanel", "django.db.backends", "uvicorn.access"})
_FIXED_BYTES = 64

_position = CURRENT.get


def _is_left_out(name: str) -> bool:
    return name in _LEFT_OUT or name.startswith("debugpanel.")


def _exception_of(exc_info: Any) -> str:
    if type(exc_info) is not tuple or not exc_info or not isinstance(exc_info[0], type):
        return ""
    return exc_info[0].__name__


def _text(value: Any) -> str:
    return value if type(value) is str else type_name(value)


def _note(trace: Trace, parent: int, record: Any) -> None:
    level, name = record.levelno, _text(record.name)
    if type(level) is not int or level < conf.get().LOG_LEVEL or _is_left_out(name):
        return
    template = cut(_text(record.msg))
    args = plain(record.args) if type(record.args) in (tuple, dict) else None
    values = (
        level,
        (template, args),
        _text(record.pathname),
        record.lineno if type(record.lineno) is int else 0,
        _exception_of(record.exc_info),
    )
    size = _FIXED_BYTES + len(template) + size_bytes(args)
    append_event(trace, (perf_counter_ns(), KIND, parent, name, *values), size, MAX_RECORDS)


def _filter(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def filter(self: Any, record: Any) -> Any:  # noqa: A001 - the name it replaces
        try:
            result = original(self, record)
        except BaseException as error:
            hide_own_frame(error)
            raise
        trace, parent = _position()
        if trace is None or not result or not patch.is_on:
            return result
        try:
            # Since Python 3.12 a filter may put another record in place of this one.
            _note(trace, parent, result if isinstance(result, logging.LogRecord) else record)
        except Exception as fault:
            guard.report(PART, fault)
        return result

    return filter


_patch = Patch(logging.Logger, "filter", _filter)


class LogInstrument(Instrument):
    """Hears every record that a logger lets through."""

    kind = KIND
    label = "Log records"
    columns = ("levelno", "message", "file", "line", "exception")

    def install(self) -> None:
        _patch.put()

    def uninstall(self) -> None:
        _patch.remove()
