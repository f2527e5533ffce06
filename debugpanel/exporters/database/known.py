"""Which dictionary rows this process has put in already, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Sequence

from debugpanel.store.inserts import Insert, Row

MAX_KNOWN = 20_000
KNOWN_S = 3_600.0


class KnownRows:
    """Forgets everything once an hour: rows may be removed by housekeeping or by hand."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._keys: dict[Insert, set[Hashable]] = {}
        self._forget_at_s = clock() + KNOWN_S

    def __bool__(self) -> bool:
        return any(self._keys.values())

    def keys(self, insert: Insert) -> set[Hashable]:
        if self._clock() >= self._forget_at_s:
            self.forget()
        return self._keys.setdefault(insert, set())

    def new(self, insert: Insert, rows: Iterable[Row]) -> list[Row]:
        """Return one row for each key that is not known, in order of keys.

        Every process inserts in this order, so that none waits for another in a circle.
        """
        known = self.keys(insert)
        found = {row[0]: row for row in rows if row[0] not in known}
        return [found[key] for key in sorted(found)]

    def remember(self, insert: Insert, rows: Sequence[Row]) -> None:
        known = self.keys(insert)
        if len(known) + len(rows) > MAX_KNOWN:
            known.clear()
        known.update(row[0] for row in rows)

    def forget(self) -> None:
        self._keys.clear()
        self._forget_at_s = self._clock() + KNOWN_S
