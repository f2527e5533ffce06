"""The view as a span of its own, so that middleware, view and rendering can be told apart.

Django has no hook at a view's end, so what `BaseHandler.make_view_atomic` returns is wrapped
for the one call that follows.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from inspect import CO_COROUTINE
from time import perf_counter_ns
from types import FunctionType
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.handlers.base import BaseHandler

from debugpanel import guard
from debugpanel.instruments.base import DidNotEnable, Instrument
from debugpanel.trace.budget import append
from debugpanel.trace.context import CURRENT, Position
from debugpanel.trace.failures import failed_as, note_exception
from debugpanel.trace.patching import Patch, hide_own_frame

KIND = "view"
PART = f"instrument {KIND}"

View = Callable[..., Any]


def _is_async(view: Any) -> bool:
    """Do as `iscoroutinefunction` does, at a tenth of its cost for plain functions."""
    if type(view) is FunctionType and not view.__dict__:
        return bool(view.__code__.co_flags & CO_COROUTINE)
    return iscoroutinefunction(view)


def _end(before: Position, number: int, start_ns: int, error: BaseException | None) -> None:
    """Add the span. Its name comes with the trace's, which the resolver knows."""
    try:
        end_ns = perf_counter_ns()
        trace, parent = before
        if trace is None or trace.closed:
            return
        if CURRENT.get() == (trace, number):
            CURRENT.set(before)
        append(trace, (start_ns, end_ns, KIND, number, parent, "", failed_as(error)))
        if error is not None:
            note_exception(trace, parent, error, handled=True)
    except Exception as fault:
        guard.report(PART, fault)


def _sync_view(view: View, before: Position, number: int) -> View:
    def call(*args: Any, **kwargs: Any) -> Any:
        CURRENT.set((before[0], number))
        start_ns = perf_counter_ns()
        try:
            response = view(*args, **kwargs)
        except BaseException as error:
            hide_own_frame(error)
            _end(before, number, start_ns, error)
            raise
        _end(before, number, start_ns, None)
        return response

    return call


def _async_view(view: Callable[..., Awaitable[Any]], before: Position, number: int) -> View:
    async def call(*args: Any, **kwargs: Any) -> Any:
        CURRENT.set((before[0], number))
        start_ns = perf_counter_ns()
        try:
            response = await view(*args, **kwargs)
        except BaseException as error:
            hide_own_frame(error)
            _end(before, number, start_ns, error)
            raise
        _end(before, number, start_ns, None)
        return response

    return call


def _observe(view: View) -> View:
    before = CURRENT.get()
    trace = before[0]
    if trace is None or trace.has_view:
        return view
    trace.has_view = True
    wrap = _async_view if _is_async(view) else _sync_view
    return wrap(view, before, trace.next_number())


def _wrap(original: Callable[..., View], patch: Patch) -> Callable[..., View]:
    @functools.wraps(original)
    def make_view_atomic(self: Any, view: View) -> View:
        wrapped = original(self, view)
        try:
            return _observe(wrapped) if patch.is_on else wrapped
        except Exception as fault:
            guard.report(PART, fault)
            return wrapped

    return make_view_atomic


class ViewInstrument(Instrument):
    """Wraps each view for its one call."""

    kind = KIND
    label = "View"
    columns = ("error",)

    _patch = Patch(BaseHandler, "make_view_atomic", _wrap)

    def install(self) -> None:
        if not hasattr(BaseHandler, "make_view_atomic"):
            raise DidNotEnable("this Django has no BaseHandler.make_view_atomic")
        self._patch.put()

    def uninstall(self) -> None:
        self._patch.remove()
