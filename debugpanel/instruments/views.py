"""The view as a span of its own, so that middleware, view and rendering can be told apart.

Django has no hook at a view's end, so what `BaseHandler.make_view_atomic` returns is wrapped
for the one call that follows.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from time import perf_counter_ns
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.handlers.base import BaseHandler

from debugpanel import guard
from debugpanel.instruments.base import DidNotEnable, Instrument
from debugpanel.trace.budget import append
from debugpanel.trace.context import CURRENT, Position
from debugpanel.trace.failures import note_exception
from debugpanel.trace.model import Trace

KIND = "view"

View = Callable[..., Any]


def _name_of(view: Any) -> str:
    """Name a view as the resolver does, without calling anything of it."""
    view = getattr(view, "view_class", view)
    name = getattr(view, "__qualname__", None)
    module = getattr(view, "__module__", None)
    if type(name) is not str or type(module) is not str:
        view = type(view)
        name, module = view.__qualname__, view.__module__
    return f"{module}.{name}"


def _begin(trace: Trace) -> tuple[int, int]:
    number = trace.next_number()
    CURRENT.set((trace, number))
    return number, perf_counter_ns()


def _end(before: Position, number: int, start_ns: int, error: BaseException | None) -> None:
    trace, parent = before
    try:
        CURRENT.set(before)
        if trace is None:
            return
        failed = "" if error is None else type(error).__name__
        append(trace, (start_ns, perf_counter_ns(), KIND, number, parent, trace.view, failed))
        if error is not None:
            note_exception(trace, parent, error, handled=True)
    except Exception as fault:
        guard.report("instrument views", fault)


def _hide_own_frame(error: BaseException) -> None:
    traceback = error.__traceback__
    if traceback is not None:
        error.__traceback__ = traceback.tb_next


def _sync_view(view: View, before: Position) -> View:
    def call(*args: Any, **kwargs: Any) -> Any:
        number, start_ns = _begin(before[0])  # type: ignore[arg-type]
        try:
            response = view(*args, **kwargs)
        except BaseException as error:
            _hide_own_frame(error)
            _end(before, number, start_ns, error)
            raise
        _end(before, number, start_ns, None)
        return response

    return call


def _async_view(view: Callable[..., Awaitable[Any]], before: Position) -> View:
    async def call(*args: Any, **kwargs: Any) -> Any:
        number, start_ns = _begin(before[0])  # type: ignore[arg-type]
        try:
            response = await view(*args, **kwargs)
        except BaseException as error:
            _hide_own_frame(error)
            _end(before, number, start_ns, error)
            raise
        _end(before, number, start_ns, None)
        return response

    return call


def _observe(view: View, callback: View) -> View:
    before = CURRENT.get()
    trace = before[0]
    if trace is None or trace.view:
        return view
    trace.view = _name_of(callback)
    wrap = _async_view if iscoroutinefunction(view) else _sync_view
    return wrap(view, before)


class ViewInstrument(Instrument):
    """Wraps each view for its one call."""

    kind = KIND
    label = "View"
    columns = ("error",)

    _original: Callable[..., Any] | None = None

    def install(self) -> None:
        cls = ViewInstrument
        if cls._original is not None:
            return
        original = getattr(BaseHandler, "make_view_atomic", None)
        if original is None:
            raise DidNotEnable("this Django has no BaseHandler.make_view_atomic")
        cls._original = original

        @functools.wraps(original)
        def make_view_atomic(self: Any, view: View) -> Any:
            wrapped = original(self, view)
            try:
                return _observe(wrapped, view)
            except Exception as fault:
                guard.report("instrument views", fault)
                return wrapped

        BaseHandler.make_view_atomic = make_view_atomic  # type: ignore[method-assign]

    def uninstall(self) -> None:
        cls = ViewInstrument
        if cls._original is not None:
            BaseHandler.make_view_atomic = cls._original  # type: ignore[method-assign]
            cls._original = None
