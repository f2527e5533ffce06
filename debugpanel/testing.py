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
from typing import Any

from debugpanel import guard
from debugpanel.analysis.n_plus_one import N_PLUS_ONE
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
def assert_no_n_plus_one() -> Iterator[Captured]:
    """Fail when a request of the block sends one SELECT again and again, and name the line."""
    with capture_trace() as captured:
        yield captured
    for trace in captured.traces:
        for finding in trace.findings:
            if finding["kind"] == N_PLUS_ONE:
                raise AssertionError(_describe(trace, finding))


def _describe(trace: Trace, finding: dict[str, Any]) -> str:
    frame = finding["frame"]
    place = f" from {frame.file}:{frame.line} in {frame.function}" if frame else ""
    times = f"{finding['count']} times{place}"
    return f"{trace.method} {trace.path} sends one statement {times}: {finding['statement']}"


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
