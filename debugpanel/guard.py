"""The one guard for our own errors, and the breakers.

Below everything, so that every layer may use it. A fault of ours is swallowed, counted and
logged at most once a minute for each part; a part that keeps failing is switched off for a
while by its breaker. In tests `debugpanel.testing.raise_internal_errors()` makes it raise.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger("debugpanel")

LOG_INTERVAL_S = 60.0
FAILURES_TO_OPEN = 10
OPEN_S = 60.0
MAX_PARTS = 200


@dataclass(slots=True)
class Breaker:
    """The state of one part of ours. It closes by itself, `OPEN_S` after it opened."""

    failures: int = 0
    total_failures: int = 0
    failed_at_s: float = -OPEN_S
    open_until_s: float = 0.0
    logged_at_s: float = -LOG_INTERVAL_S
    last_error: str = ""
    switch_off: Callable[[], None] | None = None
    switch_on: Callable[[], None] | None = None
    is_off: bool = False

    def is_open(self, now_s: float) -> bool:
        return now_s < self.open_until_s

    def fail(self, now_s: float, error: str) -> None:
        if now_s - self.failed_at_s >= OPEN_S:
            # What fails once in a while does not keep failing.
            self.failures = 0
        self.failed_at_s = now_s
        self.failures += 1
        self.total_failures += 1
        self.last_error = error
        if self.failures >= FAILURES_TO_OPEN:
            self.failures = 0
            self.open_until_s = now_s + OPEN_S


breakers: dict[str, Breaker] = {}
raises_errors = False
clock: Callable[[], float] = time.monotonic


def breaker_for(part: str) -> Breaker:
    breaker = breakers.get(part)
    if breaker is None:
        if len(breakers) >= MAX_PARTS:
            part = "other"
        breaker = breakers.setdefault(part, Breaker())
    return breaker


def is_open(part: str) -> bool:
    breaker = breakers.get(part)
    return breaker is not None and breaker.is_open(clock())


def connect_switch(part: str, off: Callable[[], None], on: Callable[[], None]) -> None:
    """Let a part's breaker switch it off, and `recover` on again."""
    breaker = breaker_for(part)
    breaker.switch_off, breaker.switch_on = off, on


def disconnect_switch(part: str) -> None:
    """Forget a part's switch: what was removed is not switched on again."""
    breaker = breakers.get(part)
    if breaker is not None:
        breaker.switch_off = breaker.switch_on = None
        breaker.is_off = False


def report(part: str, error: BaseException) -> None:
    """Note a fault of ours. Never raises, except in tests that ask for it."""
    if raises_errors:
        raise error
    try:
        breaker = breaker_for(part)
        breaker.fail(clock(), describe(error))
        if breaker.switch_off is not None and breaker.is_open(clock()) and not breaker.is_off:
            breaker.is_off = True
            breaker.switch_off()
        _log(part, breaker)
    except Exception:  # noqa: S110 - nowhere left to report to
        pass


def recover() -> None:
    """Switch parts on again whose breaker closed. Called by the writer, between batches."""
    now_s = clock()
    for part, breaker in list(breakers.items()):
        if not breaker.is_off or breaker.is_open(now_s) or breaker.switch_on is None:
            continue
        try:
            breaker.switch_on()
            breaker.is_off = False
        except Exception as error:
            breaker.open_until_s = now_s + OPEN_S
            report(part, error)


def open_parts() -> dict[str, str]:
    """Return the parts that are switched off now, with their last error."""
    now_s = clock()
    items = list(breakers.items())
    return {part: breaker.last_error for part, breaker in items if breaker.is_open(now_s)}


def describe(error: BaseException) -> str:
    """Name an error by type and place; its text may hold the host's data."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    name = type(error).__name__
    if traceback is None:
        return name
    code = traceback.tb_frame.f_code
    return f"{name} in {code.co_name} ({code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno})"


def _log(part: str, breaker: Breaker) -> None:
    now_s = clock()
    if now_s - breaker.logged_at_s < LOG_INTERVAL_S:
        return
    breaker.logged_at_s = now_s
    state = "switched off for a minute" if breaker.is_open(now_s) else "still on"
    logger.warning(
        "debugpanel: %s failed (%s; %d times so far; %s). The site is not affected.",
        part,
        breaker.last_error,
        breaker.total_failures,
        state,
    )
