from __future__ import annotations

from typing import Any

import pytest

from debugpanel.conf import Settings
from debugpanel.sampling.limiter import Limiter
from debugpanel.sampling.slowest import Slowest
from debugpanel.sampling.tail import HELD, TailSampler
from debugpanel.trace.model import Trace

NONE = Settings(SAMPLE_RATE=0.0, KEEP_SLOWEST=False)


def ended(**values: Any) -> Trace:
    trace = Trace()
    trace.status = 200
    trace.name = "shop/"
    for name, value in values.items():
        setattr(trace, name, value)
    return trace


def decide(trace: Trace, **options: Any) -> str:
    return TailSampler().decide(
        trace, Settings(**{"SAMPLE_RATE": 0.0, "KEEP_SLOWEST": False} | options)
    )


def test_an_ordinary_request_is_dropped() -> None:
    assert decide(ended()) == ""


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"forced": True, "status": 500}, "forced"),
        ({"status": 500, "duration_ns": 2_000_000_000}, "error"),
        ({"unhandled": True}, "error"),
        ({"duration_ns": 2_000_000_000, "has_repeats": True}, "slow"),
        ({"has_repeats": True}, "pattern"),
        ({"spans": [(0, 1, "sql", 0, 0, "SELECT 1")] * 101}, "pattern"),
        ({"spans": [(0, 1, "cache", 0, 0, "get")] * 101}, ""),
    ],
)
def test_the_first_reason_that_fits_wins(values: dict[str, Any], reason: str) -> None:
    assert decide(ended(**values)) == reason


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("KEEP_ERRORS", {"status": 500}),
        ("KEEP_SLOW", {"duration_ns": 2_000_000_000}),
        ("KEEP_PATTERN", {"has_repeats": True}),
    ],
)
def test_each_reason_can_be_switched_off(option: str, values: dict[str, Any]) -> None:
    assert decide(ended(**values), **{option: False}) == ""


def test_a_route_may_have_its_own_limit() -> None:
    slow = ended(duration_ns=50_000_000)
    assert decide(slow, SLOW_MS_BY_ROUTE={"shop/": 40}) == "slow"
    assert decide(slow, SLOW_MS_BY_ROUTE={"other/": 40}) == ""


def test_everything_is_kept_at_rate_one() -> None:
    trace = ended()
    assert decide(trace, SAMPLE_RATE=1.0) == "random"
    assert trace.weight == 1.0


def test_the_random_part_depends_on_the_id_alone() -> None:
    low, high = ended(id=1), ended(id=(1 << 56) - 1)
    assert decide(low, SAMPLE_RATE=0.01) == "random"
    assert low.weight == pytest.approx(100)
    assert decide(high, SAMPLE_RATE=0.01) == ""


def test_past_its_budget_a_trace_falls_to_the_next_reason() -> None:
    sampler = TailSampler()
    settings = Settings(
        SAMPLE_RATE=0.0,
        KEEP_SLOWEST=False,
        BUDGETS={"forced": 0, "error": 1, "slow": 1, "pattern": 0, "slowest": 0},
    )
    bad = {"status": 500, "duration_ns": 2_000_000_000}
    reasons = [sampler.decide(ended(**bad), settings) for _ in range(3)]
    assert reasons == ["error", "slow", ""]
    assert sampler.limiter.refused == {("shop/", "error"): 2, ("shop/", "slow"): 1}


def test_one_route_cannot_use_up_the_places_of_the_others() -> None:
    limiter = Limiter()
    noisy = [limiter.admits("error", "noisy/", 20) for _ in range(50)]
    assert sum(noisy) == 10
    assert limiter.admits("error", "quiet/", 20)


def test_refusals_are_bounded() -> None:
    limiter = Limiter()
    for number in range(5_000):
        limiter.admits("error", f"route{number}/", 0)
    assert len(limiter.refused) <= 501
    assert sum(limiter.refused.values()) == 5_000


def test_the_slowest_of_a_route_is_held_until_a_slower_one_comes() -> None:
    sampler = TailSampler()
    settings = Settings(SAMPLE_RATE=0.0)
    first, faster, slower = (ended(duration_ns=ns) for ns in (20, 10, 30))
    assert sampler.decide(first, settings) == HELD
    sampler.slowest.hold(first)
    assert sampler.decide(faster, settings) == ""
    assert sampler.decide(slower, settings) == HELD
    assert sampler.slowest.hold(slower) is first
    assert sampler.slowest.release() == [slower]
    assert sampler.slowest.release() == []


def test_the_slowest_routes_are_released_first() -> None:
    slowest = Slowest()
    for number in range(3):
        slowest.hold(ended(name=f"route{number}/", duration_ns=number))
    assert [trace.duration_ns for trace in slowest.release()] == [2, 1, 0]
