"""Which trace is being recorded here, and below which span.

One ContextVar holds both. It is set when a trace opens, and cleared by identity: a token
cannot be reset in another context, and closing may happen there.
"""

from __future__ import annotations

from contextvars import ContextVar

from debugpanel.trace.budget import release
from debugpanel.trace.model import ROOT, Trace

Position = tuple[Trace | None, int]

NOWHERE: Position = (None, ROOT)

CURRENT: ContextVar[Position] = ContextVar("debugpanel", default=NOWHERE)


def current_trace() -> Trace | None:
    return CURRENT.get()[0]


def enter(trace: Trace) -> None:
    CURRENT.set((trace, ROOT))


def leave(trace: Trace) -> None:
    """Clear the context if it is still this trace's."""
    if CURRENT.get()[0] is trace:
        CURRENT.set(NOWHERE)


def discard() -> None:
    """Forget the current trace: neither keep nor count it."""
    trace = CURRENT.get()[0]
    if trace is None:
        return
    trace.discarded = trace.closed = True
    release(trace)
    CURRENT.set(NOWHERE)
