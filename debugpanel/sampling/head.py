"""The decision when work begins: ignore it, count it, or record it."""

from __future__ import annotations

from debugpanel.conf import Settings
from debugpanel.trace.ids import fraction, trace_id_of
from debugpanel.trace.model import Trace


def is_ignored(path: str, settings: Settings) -> bool:
    return path.startswith(settings.IGNORE_PATHS)


def is_recorded(trace: Trace, settings: Settings) -> bool:
    """Draw by the trace id, so that what `SAMPLE_RATE` would keep is recorded first."""
    rate = settings.RECORD_RATE
    if rate >= 1.0 or trace.forced:
        return True
    return rate > 0.0 and fraction(trace.drawn_from or trace_id_of(trace)) < rate
