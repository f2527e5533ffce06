"""What happened in that request? Traces of a live Django site, read in its admin.

The public API. Nothing here loads Django before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from debugpanel.trace.spans import annotate, event, pause, span, trace_id

if TYPE_CHECKING:
    from debugpanel.delivery.writer import Flushed

__all__ = ["annotate", "event", "flush", "pause", "span", "trace_id"]


def flush(timeout_s: float = 5.0) -> Flushed:
    """Deliver what this process holds, within `timeout_s` seconds, and say what became of it."""
    from debugpanel.recorder import writer

    return writer.flush(timeout_s)
