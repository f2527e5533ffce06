"""The contract of an exporter. Batching, retry and breaker are the writer's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from debugpanel.delivery.outlet import ExporterPaused as ExporterPaused
from debugpanel.metrics.rollup import Rollups
from debugpanel.trace.model import Trace


class Exporter:
    """Takes what the writer hands over. Every method runs on the writer's thread only."""

    def write(self, traces: Sequence[Trace]) -> int:
        """Store a batch of finished traces and return how many are stored.

        Raises anything when none could be; one refused trace never costs the batch.
        """
        raise NotImplementedError

    def count(self, rollups: Rollups) -> None:
        """Store partial buckets: numbers that stand for every request."""
        raise NotImplementedError

    def heartbeat(self, state: dict[str, Any]) -> None:
        """Store what the process says of itself, once a minute."""

    def maintain(self, now_s: float) -> None:
        """Do one slice of housekeeping, at most 250 ms; called between batches."""

    def close(self) -> None:
        """Let go of connections and files."""
