from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from debugpanel import guard
from debugpanel.delivery.outlet import MAX_DELAY_S, MAX_PENDING_TRACES, ExporterPaused, Outlet
from debugpanel.metrics.rollup import Rollup, Rollups
from debugpanel.trace.model import Trace


class Target:
    """An exporter that fails when it is told to."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.faults_left = 0
        self.written: list[Trace] = []
        self.rollups: list[Rollups] = []
        self.states: list[dict[str, Any]] = []
        self.closed = 0

    def fail(self, fault: Exception, times: int = 1_000) -> None:
        self.fault, self.faults_left = fault, times

    def _answer(self) -> None:
        if self.faults_left:
            self.faults_left -= 1
            assert self.fault is not None
            raise self.fault

    def write(self, traces: Sequence[Trace]) -> int:
        self._answer()
        self.written.extend(traces)
        return len(traces)

    def count(self, rollups: Rollups) -> None:
        self._answer()
        self.rollups.append(rollups)

    def heartbeat(self, state: dict[str, Any]) -> None:
        self._answer()
        self.states.append(state)

    def maintain(self, now_s: float) -> None:
        self._answer()

    def close(self) -> None:
        self.closed += 1


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outlet(target: Target, clock: Clock) -> Any:
    yield Outlet("test", target, clock)
    guard.breakers.clear()


def test_what_is_taken_is_delivered(outlet: Outlet, target: Target) -> None:
    outlet.take([Trace(), Trace()])
    outlet.take_rollups(Rollup().drain())
    outlet.take_state({"worker": "w"})
    outlet.deliver()
    assert (len(target.written), len(target.rollups), target.states) == (2, 1, [{"worker": "w"}])
    assert (outlet.stored, outlet.failed, outlet.owed) == (2, 0, 0)


def test_one_fault_is_tried_again_at_once_on_a_new_connection(
    outlet: Outlet, target: Target
) -> None:
    target.fail(OSError("gone"), times=1)
    outlet.take([Trace()])
    outlet.deliver()
    assert (len(target.written), target.closed, outlet.is_waiting) == (1, 1, False)


def test_a_failed_batch_waits_and_is_not_lost(outlet: Outlet, target: Target, clock: Clock) -> None:
    target.fail(OSError("gone"), times=2)
    outlet.take([Trace()])
    outlet.deliver()
    assert (outlet.owed, outlet.is_waiting) == (1, True)
    outlet.deliver()
    assert target.written == []
    clock.now_s += 1
    outlet.deliver()
    assert (len(target.written), outlet.owed, outlet.is_waiting) == (1, 0, False)


def test_the_delay_doubles_up_to_a_minute(outlet: Outlet, target: Target, clock: Clock) -> None:
    target.fail(OSError("gone"))
    outlet.take([Trace()])
    delays = []
    for _ in range(9):
        outlet.deliver()
        delays.append(outlet._delay_s)
        clock.now_s += MAX_DELAY_S
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_flush_does_not_wait_for_the_back_off(outlet: Outlet, target: Target) -> None:
    target.fail(OSError("gone"), times=2)
    outlet.take([Trace()])
    outlet.deliver()
    outlet.deliver(at_once=True)
    assert len(target.written) == 1


def test_a_pause_is_said_once(outlet: Outlet, target: Target, clock: Clock, caplog: Any) -> None:
    target.fail(ExporterPaused("run migrate"))
    outlet.take([Trace()])
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            outlet.deliver()
            clock.now_s += MAX_DELAY_S
    assert [record.getMessage() for record in caplog.records] == [
        "debugpanel stores nothing for now: run migrate"
    ]
    assert outlet.reason_paused == "run migrate"


def test_pending_traces_are_bounded_and_the_rest_is_counted(outlet: Outlet, target: Target) -> None:
    target.fail(OSError("gone"))
    for _ in range(5):
        outlet.take([Trace() for _ in range(100)])
        outlet.deliver()
    assert (outlet.owed, outlet.failed) == (MAX_PENDING_TRACES, 500 - MAX_PENDING_TRACES)


def test_numbers_wait_for_the_exporter(outlet: Outlet, target: Target, clock: Clock) -> None:
    target.fail(OSError("gone"), times=2)
    for _ in range(3):
        outlet.take_rollups(Rollup().drain())
    outlet.deliver()
    clock.now_s += 2
    outlet.deliver()
    assert len(target.rollups) == 3


def test_failing_housekeeping_stays_here(outlet: Outlet, target: Target) -> None:
    target.fail(OSError("gone"))
    outlet.maintain(0.0)
    assert guard.breakers["maintenance of test"].total_failures == 1
