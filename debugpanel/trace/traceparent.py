"""W3C Trace Context: reading and writing `traceparent` (https://www.w3.org/TR/trace-context/)."""

from __future__ import annotations

import re

_FORMAT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16
_INVALID_VERSION = "ff"
_SAMPLED = 0x01


def parse_traceparent(header: object) -> tuple[str, str, bool] | None:
    """Return (trace id, span id, sampled), None for anything that is no valid header."""
    if type(header) is not str or len(header) > 200:
        return None
    match = _FORMAT.fullmatch(header.strip())
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == _INVALID_VERSION or (version == "00" and rest):
        return None
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return trace_id, span_id, bool(int(flags, 16) & _SAMPLED)


def format_traceparent(trace_id: int, span_id: int, *, sampled: bool) -> str:
    """Return a version 00 header for two ids given as numbers."""
    return f"00-{trace_id:032x}-{span_id:016x}-{int(sampled):02x}"
