"""Taking a whole trace through the gate, field by field.

Statements and stacks arrive here already free of values: their own steps see to that.
A kind without a rule of its own is treated by `_mask_any`: every name and value of it is masked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter, thread_time
from typing import Any

from debugpanel.conf import Settings
from debugpanel.redaction.cache_keys import mask_cache_key
from debugpanel.redaction.detectors import mask_emails
from debugpanel.redaction.exceptions import exception_message
from debugpanel.redaction.headers import (
    MAX_NAME,
    MaskedHeaders,
    allowed_request_headers,
    allowed_response_headers,
    cookie_names,
)
from debugpanel.redaction.logs import mask_log
from debugpanel.redaction.markers import MASK
from debugpanel.redaction.routes import captured_values, mask_captured, without_values
from debugpanel.redaction.text import mask_name, mask_text
from debugpanel.redaction.urls import mask_path, mask_query
from debugpanel.redaction.values import mask_value
from debugpanel.trace.model import SQL, SQL_FINGERPRINT, SQL_LENGTH, EventTuple, SpanTuple, Trace
from debugpanel.trace.source import place

MAX_TRACE_S = 0.02
MAX_SPAN_NAME = 200
MAX_LOG = 1024
SCHEMES = frozenset({"http", "https", "ws", "wss"})

Keys = frozenset[str]
Values = tuple[Any, ...]
Limit = tuple[float, float]
"""When to stop: by the wall clock, which is cheap to ask, and by the time of this thread."""

ValueRule = Callable[[str, Values, Keys], tuple[str, Values]]
FactRule = Callable[[Any, Keys], dict[str, Any]]


def redact(trace: Trace, settings: Settings) -> Trace:
    """Mask every field of a trace. What takes too long is masked unseen."""
    keys = frozenset(settings.REDACT_KEYS)
    limit = (perf_counter() + MAX_TRACE_S, thread_time() + MAX_TRACE_S)
    captured = captured_values(trace.path, trace.name, extra_keys=keys)
    trace.path = mask_path(mask_captured(trace.path, trace.name, extra_keys=keys), extra_keys=keys)
    trace.user = mask_emails(trace.user)
    trace.view = code_name(trace.view)
    trace.facts = _mask_facts(trace.__dict__.get("facts", {}), keys)
    trace.notes = mask_value("notes", trace.__dict__.get("notes", {}), extra_keys=keys)
    trace.events = [_mask_event(e, keys, limit) for e in trace.__dict__.get("events", ())]
    trace.spans = [
        span if _is_shape(span) else _mask_span(span, keys, limit) for span in trace.spans
    ]
    overflow = trace.__dict__.get("overflow", {})
    trace.overflow = {(kind, _group_name(kind, name)): g for (kind, name), g in overflow.items()}
    if captured:
        _mask_everywhere(trace, captured)
    return trace


def _mask_everywhere(trace: Trace, captured: dict[str, str]) -> None:
    """Mask what the path held under sensitive names in all that was said about it."""
    for name in ("facts", "notes", "events"):
        setattr(trace, name, without_values(getattr(trace, name), captured))
    trace.spans = [
        span if span[2] == SQL else without_values(span, captured) for span in trace.spans
    ]


def _is_used_up(limit: Limit) -> bool:
    """Say whether masking took too long. What other threads took meanwhile does not count."""
    return perf_counter() > limit[0] and thread_time() > limit[1]


def exception_text(name: str, args: Sequence[Any], keys: Keys = frozenset()) -> str:
    """Return the message of an exception by its qualified name, builtins without module."""
    module = name.rpartition(".")[0] or "builtins"
    return exception_message(name, module, args, extra_keys=keys)


def code_name(name: str) -> str:
    """Mask a name that the code gives: of a view, a template, a logger, a type."""
    return name and mask_name(name, MAX_SPAN_NAME)


def _group_name(kind: str, name: str) -> str:
    return name if kind == SQL else code_name(name)


def _is_shape(span: SpanTuple) -> bool:
    """Say whether a span is a statement that was read and holds no value any more."""
    return span[2] == SQL and len(span) == SQL_LENGTH and bool(span[SQL_FINGERPRINT])


def _mask_span(span: SpanTuple, keys: Keys, limit: Limit) -> SpanTuple:
    if _is_used_up(limit):
        return (*span[:5], MASK, *[MASK] * len(span[6:]))
    name, values = SPAN_RULES.get(span[2], _mask_any)(span[5], span[6:], keys)
    return (*span[:5], name, *values)


def _mask_event(event: EventTuple, keys: Keys, limit: Limit) -> EventTuple:
    if event[1] == "exception":
        return event
    if _is_used_up(limit):
        return (*event[:3], MASK, *[MASK] * len(event[4:]))
    name, values = EVENT_RULES.get(event[1], _mask_any)(event[3], event[4:], keys)
    return (*event[:3], name, *values)


def _mask_any(name: str, values: Values, keys: Keys) -> tuple[str, Values]:
    masked = [mask_value("", value, extra_keys=keys) for value in values]
    return mask_name(name, MAX_SPAN_NAME, extra_keys=keys), tuple(masked)


def _mask_statement(name: str, values: Values, keys: Keys) -> tuple[str, Values]:
    """What is said to be a statement and was not read could hold anything."""
    return MASK, _mask_any("", values, keys)[1]


def _mask_cache(name: str, values: Values, keys: Keys) -> tuple[str, Values]:
    alias, key, hits, misses, size, error = values
    key = mask_cache_key(key, extra_keys=keys)
    return name, (alias, key, hits, misses, size, code_name(error))


def _mask_names_of_code(name: str, values: Values, keys: Keys) -> tuple[str, Values]:
    return code_name(name), values


def _mask_view(name: str, values: Values, keys: Keys) -> tuple[str, Values]:
    return code_name(name), tuple(map(code_name, values))


def _mask_log(name: str, values: Values, keys: Keys) -> tuple[str, Values]:
    """The template and its arguments become the message."""
    level, (template, args), file, line, error = values
    text = mask_log(template, args, MAX_LOG, extra_keys=keys)
    return code_name(name), (level, text, place(file)[0], line, code_name(error))


SPAN_RULES: dict[str, ValueRule] = {
    SQL: _mask_statement,
    "cache": _mask_cache,
    "stream": _mask_names_of_code,
    "template": _mask_names_of_code,
    "view": _mask_view,
}
EVENT_RULES: dict[str, ValueRule] = {"log": _mask_log}


def _mask_facts(facts: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Keep the facts that have a rule; an address has none, `Trace.client` is made of it."""
    masked: dict[str, Any] = {}
    for name, value in facts.items():
        rule = FACT_RULES.get(name)
        if rule is not None:
            masked.update(rule(value, keys))
    return masked


def _scheme(value: Any, keys: Keys) -> dict[str, Any]:
    return {"scheme": value} if value in SCHEMES else {}


def _method(value: Any, keys: Keys) -> dict[str, Any]:
    return {"method": mask_text(value, MAX_NAME, extra_keys=keys)}


def _query(value: Any, keys: Keys) -> dict[str, Any]:
    return {"query": mask_query(value, extra_keys=keys)} if value else {}


def _request_headers(value: Any, keys: Keys) -> dict[str, Any]:
    return _headers("request", allowed_request_headers(value))


def _response_headers(value: Any, keys: Keys) -> dict[str, Any]:
    return _headers("response", allowed_response_headers(value))


def _headers(side: str, headers: MaskedHeaders) -> dict[str, Any]:
    shown = {f"{side}_headers": headers.values}
    return {**shown, f"other_{side}_headers": list(headers.names)} if headers.names else shown


def _cookies(value: Any, keys: Keys) -> dict[str, Any]:
    return {"cookies": cookie_names(value)} if value else {}


def _names(fact: str) -> FactRule:
    def rule(value: Any, keys: Keys) -> dict[str, Any]:
        return {fact: [mask_name(name, MAX_NAME) for name in value]}

    return rule


FACT_RULES: dict[str, FactRule] = {
    "arguments": _names("arguments"),
    "cookie_header": _cookies,
    "method": _method,
    "query": _query,
    "request_headers": _request_headers,
    "response_headers": _response_headers,
    "scheme": _scheme,
    "set_cookies": _names("set_cookies"),
}
