"""How many traces of a reason one process keeps per minute."""

from __future__ import annotations

from time import monotonic

MAX_REFUSALS = 500
SHARE_OF_ONE_ROUTE = 0.5


class Limiter:
    """Counts what was kept this minute. One route gets at most half of a reason's places."""

    def __init__(self) -> None:
        self._minute = -1
        self._kept: dict[tuple[str, str], int] = {}
        self.refused: dict[tuple[str, str], int] = {}

    def admits(self, reason: str, route: str, budget: int) -> bool:
        """Take a place, or count the refusal by (route, reason)."""
        minute = int(monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._kept = {}
        kept = self._kept
        of_reason = kept.get((reason, ""), 0)
        of_route = kept.get((reason, f"r {route}"), 0)
        if of_reason >= budget or of_route >= max(1, budget * SHARE_OF_ONE_ROUTE):
            self._refuse(reason, route)
            return False
        kept[reason, ""] = of_reason + 1
        kept[reason, f"r {route}"] = of_route + 1
        return True

    def _refuse(self, reason: str, route: str) -> None:
        key = (route, reason)
        if key not in self.refused and len(self.refused) >= MAX_REFUSALS:
            key = ("other", reason)
        self.refused[key] = self.refused.get(key, 0) + 1
