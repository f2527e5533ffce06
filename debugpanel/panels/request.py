"""What came in and what went out: headers, query, cookies by name, sizes."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString

from debugpanel.panels.base import Panel
from debugpanel.panels.rendering import numbers, values
from debugpanel.trace.model import Trace

REQUEST = "request"
RESPONSE = "response"

# Facts by side of the exchange, in the order they are shown.
LABELS = {
    "scheme": (REQUEST, "Scheme"),
    "method": (REQUEST, "Method as sent"),
    "query": (REQUEST, "Query string"),
    "arguments": (REQUEST, "Arguments of the view"),
    "cookies": (REQUEST, "Cookies"),
    "has_session": (REQUEST, "Session used"),
    "request_bytes": (REQUEST, "Size"),
    "content_type": (RESPONSE, "Type"),
    "content_length": (RESPONSE, "Size"),
    "response_bytes": (RESPONSE, "Size sent"),
    "set_cookies": (RESPONSE, "Cookies set"),
}


class RequestPanel(Panel):
    name = "request"
    title = "Request and response"
    template = "debugpanel/panels/request.html"

    def is_for(self, trace: Trace) -> bool:
        return bool(trace.facts) or bool(trace.path)

    def summary(self, trace: Trace) -> str:
        return str(trace.status or "")

    def context(self, trace: Trace) -> dict[str, Any]:
        line = f"{trace.method} {trace.path}".strip()
        return {
            "sides": [
                _side(trace, REQUEST, "Request", [("Request", values.shown(line))]),
                _side(trace, RESPONSE, "Response", _status(trace)),
            ]
        }


def _side(
    trace: Trace, side: str, title: str, first: list[tuple[str, SafeString]]
) -> dict[str, Any]:
    return {
        "title": title,
        "facts": [*first, *_facts(trace, side)],
        "headers": values.pairs(trace.facts.get(f"{side}_headers")),
        "names_only": trace.facts.get(f"other_{side}_headers", ()),
    }


def _status(trace: Trace) -> list[tuple[str, SafeString]]:
    rows = [("Status", values.shown(trace.status or "none"))]
    if trace.first_byte_ns:
        rows.append(("First byte after", values.shown(numbers.duration(trace.first_byte_ns))))
    return rows


def _facts(trace: Trace, side: str) -> list[tuple[str, SafeString]]:
    rows = []
    for key, (belongs_to, label) in LABELS.items():
        value = trace.facts.get(key)
        if belongs_to == side and value not in (None, "", []):
            rows.append((label, values.shown(_with_unit(key, value))))
    return rows


def _with_unit(key: str, value: Any) -> Any:
    is_size = key.endswith(("bytes", "length")) and type(value) is int
    return numbers.size(value) if is_size else value
