"""For tests, the users' and ours.

Under a test runner debugpanel records nothing unless a test asks:

    with capture_trace() as captured:
        client.get("/shop/")
    captured.trace.query_count
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from debugpanel import guard
from debugpanel.delivery import mode
from debugpanel.trace.model import Trace


@dataclass(slots=True)
class Captured:
    """The traces that ended inside `capture_trace()`, in the order they closed."""

    traces: list[Trace] = field(default_factory=list)

    @property
    def trace(self) -> Trace:
        """The only trace. Raises `LookupError` when there is none, or more than one."""
        if len(self.traces) != 1:
            raise LookupError(f"{len(self.traces)} requests were traced here, not one.")
        return self.traces[0]


@contextmanager
def capture_trace() -> Iterator[Captured]:
    """Collect what the block's requests recorded, at once and whatever the sampling."""
    captured = Captured()
    token = mode.CAPTURE.set(captured.traces)
    try:
        yield captured
    finally:
        mode.CAPTURE.reset(token)


@contextmanager
def raise_internal_errors() -> Iterator[None]:
    """Let faults of debugpanel's own raise instead of being counted."""
    before = guard.raises_errors
    guard.raises_errors = True
    try:
        yield
    finally:
        guard.raises_errors = before


@contextmanager
def deliver_in_tests() -> Iterator[None]:
    """Deliver as in production, with the writer's thread and the exporters."""
    before = mode.delivers_in_tests
    mode.delivers_in_tests = True
    try:
        yield
    finally:
        mode.delivers_in_tests = before
