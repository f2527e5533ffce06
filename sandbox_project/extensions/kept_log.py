"""An exporter: one line of text for every trace that is kept, in a file beside the databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from debugpanel.exporters.base import Exporter
from debugpanel.metrics.rollup import Rollups
from debugpanel.trace.model import Trace


class KeptLogExporter(Exporter):
    def __init__(self) -> None:
        self.file = Path(settings.DATA) / "kept.log"

    def write(self, traces: Sequence[Trace]) -> int:
        with self.file.open("a", encoding="utf-8") as log:
            log.writelines(f"{line_of(trace)}\n" for trace in traces)
        return len(traces)

    def count(self, rollups: Rollups) -> None:
        """Nothing: the file is about single requests."""


def line_of(trace: Trace) -> str:
    started = datetime.fromtimestamp(trace.started_ns / 1e9, UTC)
    duration_ms = trace.duration_ns / 1e6
    return (
        f"{started:%H:%M:%S} {trace.hex_id} {trace.reason} {trace.method} {trace.path}"
        f" {trace.status} {duration_ms:.0f} ms"
    )
