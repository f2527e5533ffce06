"""One exporter with what it is still owed: pending work, one retry, back-off.

While an exporter fails its batch waits here, and what comes after waits in the queue, which
gives up the least valuable first. Numbers wait too: they stand for every request.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from debugpanel import guard
from debugpanel.metrics.rollup import Rollups
from debugpanel.trace.model import Trace

logger = logging.getLogger("debugpanel")

FIRST_DELAY_S = 1.0
MAX_DELAY_S = 60.0
MAX_PENDING_TRACES = 200
MAX_PENDING_ROLLUPS = 120

# An instance of our own: the state of the module's functions is the host's.
_chance = random.Random()  # noqa: S311 - jitter


class ExporterPaused(Exception):  # noqa: N818 - a state, not a fault
    """Raised when nothing can be written for now; the text says why and what would help."""


class Target(Protocol):
    """What the writer asks of an exporter; `exporters.base.Exporter` documents it."""

    def write(self, traces: Sequence[Trace]) -> int: ...
    def count(self, rollups: Rollups) -> None: ...
    def heartbeat(self, state: dict[str, Any]) -> None: ...
    def maintain(self, now_s: float) -> None: ...
    def close(self) -> None: ...


class Outlet:
    """Delivers to one exporter. Used by one thread at a time."""

    def __init__(self, name: str, target: Target, clock: Callable[[], float]) -> None:
        self.name = name
        self.target = target
        self.stored = 0
        self.failed = 0
        self.reason_paused = ""
        self.last_error = ""
        self._clock = clock
        self._pending: list[Trace] = []
        self._rollups: list[Rollups] = []
        self._state: dict[str, Any] | None = None
        self._delay_s = 0.0
        self._resume_at_s = 0.0

    @property
    def is_waiting(self) -> bool:
        """Say whether the exporter is in back-off: its breaker is open."""
        return self._clock() < self._resume_at_s

    @property
    def is_blocked(self) -> bool:
        """Say whether a batch that could not be written still waits here."""
        return bool(self._pending)

    @property
    def owed(self) -> int:
        return len(self._pending)

    def take(self, traces: list[Trace]) -> None:
        """Take finished traces; what a failing exporter has no room for is lost to it."""
        room = max(0, MAX_PENDING_TRACES - len(self._pending))
        self._pending.extend(traces[:room])
        self.failed += len(traces) - len(traces[:room])

    def take_state(self, state: dict[str, Any]) -> None:
        self._state = state

    def take_rollups(self, rollups: Rollups) -> None:
        self._rollups.append(rollups)
        if len(self._rollups) > MAX_PENDING_ROLLUPS:
            self._rollups.pop(0)
            self.failed += 1

    def deliver(self, *, at_once: bool = False) -> None:
        """Hand over what is pending, unless in back-off. Never raises."""
        if self.is_waiting and not at_once:
            return
        if not self._pending and not self._rollups and self._state is None:
            return
        try:
            self._deliver_twice()
        except Exception as error:
            self._back_off(error)
        else:
            self._delay_s = self._resume_at_s = 0.0
            self.reason_paused = ""

    def maintain(self, now_s: float) -> None:
        """Give the exporter its slice of housekeeping. Never raises."""
        if self.is_waiting:
            return
        try:
            self.target.maintain(now_s)
        except ExporterPaused as pause:
            self._back_off(pause)
        except Exception as error:
            guard.report(f"maintenance of {self.name}", error)

    def close(self) -> None:
        try:
            self.target.close()
        except Exception as error:
            guard.report(f"closing {self.name}", error)

    def _deliver_twice(self) -> None:
        try:
            self._deliver()
        except ExporterPaused:
            raise
        except Exception:
            self.target.close()
            self._deliver()

    def _deliver(self) -> None:
        if self._pending:
            stored = self.target.write(self._pending)
            self.stored += stored
            self.failed += len(self._pending) - stored
            self._pending = []
        while self._rollups:
            self.target.count(self._rollups[0])
            self._rollups.pop(0)
        if self._state is not None:
            self.target.heartbeat(self._state)
            self._state = None

    def _back_off(self, error: Exception) -> None:
        self._delay_s = min(MAX_DELAY_S, max(FIRST_DELAY_S, self._delay_s * 2))
        self._resume_at_s = self._clock() + self._delay_s * _chance.uniform(0.8, 1.0)
        if isinstance(error, ExporterPaused):
            self._say_paused(str(error))
            return
        self.last_error = guard.describe(error)
        guard.report(f"exporter {self.name}", error)

    def _say_paused(self, reason: str) -> None:
        if reason != self.reason_paused:
            logger.warning("debugpanel stores nothing for now: %s", reason)
        self.reason_paused = reason
