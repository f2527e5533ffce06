from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from debugpanel import guard, recorder, steps
from debugpanel.delivery import counting, mode
from debugpanel.delivery.writer import Plan, Writer
from debugpanel.exporters.memory import MemoryExporter
from debugpanel.trace.model import Trace


def plan(**changes: Any) -> Plan:
    values: dict[str, Any] = {
        "steps": recorder.STEPS,
        "measure": steps.measure,
        "release_held": list,
        "refused": dict,
    }
    return Plan(**values | changes)


@pytest.fixture
def writer(settings: Any) -> Iterator[Writer]:
    settings.DEBUGPANEL = {
        "EXPORTERS": ["debugpanel.exporters.memory.MemoryExporter"],
        "FLUSH_INTERVAL_S": 0.05,
    }
    writer = Writer(plan())
    yield writer
    writer.reset_for_tests()
    guard.breakers.clear()


def ended(reason: str = "random") -> Trace:
    trace = Trace()
    trace.reason = reason
    trace.status = 200
    trace.name = "shop/"
    trace.started_ns = 1_800_000_000_000_000_000
    return trace


def exporter_of(writer: Writer) -> MemoryExporter:
    exporter = writer.outlets[0].target
    assert isinstance(exporter, MemoryExporter)
    return exporter


def counted(writer: Writer) -> int:
    return sum(
        bucket.count for rollups in exporter_of(writer).rollups for bucket in rollups.buckets
    )


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("debugpanel")]


def test_there_is_no_thread_before_the_first_trace(writer: Writer) -> None:
    assert threads() == []
    writer.take(ended())
    assert threads() == ["debugpanel-writer"]


def test_a_flush_delivers_everything_and_says_so(writer: Writer) -> None:
    for reason in ("random", "error", ""):
        writer.take(ended(reason))
    flushed = writer.flush(5)
    assert (flushed.stored, flushed.dropped, flushed.failed, flushed.waiting) == (2, 0, 0, 0)
    assert [trace.reason for trace in exporter_of(writer).traces] == ["error", "random"]
    assert counted(writer) == 3


def test_a_flush_of_an_idle_process_returns(writer: Writer) -> None:
    assert writer.flush(5).stored == 0


def test_traces_travel_by_themselves(writer: Writer) -> None:
    writer.take(ended())
    for _ in range(200):
        if writer.outlets and exporter_of(writer).traces:
            break
        threading.Event().wait(0.02)
    assert len(exporter_of(writer).traces) == 1
    assert exporter_of(writer).state["stored"] == 1


def test_what_waits_is_summed_up_early_when_it_is_much(
    writer: Writer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUGPANEL = {"FLUSH_INTERVAL_S": 60.0}
    monkeypatch.setattr(counting, "CROWDED", 100)
    for _ in range(150):
        writer.take(ended())
    for _ in range(200):
        if writer.counter.counted:
            break
        threading.Event().wait(0.02)
    assert writer.counter.counted > 0
    assert (len(writer.queue), writer.outlets) == (150, [])


def test_more_than_one_batch_is_delivered(writer: Writer) -> None:
    for _ in range(350):
        writer.take(ended())
    assert writer.flush(10).stored == 350


def test_a_step_that_fails_costs_its_trace_only(settings: Any) -> None:
    settings.DEBUGPANEL = {"EXPORTERS": ["debugpanel.exporters.memory.MemoryExporter"]}

    def refuse_errors(trace: Trace) -> Trace:
        if trace.reason == "error":
            raise ValueError
        return trace

    writer = Writer(plan(steps=[refuse_errors]))
    for reason in ("error", "random"):
        writer.take(ended(reason))
    flushed = writer.flush(5)
    assert (flushed.stored, flushed.dropped) == (1, 1)
    assert counted(writer) == 2
    writer.reset_for_tests()
    guard.breakers.clear()


def test_held_traces_are_counted_and_stored_when_they_are_released(settings: Any) -> None:
    settings.DEBUGPANEL = {"EXPORTERS": ["debugpanel.exporters.memory.MemoryExporter"]}
    held = [ended("slowest"), ended("")]
    writer = Writer(plan(release_held=lambda: [held.pop() for _ in range(len(held))]))
    writer.take(ended())
    flushed = writer.flush(5)
    assert flushed.stored == 2
    assert counted(writer) == 3
    writer.reset_for_tests()


def test_without_threads_delivery_happens_behind_the_response(
    writer: Writer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(mode, "threads_can_run", lambda: False)
    writer.take(ended())
    threading.Event().wait(0.06)
    writer.take(ended())
    assert threads() == []
    assert writer.flush(5).stored == 2


def test_a_dead_thread_is_replaced_when_work_piles_up(writer: Writer) -> None:
    writer.take(ended())
    writer._stopping = True
    writer._wake.set()
    assert writer._thread is not None
    writer._thread.join(5)
    writer._stopping = False
    for _ in range(5_100):
        writer.take(ended(""))
    assert threads() == ["debugpanel-writer"]


def test_a_forked_child_starts_with_empty_hands(writer: Writer) -> None:
    writer.take(ended())
    writer.flush(5)
    inherited = writer.outlets[0]
    writer.take(ended("error"))
    reader, sender = os.pipe()
    child = os.fork()
    if not child:
        writer.take(ended())
        flushed = writer.flush(5)
        kept = inherited in [outlet for group in writer._abandoned for outlet in group]
        os.write(sender, f"{flushed.stored} {len(writer.queue)} {kept}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"1 0 True"
    assert writer.flush(5).stored == 2
    os.close(reader)
    os.close(sender)
