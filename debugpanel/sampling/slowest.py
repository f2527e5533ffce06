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

    def hold(self, trace: Trace) -> None:
        self._held[trace.name] = trace

    def release(self, most: int) -> list[Trace]:
        """Give up all candidates and return the slowest `most` of them."""
        held, self._held = self._held, {}
        ranked = sorted(held.values(), key=lambda trace: trace.duration_ns, reverse=True)
        return ranked[:most]
