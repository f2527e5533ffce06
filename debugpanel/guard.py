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
from typing import Any

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
    open_until_s: float = 0.0
    logged_at_s: float = -LOG_INTERVAL_S
    last_error: str = ""

    def is_open(self, now_s: float) -> bool:
        return now_s < self.open_until_s

    def fail(self, now_s: float, error: str) -> None:
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


def report(part: str, error: BaseException) -> None:
    """Note a fault of ours. Never raises, except in tests that ask for it."""
    if raises_errors:
        raise error
    try:
        breaker = breaker_for(part)
        breaker.fail(clock(), describe(error))
        _log(part, breaker)
    except Exception:  # noqa: S110 - nowhere left to report to
        pass


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


def protect(part: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function whose failure must not reach the host; it then returns None."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                report(part, error)
                return None

        return guarded

    return decorate
