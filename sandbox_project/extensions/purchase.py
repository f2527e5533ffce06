"""A panel: what was bought, and how the payment service behaved meanwhile."""

from __future__ import annotations

from typing import Any

from debugpanel.panels.base import Panel
from debugpanel.trace.model import Span, Trace
from sandbox_project.extensions.stock import KIND


class PurchasePanel(Panel):
    name = "purchase"
    title = "Purchase"
    template = "shop/panels/purchase.html"

    def is_for(self, trace: Trace) -> bool:
        return bool(spans_of(trace, KIND))

    def summary(self, trace: Trace) -> str:
        pieces = pieces_in(trace)
        return "1 piece" if pieces == 1 else f"{pieces} pieces"

    def context(self, trace: Trace) -> dict[str, Any]:
        calls = spans_of(trace, "http")
        return {
            "pieces": pieces_in(trace),
            "voucher": trace.notes.get("voucher"),
            "calls": len(calls),
            "paying_ms": sum(call.duration_ns for call in calls) / 1e6,
        }


def spans_of(trace: Trace, kind: str) -> list[Span]:
    return [span for span in trace.iter_spans() if span.kind == kind]


def pieces_in(trace: Trace) -> int:
    return sum(span.values[1] for span in spans_of(trace, KIND))
