"""Keeps what it gets in memory, for tests and for a look from a shell."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from debugpanel.exporters.base import Exporter
from debugpanel.metrics.rollup import Rollups
from debugpanel.trace.model import Trace

MAX_TRACES = 1_000
MAX_ROLLUPS = 1_000


class MemoryExporter(Exporter):
    """The newest traces and rollups of this process; the oldest go first."""

    def __init__(self) -> None:
        self.traces: deque[Trace] = deque(maxlen=MAX_TRACES)
        self.rollups: deque[Rollups] = deque(maxlen=MAX_ROLLUPS)
        self.state: dict[str, Any] = {}

    def write(self, traces: Sequence[Trace]) -> int:
        self.traces.extend(traces)
        return len(traces)

    def count(self, rollups: Rollups) -> None:
        self.rollups.append(rollups)

    def heartbeat(self, state: dict[str, Any]) -> None:
        self.state = state

    def close(self) -> None:
        self.traces.clear()
        self.rollups.clear()
