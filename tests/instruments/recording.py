"""Opening a trace around a block, with an instrument on or off."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from debugpanel.instruments.base import Instrument
from debugpanel.testing import raise_internal_errors
from debugpanel.trace import budget, context
from debugpanel.trace.model import Trace


def open_trace(max_spans: int = 500) -> Trace:
    trace = Trace()
    trace.max_spans = max_spans
    budget.open_room(trace, max_spans)
    return trace


@contextmanager
def recording(instrument: Instrument, max_spans: int = 500) -> Iterator[Trace]:
    """Record what the block does. Faults of ours raise."""
    instrument.install()
    trace = open_trace(max_spans)
    context.enter(trace)
    try:
        with raise_internal_errors():
            yield trace
    finally:
        context.leave(trace)
        budget.release(trace)


@contextmanager
def uninstalled(instrument: Instrument) -> Iterator[None]:
    instrument.uninstall()
    try:
        yield
    finally:
        instrument.install()


def tracebacks(instrument: Instrument, fail: Callable[[], Any]) -> tuple[str, str, str]:
    """What a failure prints without the instrument, with it outside a trace, and in one."""
    texts = []
    for state in ("off", "on", "recording"):
        try:
            if state == "off":
                with uninstalled(instrument):
                    fail()
            elif state == "on":
                fail()
            else:
                with recording(instrument):
                    fail()
        except Exception as error:
            texts.append(_of_the_callee(error))
    first, second, third = texts
    return first, second, third


def _of_the_callee(error: BaseException) -> str:
    """Format the traceback from `fail` inwards: the lines of `tracebacks` itself differ."""
    inner = error.__traceback__
    assert inner is not None
    return "".join(traceback.format_exception(type(error), error, inner.tb_next))


class Unfriendly:
    """Raises when anything of it is used that an instrument must leave alone."""

    def _refuse(self, *args: Any) -> Any:
        raise AssertionError("a method of a foreign object was called")

    __str__ = __repr__ = __eq__ = __hash__ = _refuse  # type: ignore[assignment]
    __len__ = __bool__ = __iter__ = __format__ = _refuse  # type: ignore[assignment]
