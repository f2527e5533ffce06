"""The decision when work ends: keep the trace, and why, or drop it.

The first reason that fits and has a place left wins: forced, error, slow, pattern, slowest
of its route and minute, random. A random hit is never held back as a candidate for slowest:
it would arrive late, and its weight would be wrong.
"""

from __future__ import annotations

from debugpanel.conf import Settings
from debugpanel.sampling.limiter import Limiter
from debugpanel.sampling.slowest import Slowest
from debugpanel.trace.ids import fraction, trace_id_of
from debugpanel.trace.model import Trace

HELD = "slowest"


class TailSampler:
    """Decides for one process."""

    def __init__(self) -> None:
        self.limiter = Limiter()
        self.slowest = Slowest()

    def decide(self, trace: Trace, settings: Settings) -> str:
        """Return the reason to keep a recorded trace, "" to drop it.

        `HELD` means: keep it as the candidate of its route for now.
        """
        if (
            trace.forced
            or trace.unhandled
            or trace.status >= 500
            or self._stands_out(trace, settings)
        ):
            reason = self._first_admitted(trace, settings)
            if reason:
                return reason
        if is_random_hit(trace, settings):
            trace.weight = 1.0 / min(settings.SAMPLE_RATE, settings.RECORD_RATE)
            return "random"
        if settings.KEEP_SLOWEST and self.slowest.is_record(trace):
            return HELD
        return ""

    def _stands_out(self, trace: Trace, settings: Settings) -> bool:
        return (
            trace.duration_ns >= slow_ns(trace, settings)
            or trace.has_repeats
            or len(trace.spans) > settings.MAX_QUERIES
        )

    def _first_admitted(self, trace: Trace, settings: Settings) -> str:
        for reason in reasons(trace, settings):
            if self.limiter.admits(reason, trace.name, settings.BUDGETS[reason]):
                return reason
        return ""


def reasons(trace: Trace, settings: Settings) -> list[str]:
    """Name what fits, in order, budgets and chance apart."""
    found = []
    if trace.forced:
        found.append("forced")
    if settings.KEEP_ERRORS and (trace.unhandled or trace.status >= 500):
        found.append("error")
    if settings.KEEP_SLOW and trace.duration_ns >= slow_ns(trace, settings):
        found.append("slow")
    if settings.KEEP_PATTERN and has_pattern(trace, settings):
        found.append("pattern")
    return found


def has_pattern(trace: Trace, settings: Settings) -> bool:
    """Say whether one statement was repeated, or too many were sent."""
    return trace.has_repeats or trace.count_queries()[0] > settings.MAX_QUERIES


def slow_ns(trace: Trace, settings: Settings) -> float:
    by_route = settings.SLOW_MS_BY_ROUTE
    limit_ms = by_route.get(trace.name, settings.SLOW_MS) if by_route else settings.SLOW_MS
    return limit_ms * 1_000_000


def is_random_hit(trace: Trace, settings: Settings) -> bool:
    rate = settings.SAMPLE_RATE
    if rate >= 1.0:
        return True
    return rate > 0.0 and fraction(trace.drawn_from or trace_id_of(trace)) < rate
