"""The slowest request of each route in this minute: one candidate is held per route."""

from __future__ import annotations

from debugpanel.trace.model import Trace

MAX_ROUTES = 500


class Slowest:
    """Holds candidates until their minute ends."""

    def __init__(self) -> None:
        self._held: dict[str, Trace] = {}

    def is_record(self, trace: Trace) -> bool:
        held = self._held.get(trace.name)
        if held is None:
            return len(self._held) < MAX_ROUTES
        return trace.duration_ns > held.duration_ns

    def hold(self, trace: Trace) -> Trace | None:
        """Hold a candidate and return the one it displaces."""
        displaced = self._held.get(trace.name)
        self._held[trace.name] = trace
        return displaced

    def release(self) -> list[Trace]:
        """Give up all candidates, the slowest first."""
        held, self._held = self._held, {}
        return sorted(held.values(), key=lambda trace: trace.duration_ns, reverse=True)
