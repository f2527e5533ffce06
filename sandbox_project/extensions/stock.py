"""An instrument: how long it takes to get the goods off the shelves, and how many pieces."""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from debugpanel.instruments.base import DidNotEnable, Instrument
from debugpanel.trace.budget import append
from debugpanel.trace.context import CURRENT
from debugpanel.trace.patching import Patch
from sandbox_project.shop import checkout
from sandbox_project.shop.basket import Line

KIND = "stock"

Take = Callable[[list[Line]], None]


def timed(original: Take, patch: Patch) -> Take:
    @functools.wraps(original)
    def take_from_shelves(lines: list[Line]) -> None:
        trace, parent = CURRENT.get()
        if trace is None or not patch.is_on:
            return original(lines)
        number = trace.next_number()
        token = CURRENT.set((trace, number))
        start_ns = perf_counter_ns()
        try:
            return original(lines)
        finally:
            end_ns = perf_counter_ns()
            CURRENT.reset(token)
            values = (len(lines), pieces_in(lines))
            append(trace, (start_ns, end_ns, KIND, number, parent, "take", *values))

    return take_from_shelves


def pieces_in(lines: list[Line]) -> int:
    return sum(line.quantity for line in lines)


class StockInstrument(Instrument):
    kind = KIND
    label = "Stock"
    columns = ("articles", "pieces")

    _patch: Any = Patch(checkout, "take_from_shelves", timed)

    def install(self) -> None:
        if not hasattr(checkout, "take_from_shelves"):
            raise DidNotEnable("the shop has no checkout.take_from_shelves")
        self._patch.put()

    def uninstall(self) -> None:
        self._patch.remove()
