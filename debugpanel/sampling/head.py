"""The decision when work begins: ignore it, count it, or record it."""

from __future__ import annotations

from django.http import HttpRequest

from debugpanel.conf import Settings
from debugpanel.trace.ids import fraction, trace_id_of
from debugpanel.trace.model import Trace


def is_ignored(request: HttpRequest, settings: Settings) -> bool:
    """Compare the whole path, and the path below the script's name where the site has one."""
    ignored = settings.IGNORE_PATHS
    return f"{request.path}/".startswith(ignored) or f"{request.path_info}/".startswith(ignored)


def is_recorded(trace: Trace, settings: Settings) -> bool:
    """Draw by the trace id, so that what `SAMPLE_RATE` would keep is recorded first."""
    rate = settings.RECORD_RATE
    if rate >= 1.0 or trace.forced:
        return True
    return rate > 0.0 and fraction(trace.drawn_from or trace_id_of(trace)) < rate
