"""Time spent in signals, for those that the setting `SIGNALS` names.

Only the named instances are touched, and no receiver is connected: a receiver of ours on a
model signal would turn bulk deletes into deletes row by row.
"""

from __future__ import annotations

import functools
from time import perf_counter_ns
from typing import Any

from django.dispatch import Signal
from django.utils.module_loading import import_string

from debugpanel import conf, guard
from debugpanel.instruments.base import DidNotEnable, Instrument
from debugpanel.trace.budget import append
from debugpanel.trace.context import CURRENT, Position
from debugpanel.trace.patching import Patch, hide_own_frame

KIND = "signal"
PART = f"instrument {KIND}"

_SYNC_METHODS = ("send", "send_robust")
_ASYNC_METHODS = ("asend", "asend_robust")

_position = CURRENT.get


def _leave(position: Position, number: int, start_ns: int, name: str, receivers: int) -> None:
    end_ns = perf_counter_ns()
    try:
        CURRENT.set(position)
        trace, parent = position
        if trace is not None:
            append(trace, (start_ns, end_ns, KIND, number, parent, name, receivers))
    except Exception as fault:
        guard.report(PART, fault)


def _enter(position: Position) -> int:
    try:
        trace = position[0]
        if trace is None:
            return 0
        number = trace.next_number()
        CURRENT.set((trace, number))
    except Exception as fault:
        guard.report(PART, fault)
        return 0
    return number


class _Timed:
    """Makes the wrappers of one signal. A signal that nobody listens to makes no span."""

    def __init__(self, signal: Signal, name: str) -> None:
        self.signal = signal
        self.name = name

    def sync(self, original: Any, patch: Patch) -> Any:
        signal, name = self.signal, self.name

        @functools.wraps(original)
        def send(*args: Any, **kwargs: Any) -> Any:
            position = _position()
            receivers = len(signal.receivers) if position[0] is not None and patch.is_on else 0
            number = _enter(position) if receivers else 0
            start_ns = perf_counter_ns()
            try:
                responses = original(*args, **kwargs)
            except BaseException as error:
                if number:
                    _leave(position, number, start_ns, name, receivers)
                hide_own_frame(error)
                raise
            if number:
                _leave(position, number, start_ns, name, receivers)
            return responses

        return send

    def asynchronous(self, original: Any, patch: Patch) -> Any:
        signal, name = self.signal, self.name

        @functools.wraps(original)
        async def send(*args: Any, **kwargs: Any) -> Any:
            position = _position()
            receivers = len(signal.receivers) if position[0] is not None and patch.is_on else 0
            number = _enter(position) if receivers else 0
            start_ns = perf_counter_ns()
            try:
                responses = await original(*args, **kwargs)
            except BaseException as error:
                if number:
                    _leave(position, number, start_ns, name, receivers)
                hide_own_frame(error)
                raise
            if number:
                _leave(position, number, start_ns, name, receivers)
            return responses

        return send


def _find(name: str) -> Signal:
    try:
        signal = import_string(name)
    except Exception as error:
        raise DidNotEnable(f"the signal {name} cannot be imported") from error
    if not isinstance(signal, Signal):
        raise DidNotEnable(f"{name} is not a signal")
    return signal


def _patches_of(name: str) -> list[Patch]:
    signal = _find(name)
    timed = _Timed(signal, name)
    return [
        *(Patch(signal, method, timed.sync) for method in _SYNC_METHODS),
        *(Patch(signal, method, timed.asynchronous) for method in _ASYNC_METHODS),
    ]


_patches: dict[str, list[Patch]] = {}


class SignalInstrument(Instrument):
    """Wraps the sending methods on the named signals. Does nothing while none is named."""

    kind = KIND
    label = "Signals"
    columns = ("receivers",)

    def install(self) -> None:
        for name in conf.get().SIGNALS:
            try:
                patches = _patches.get(name) or _patches_of(name)
            except DidNotEnable as missing:
                guard.report(f"signal {name}", missing)
                continue
            _patches[name] = patches
            for patch in patches:
                patch.put()

    def uninstall(self) -> None:
        for patches in _patches.values():
            for patch in patches:
                patch.remove()
