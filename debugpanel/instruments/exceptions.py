"""Exceptions that Django could not answer. Those it answers itself, the view's span sees."""

from __future__ import annotations

import sys
from typing import Any

from django.core.signals import got_request_exception

from debugpanel import guard
from debugpanel.instruments.base import Instrument
from debugpanel.trace.context import CURRENT
from debugpanel.trace.failures import KIND, note_exception

PART = f"instrument {KIND}"


def _on_request_exception(**kwargs: Any) -> None:
    trace, parent = CURRENT.get()
    error = sys.exc_info()[1]
    if trace is None or error is None:
        return
    try:
        trace.unhandled = True
        note_exception(trace, parent, error, handled=False)
    except Exception as fault:
        guard.report(PART, fault)


class ExceptionInstrument(Instrument):
    """Hears `got_request_exception`."""

    kind = KIND
    label = "Exceptions"
    columns = ("message", "handled", "frames", "chain", "fingerprint")

    def install(self) -> None:
        got_request_exception.connect(_on_request_exception, dispatch_uid="debugpanel.exceptions")

    def uninstall(self) -> None:
        got_request_exception.disconnect(dispatch_uid="debugpanel.exceptions")
