from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter_ns
from typing import Any

import pytest

from debugpanel.trace import budget
from debugpanel.trace.model import Trace


@pytest.fixture
def trace() -> Iterator[Trace]:
    trace = Trace()
    trace.max_spans = 200
    budget.open_room(trace, 200)
    yield trace
    budget.release(trace)


def sql(duration_ns: int, name: str = "SELECT 1") -> tuple[Any, ...]:
    return (0, duration_ns, "sql", 0, 0, name, "default", 0, False, 1, "", "")


def test_spans_are_kept_whole_up_to_the_limit(trace: Trace) -> None:
    for _ in range(200):
        budget.append(trace, sql(1))
    assert len(trace.spans) == 200
    assert not trace.overflow


def test_further_spans_are_summed_up_and_the_slowest_stay(trace: Trace) -> None:
    for duration_ns in range(1_000):
        budget.append(trace, sql(duration_ns))
    slowest = sorted(entry[0] for entry in trace.slowest_overflow)
    assert slowest == list(range(980, 1_000))
    [group] = trace.overflow.values()
    assert group.count + len(slowest) + len(trace.spans) == 1_000
    assert trace.count_queries() == (1_000, sum(range(1_000)))


def test_names_of_the_overflow_are_bounded(trace: Trace) -> None:
    for number in range(2_000):
        budget.append(trace, sql(1, f"SELECT {number}"))
    assert len(trace.overflow) <= budget.MAX_OVERFLOW_NAMES + 1


def test_a_full_process_sums_up_early(monkeypatch: Any) -> None:
    monkeypatch.setattr(budget, "MAX_IN_FLIGHT_BYTES", 0)
    trace = Trace()
    budget.open_room(trace, 200)
    for _ in range(100):
        budget.append(trace, sql(1))
    assert len(trace.spans) == budget.SPANS_PER_LEASE
    assert trace.count_queries()[0] == 100


def test_leased_bytes_come_back(trace: Trace) -> None:
    before = budget.in_flight_bytes()
    for _ in range(150):
        budget.append(trace, sql(1))
    assert budget.in_flight_bytes() > before
    budget.release(trace)
    assert budget.in_flight_bytes() == before


def test_what_comes_after_the_close_is_counted(trace: Trace) -> None:
    trace.closed = True
    budget.release(trace)
    budget.append(trace, sql(1))
    assert (trace.spans, trace.dropped) == ([], {"late": 1})


def test_events_are_bounded_by_number_and_counted(trace: Trace) -> None:
    for _ in range(5):
        budget.append_event(trace, (0, "log", 0, "host"), 10, 3)
    assert len(trace.events) == 3
    assert trace.event_counts == {"log": 5}
    assert trace.dropped == {"log": 2}


def test_events_are_bounded_by_text(trace: Trace) -> None:
    for _ in range(3):
        budget.append_event(trace, (0, "log", 0, "host"), budget.MAX_TEXT_BYTES // 2, 200)
    assert len(trace.events) == 2


@pytest.fixture(autouse=True)
def _no_other_requests(monkeypatch: Any) -> None:
    monkeypatch.setattr(budget, "_running", {})


def test_a_running_request_keeps_the_process_from_being_idle() -> None:
    trace = Trace()
    trace.start_ns = perf_counter_ns()
    budget.note_running(trace)
    assert not budget.is_idle()
    budget.note_ended(trace)
    assert budget.is_idle()


def test_a_request_that_was_never_closed_does_not_run_for_ever() -> None:
    trace = Trace()
    trace.start_ns = perf_counter_ns() - budget.LONGEST_NS
    budget.note_running(trace)
    assert budget.is_idle()
    assert budget._running == {}
    budget.note_ended(trace)
