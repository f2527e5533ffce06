from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from debugpanel import guard
from debugpanel.guard import FAILURES_TO_OPEN, LOG_INTERVAL_S, OPEN_S
from debugpanel.testing import raise_internal_errors


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(guard, "clock", clock)
    return clock


@pytest.fixture(autouse=True)
def _own_breakers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "breakers", {})


class Switch:
    def __init__(self) -> None:
        self.turns: list[str] = []
        guard.connect_switch("part", off=self.off, on=self.on)

    def off(self) -> None:
        self.turns.append("off")

    def on(self) -> None:
        self.turns.append("on")


def fail(times: int, part: str = "part") -> None:
    for _ in range(times):
        guard.report(part, ValueError("the host's data"))


def test_a_part_that_keeps_failing_is_switched_off_once(clock: Clock) -> None:
    switch = Switch()
    fail(FAILURES_TO_OPEN - 1)
    assert (guard.is_open("part"), switch.turns) == (False, [])
    fail(1)
    assert (guard.is_open("part"), switch.turns) == (True, ["off"])
    fail(3 * FAILURES_TO_OPEN)
    assert switch.turns == ["off"]


def test_it_is_switched_on_again_after_a_while(clock: Clock) -> None:
    switch = Switch()
    fail(FAILURES_TO_OPEN)
    guard.recover()
    assert switch.turns == ["off"]
    clock.now_s += OPEN_S
    assert not guard.is_open("part")
    guard.recover()
    guard.recover()
    assert switch.turns == ["off", "on"]


def test_it_may_fail_again_and_be_switched_off_again(clock: Clock) -> None:
    switch = Switch()
    for _ in range(3):
        fail(FAILURES_TO_OPEN)
        clock.now_s += OPEN_S
        guard.recover()
    assert switch.turns == ["off", "on"] * 3


def test_a_switch_that_fails_is_tried_again_later(clock: Clock) -> None:
    answers = iter([RuntimeError("not yet"), None])
    turns: list[str] = []

    def on() -> None:
        turns.append("on")
        error = next(answers)
        if error is not None:
            raise error

    guard.connect_switch("part", off=lambda: None, on=on)
    fail(FAILURES_TO_OPEN)
    for _ in range(4):
        clock.now_s += OPEN_S
        guard.recover()
    assert turns == ["on", "on"]


def test_what_fails_once_in_a_while_stays_on(clock: Clock) -> None:
    switch = Switch()
    for _ in range(5 * FAILURES_TO_OPEN):
        fail(1)
        clock.now_s += OPEN_S
    assert switch.turns == []


def test_a_disconnected_part_is_not_switched_on_again(clock: Clock) -> None:
    switch = Switch()
    fail(FAILURES_TO_OPEN)
    guard.disconnect_switch("part")
    clock.now_s += OPEN_S
    guard.recover()
    assert switch.turns == ["off"]


def test_each_part_is_logged_once_a_minute(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    fail(50)
    fail(50, "other part")
    assert len(caplog.records) == 2
    clock.now_s += LOG_INTERVAL_S
    fail(50)
    assert len(caplog.records) == 3
    assert "51 times" in caplog.records[-1].getMessage()


def test_neither_log_nor_state_hold_the_text_of_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fail(FAILURES_TO_OPEN)
    assert "host's data" not in caplog.text
    assert guard.open_parts() == {"part": "ValueError"}


def test_the_place_of_an_error_is_told() -> None:
    with pytest.raises(KeyError) as raised:
        {}["key"]
    assert guard.describe(raised.value).startswith("KeyError in test_the_place_of_an_error_is_told")


class Raising(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise OSError("disk full")


@pytest.fixture
def _broken_logging() -> Iterator[None]:
    handler = Raising()
    guard.logger.addHandler(handler)
    yield
    guard.logger.removeHandler(handler)


@pytest.mark.usefixtures("_broken_logging")
def test_a_logger_that_raises_neither_reaches_the_host_nor_stops_the_breaker() -> None:
    switch = Switch()
    fail(FAILURES_TO_OPEN)
    assert switch.turns == ["off"]


def test_a_switch_that_raises_does_not_reach_the_host() -> None:
    def off() -> Any:
        raise RuntimeError("stuck")

    guard.connect_switch("part", off=off, on=off)
    fail(FAILURES_TO_OPEN)
    assert guard.is_open("part")


def test_parts_are_bounded() -> None:
    for number in range(3 * guard.MAX_PARTS):
        fail(1, f"part {number}")
    assert len(guard.breakers) == guard.MAX_PARTS + 1
    assert guard.breakers["other"].total_failures == 2 * guard.MAX_PARTS


def test_tests_may_ask_for_the_error() -> None:
    with raise_internal_errors(), pytest.raises(ValueError, match="host's data"):
        fail(1)
    fail(1)
