from __future__ import annotations

from typing import Any

import pytest

from debugpanel import guard, steps
from debugpanel.delivery import counting
from debugpanel.delivery.counting import Counter
from debugpanel.trace.model import Trace


def ended(spans: int = 0) -> Trace:
    trace = Trace()
    trace.status = 200
    trace.name = "shop/"
    trace.spans = [(0, 5, "cache", 0, 0, "get", "default", "key", 1, 0, 3, "")] * spans
    return trace


def total(counter: Counter) -> int:
    return sum(bucket.count for bucket in counter.drain(with_statements=True).buckets)


def test_nothing_is_summed_up_on_the_request_thread() -> None:
    counter = Counter(steps.measure)
    for _ in range(10):
        counter.count(ended())
    assert (len(counter), counter.counted) == (10, 0)
    counter.fold()
    assert (len(counter), total(counter)) == (0, 10)


def test_past_the_limit_the_request_sums_up_and_nothing_is_lost(monkeypatch: Any) -> None:
    monkeypatch.setattr(counting, "MAX_WAITING", 50)
    counter = Counter(steps.measure)
    for _ in range(500):
        counter.count(ended())
    assert len(counter) <= 50
    counter.fold()
    assert total(counter) == 500


def test_spans_are_let_go_before_memory_is_full(monkeypatch: Any) -> None:
    monkeypatch.setattr(counting, "MAX_WAITING_SPANS", 100)
    counter = Counter(steps.measure)
    for _ in range(30):
        counter.count(ended(spans=10))
    assert counter.spans_let_go == 19
    counter.fold()
    assert total(counter) == 30


def test_a_fault_in_the_details_does_not_cost_the_count(monkeypatch: Any) -> None:
    def fail(trace: Trace) -> Any:
        raise ValueError

    monkeypatch.setattr(steps, "self_times", fail)
    counter = Counter(steps.measure)
    counter.count(ended())
    counter.fold()
    assert total(counter) == 1
    assert guard.breakers.pop("measuring").total_failures == 1


@pytest.mark.parametrize("most", [1, 3])
def test_only_so_many_are_summed_up_at_once(most: int) -> None:
    counter = Counter(steps.measure)
    for _ in range(5):
        counter.count(ended())
    counter.fold(most)
    assert len(counter) == 5 - most
