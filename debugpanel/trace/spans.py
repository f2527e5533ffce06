"""The user's own spans, events and notes: what a project says about its own work."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from time import perf_counter_ns
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from debugpanel import guard
from debugpanel.trace.budget import append, append_event
from debugpanel.trace.context import CURRENT, NOWHERE, Position, current_trace
from debugpanel.trace.failures import failed_as
from debugpanel.trace.ids import trace_id_of
from debugpanel.trace.values import cut, plain, plain_key, type_name

KIND = "span"
EVENT = "event"
MAX_EVENTS = 100
MAX_NOTES = 50
EVENT_BYTES = 500

P = ParamSpec("P")
R = TypeVar("R")


class span:  # noqa: N801 - reads as the verb it is: `with span("pricing"):`
    """Time a block, a function or a coroutine function, below the span that is open now.

    `with span("pricing", sku=sku):`, `async with span("pricing"):`, `@span("pricing")`.
    Attributes keep builtin values; of anything else the type's name. Outside a trace it
    costs a look at the context and does nothing.
    """

    __slots__ = ("_attributes", "_before", "_name", "_number", "_start_ns")

    def __init__(self, name: str, **attributes: Any) -> None:
        self._name = name
        self._attributes = attributes
        self._before: Position = NOWHERE

    def __enter__(self) -> None:
        self._before = before = CURRENT.get()
        trace = before[0]
        if trace is None:
            return
        self._number = trace.next_number()
        CURRENT.set((trace, self._number))
        self._start_ns = perf_counter_ns()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        trace, parent = self._before
        if trace is None:
            return
        end_ns = perf_counter_ns()
        self._before = NOWHERE
        try:
            # A generator may be collected inside another request: put back only our own place.
            if CURRENT.get() == (trace, self._number):
                CURRENT.set((trace, parent))
            values = (_plain_attributes(self._attributes), failed_as(error))
            name = _name(self._name)
            append(trace, (self._start_ns, end_ns, KIND, self._number, parent, name, *values))
        except Exception as fault:
            guard.report("span", fault)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate. A generator is timed from its first item to its end."""
        name, attributes = self._name, self._attributes
        if iscoroutinefunction(function):
            return cast("Callable[P, R]", _around_coroutine(function, name, attributes))
        if isgeneratorfunction(function):
            return cast("Callable[P, R]", _around_generator(function, name, attributes))
        if isasyncgenfunction(function):
            return cast("Callable[P, R]", _around_async_generator(function, name, attributes))

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with span(name, **attributes):
                return function(*args, **kwargs)

        return call


def _around_coroutine(function: Any, name: str, attributes: dict[str, Any]) -> Any:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with span(name, **attributes):
            return await function(*args, **kwargs)

    return call


def _around_generator(function: Any, name: str, attributes: dict[str, Any]) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with span(name, **attributes):
            return (yield from function(*args, **kwargs))

    return call


def _around_async_generator(function: Any, name: str, attributes: dict[str, Any]) -> Any:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with span(name, **attributes):
            async for item in function(*args, **kwargs):
                yield item

    return call


def _name(name: object) -> str:
    return cut(name) if type(name) is str else type_name(name)


def _plain_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    return {plain_key(key): plain(value) for key, value in attributes.items()}


def event(name: str, **attributes: Any) -> None:
    """Mark a moment in the current trace; outside a trace nothing happens."""
    trace, parent = CURRENT.get()
    if trace is None:
        return
    try:
        values = _plain_attributes(attributes)
        moment = (perf_counter_ns(), EVENT, parent, _name(name), values)
        append_event(trace, moment, EVENT_BYTES, MAX_EVENTS)
    except Exception as fault:
        guard.report("event", fault)


def annotate(**notes: Any) -> None:
    """Put named values on the current trace; a name said again replaces the earlier value."""
    trace = current_trace()
    if trace is None or trace.closed:
        return
    try:
        for key, value in notes.items():
            if key in trace.notes or len(trace.notes) < MAX_NOTES:
                trace.notes[key] = plain(value)
            else:
                trace.count_dropped("notes")
    except Exception as fault:
        guard.report("annotate", fault)


@contextmanager
def pause() -> Iterator[None]:
    """Record nothing inside the block."""
    before = CURRENT.get()
    CURRENT.set(NOWHERE)
    try:
        yield
    finally:
        trace = before[0]
        CURRENT.set(NOWHERE if trace is not None and trace.closed else before)


def trace_id() -> str:
    """Return the current trace's id as 32 hexadecimal digits, "" outside a trace."""
    trace = current_trace()
    return "" if trace is None else f"{trace_id_of(trace):032x}"
