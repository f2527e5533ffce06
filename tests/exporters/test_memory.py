from __future__ import annotations

from debugpanel.exporters import memory
from debugpanel.exporters.memory import MemoryExporter
from tests.trace.examples import full_trace


def test_the_newest_traces_stay(monkeypatch):
    monkeypatch.setattr(memory, "MAX_TRACES", 3)
    exporter = MemoryExporter()
    exporter.write([full_trace(id=number) for number in range(1, 6)])
    assert [trace.id for trace in exporter.traces] == [3, 4, 5]


def test_the_last_state_stays():
    exporter = MemoryExporter()
    exporter.heartbeat({"queued": 1})
    exporter.heartbeat({"queued": 2})
    assert exporter.state == {"queued": 2}
