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
from debugpanel.trace.failures import failed_as, note_exception
from debugpanel.trace.model import Trace
from debugpanel.trace.patching import Patch, hide_own_frame

KIND = "view"
PART = f"instrument {KIND}"

View = Callable[..., Any]


def _name_of(view: Any) -> str:
    """Name a view as the resolver does; a partial by its function."""
    while type(view) is functools.partial:
        view = view.func
    view = getattr(view, "view_class", view)
    name = getattr(view, "__name__", None)
    module = getattr(view, "__module__", None)
    if type(name) is not str or type(module) is not str:
        view = type(view)
        name, module = view.__name__, view.__module__
    return f"{module}.{name}"


def _begin(trace: Trace) -> tuple[int, int]:
    number = trace.next_number()
    CURRENT.set((trace, number))
    return number, perf_counter_ns()


def _end(before: Position, number: int, start_ns: int, error: BaseException | None) -> None:
    trace, parent = before
    try:
        if trace is None or trace.closed:
            return
        if CURRENT.get() == (trace, number):
            CURRENT.set(before)
        failed = failed_as(error)
        append(trace, (start_ns, perf_counter_ns(), KIND, number, parent, trace.view, failed))
        if error is not None:
            note_exception(trace, parent, error, handled=True)
    except Exception as fault:
        guard.report(PART, fault)


def _sync_view(view: View, before: Position) -> View:
    def call(*args: Any, **kwargs: Any) -> Any:
        number, start_ns = _begin(before[0])  # type: ignore[arg-type]
        try:
            response = view(*args, **kwargs)
        except BaseException as error:
            hide_own_frame(error)
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
            hide_own_frame(error)
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


def _wrap(original: Callable[..., View], patch: Patch) -> Callable[..., View]:
    @functools.wraps(original)
    def make_view_atomic(self: Any, view: View) -> View:
        wrapped = original(self, view)
        try:
            return _observe(wrapped, view) if patch.is_on else wrapped
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
