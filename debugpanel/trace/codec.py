"""The stored form of a trace: a version byte, then compressed JSON.

    [header, names, spans, events, frames, stacks, overflow, extras]

    header    attributes that differ from their defaults, by name
    names     [kind, name] of spans, each pair once
    spans     six columns: starts, durations, numbers, parents, indexes of names, values
    events    [at, kind, parent, name, *values]
    frames    every resolved frame, once
    stacks    {index of a span: indexes of its frames}
    overflow  [kind, name, number, parent, start, end, count, total, longest, label]
    extras    facts, notes, findings... by name

Times count from the trace's start. Columns are faster than rows, and smaller (60 spans:
120 us instead of 187, 1.5 KB instead of 2.3). Every version that was ever written stays
readable. Reading makes nothing but plain data, and at most `MAX_EXPANDED_BYTES` of it.
"""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from debugpanel.trace.model import EventTuple, Frame, Group, SpanTuple, Trace
from debugpanel.trace.values import plain, type_name

VERSION = 1
MAX_STORED_BYTES = 240 * 1024
"""Below 256 KiB: PostgreSQL's driver doubles it, and a statement has 512 KiB."""
MAX_EXPANDED_BYTES = 4 * 1024 * 1024
MAX_NESTING = 16
COMPRESSION_LEVEL = 1
EXCEPTION = "exception"

_HEADER = (
    "id",
    "kind",
    "name",
    "view",
    "method",
    "path",
    "started_ns",
    "duration_ns",
    "total_ns",
    "cpu_ns",
    "status",
    "state",
    "unhandled",
    "recorded",
    "forced",
    "streaming",
    "reason",
    "weight",
    "release",
    "worker",
    "user",
    "client",
    "remote_id",
    "remote_parent",
    "first_byte_ns",
    "query_count",
    "query_ns",
)
_EXTRAS = ("facts", "notes", "findings", "dropped", "event_counts", "errors")
_DEFAULTS = {name: getattr(Trace, name) for name in _HEADER}
_NUMBERS = (int, float)


class PayloadError(ValueError):
    """Raised for stored data that cannot be read; the text says why in plain words."""


class _Indexed(dict[Any, int]):
    """Gives each thing an index, in the order in which they are first asked for."""

    def __missing__(self, thing: Any) -> int:
        index = self[thing] = len(self)
        return index


def encode(trace: Trace) -> bytes:
    """Return the stored form; what is too large loses its least valuable spans and events."""
    data = _encode(trace)
    if data is None:
        data = _encode_smaller(copy.copy(trace))
    return data


def _encode(trace: Trace) -> bytes | None:
    """Return the stored form, or None where it would be too large."""
    document = _to_document(trace)
    try:
        text = _to_json(document)
    except (TypeError, ValueError, RecursionError):
        text = _to_json(_plain_deep(document, 0))
    if len(text) > MAX_EXPANDED_BYTES:
        return None
    data = bytes([VERSION]) + zlib.compress(text, COMPRESSION_LEVEL)
    return data if len(data) <= MAX_STORED_BYTES else None


_encoder = json.JSONEncoder(
    separators=(",", ":"), check_circular=False, default=lambda value: _plain_leaf(value)
)


def _to_json(document: list[Any]) -> bytes:
    # ASCII only: lone surrogates survive as escapes, and no text can fail to be encoded.
    return _encoder.encode(document).encode("ascii")


def _to_document(trace: Trace) -> list[Any]:
    names, frames = _Indexed(), _Indexed()
    start_ns, held = trace.start_ns, trace.__dict__
    spans = _span_columns(trace.spans, start_ns, names)
    events = [_event_row(event, start_ns, frames) for event in held.get("events", ())]
    stacks = {
        index: [frames[frame] for frame in stack] for index, stack in held.get("stacks", {}).items()
    }
    overflow = [_group_row(key, one, start_ns) for key, one in held.get("overflow", {}).items()]
    extras = {name: held[name] for name in _EXTRAS if held.get(name)}
    if "findings" in extras:
        extras["findings"] = [_finding_row(finding, frames) for finding in extras["findings"]]
    return [_header(held), list(names), spans, events, list(frames), stacks, overflow, extras]


def _header(held: dict[str, Any]) -> dict[str, Any]:
    return {name: held[name] for name in _HEADER if name in held and held[name] != _DEFAULTS[name]}


def _span_columns(spans: Sequence[SpanTuple], start_ns: int, names: _Indexed) -> list[list[Any]]:
    return [
        [span[0] - start_ns for span in spans],
        [span[1] - span[0] for span in spans],
        [span[3] for span in spans],
        [span[4] for span in spans],
        [names[span[2], span[5]] for span in spans],
        [span[6:] for span in spans],
    ]


def _event_row(event: EventTuple, start_ns: int, frames: _Indexed) -> list[Any]:
    if event[1] == EXCEPTION:
        event = _with_stacks(event, lambda stack: [frames[frame] for frame in stack])
    return [event[0] - start_ns, *event[1:]]


def _with_stacks(event: Sequence[Any], change: Callable[[Any], list[Any]]) -> EventTuple:
    """Return an exception event with each of its stacks changed."""
    if len(event) != 9:
        return tuple(event)
    *first, stack, chain, fingerprint = event
    links = [[*link[:3], change(link[3])] for link in chain]
    return (*first, change(stack), links, fingerprint)


def _finding_row(finding: dict[str, Any], frames: _Indexed) -> dict[str, Any]:
    frame = finding.get("frame")
    return {**finding, "frame": frames[frame]} if isinstance(frame, Frame) else finding


def _group_row(key: tuple[str, str], group: Group, start_ns: int) -> list[Any]:
    return [
        *key,
        group.number,
        group.parent,
        group.start_ns - start_ns,
        group.end_ns - start_ns,
        group.count,
        group.total_ns,
        group.max_ns,
        group.label,
    ]


def _plain_leaf(value: Any) -> Any:
    """Return what JSON takes in place of anything else."""
    known = plain(value)
    if isinstance(known, str | int | float | list | dict | None):
        return known
    return str(known)


def _plain_deep(value: Any, depth: int) -> Any:
    """Return a copy of what JSON refused: no deeper, and no longer numbers, than it takes."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool | float | None):
        return value
    if isinstance(value, int):
        return int(value) if value.bit_length() < 1024 else f"<int: {value.bit_length()} bits>"
    if depth > MAX_NESTING and isinstance(value, list | tuple | dict):
        return type_name(value)
    if isinstance(value, list | tuple):
        return [_plain_deep(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_plain_key(key): _plain_deep(item, depth + 1) for key, item in value.items()}
    return _plain_leaf(value)


def _plain_key(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    return str(_plain_deep(key, MAX_NESTING + 1))


# -- what is too large


def _encode_smaller(trace: Trace) -> bytes:
    """Halve the spans and events, least valuable first, until the rest fits."""
    trace.dropped = dict(trace.dropped)
    while trace.spans or trace.events:
        keep_spans, keep_events = len(trace.spans) // 2, len(trace.events) // 2
        _drop_spans(trace, keep_spans)
        _drop_events(trace, keep_events)
        data = _encode(trace)
        if data is not None:
            return data
    return _encode_bare(trace)


def _encode_bare(trace: Trace) -> bytes:
    """Store only the numbers of a trace whose facts and notes alone are too large."""
    for name in ("overflow", "stacks", *_EXTRAS):
        if name != "dropped":
            trace.__dict__.pop(name, None)
    trace.count_dropped("size: facts and notes")
    for name in ("name", "view", "path", "user"):
        setattr(trace, name, getattr(trace, name)[:1_000])
    data = _encode(trace)
    if data is None:
        raise PayloadError("The trace is too large to be stored, even without its spans.")
    return data


def _drop_spans(trace: Trace, keep: int) -> None:
    """Keep the longest spans and those that have a stack, in their order."""
    count = len(trace.spans)
    stacks = trace.stacks

    def worth(index: int) -> tuple[bool, int]:
        span = trace.spans[index]
        return (index in stacks or span[3] != 0, span[1] - span[0])

    kept = sorted(sorted(range(count), key=worth, reverse=True)[:keep])
    moved = {old: new for new, old in enumerate(kept)}
    trace.spans = [trace.spans[index] for index in kept]
    trace.stacks = {moved[old]: stack for old, stack in stacks.items() if old in moved}
    trace.findings = [_with_moved_spans(finding, moved) for finding in trace.findings]
    trace.count_dropped("size: spans", count - len(kept))


def _with_moved_spans(finding: dict[str, Any], moved: dict[int, int]) -> dict[str, Any]:
    if "spans" not in finding:
        return finding
    return {**finding, "spans": [moved[old] for old in finding["spans"] if old in moved]}


def _drop_events(trace: Trace, keep: int) -> None:
    """Keep exceptions first, then log records by level."""
    events = trace.events

    def worth(index: int) -> tuple[bool, int]:
        event = events[index]
        level = event[4] if event[1] == "log" and len(event) > 4 else 0
        return (event[1] == EXCEPTION, level if isinstance(level, int) else 0)

    kept = sorted(sorted(range(len(events)), key=worth, reverse=True)[:keep])
    trace.count_dropped("size: events", len(events) - len(kept))
    trace.events = [events[index] for index in kept]


# -- reading


def decode(data: bytes | memoryview) -> Trace:
    """Return a stored trace. Raises PayloadError for everything that is not one."""
    raw = bytes(data)
    if not raw:
        raise PayloadError("The stored trace is empty.")
    read = _READERS.get(raw[0])
    if read is None:
        raise PayloadError(
            f"The stored trace has version {raw[0]}, which this release cannot read."
        )
    document = _from_json(_expand(raw[1:]))
    try:
        return read(document)
    except PayloadError:
        raise
    except Exception as error:
        raise PayloadError(f"The stored trace is damaged ({type(error).__name__}).") from error


def _expand(compressed: bytes) -> bytes:
    expander = zlib.decompressobj()
    try:
        text = expander.decompress(compressed, MAX_EXPANDED_BYTES + 1)
    except zlib.error as error:
        raise PayloadError("The stored trace is damaged: it cannot be decompressed.") from error
    if len(text) > MAX_EXPANDED_BYTES:
        raise PayloadError("The stored trace is larger than any trace may be.")
    if not expander.eof:
        raise PayloadError("The stored trace is incomplete.")
    return text


def _from_json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PayloadError("The stored trace is damaged: it is not readable JSON.") from error


def _read_version_1(document: Any) -> Trace:
    header, names, spans, events, frames, stacks, overflow, extras = document
    known = [_frame(row) for row in frames]
    trace = Trace()
    _read_header(trace, header)
    trace.spans = _read_spans(spans, names)
    if events:
        trace.events = [_read_event(row, known) for row in events]
    if stacks:
        trace.stacks = {int(at): _stack(row, known) for at, row in stacks.items()}
    if overflow:
        trace.overflow = dict(_read_group(row) for row in overflow)
    _read_extras(trace, extras, known)
    trace.closed = True
    return trace


def _checked(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise PayloadError(f"The stored trace is damaged: {type_name(value)} in a wrong place.")
    return value


def _frame(row: Any) -> Frame:
    file, function, line, in_app = row
    _checked(file, str), _checked(function, str), _checked(line, int), _checked(in_app, bool)
    return Frame(file, function, line, in_app)


def _stack(indexes: Any, frames: list[Frame]) -> list[Frame]:
    return [frames[_checked(index, int)] for index in indexes]


def _read_header(trace: Trace, header: Any) -> None:
    for name, value in header.items():
        if name not in _DEFAULTS:
            raise PayloadError("The stored trace is damaged: it has an unknown attribute.")
        setattr(trace, name, _checked(value, *_types_of(name)))


def _types_of(name: str) -> tuple[type, ...]:
    kind = type(_DEFAULTS[name])
    if name == "cpu_ns":
        return (int,)
    return _NUMBERS if kind is float else (kind,)


def _read_spans(columns: list[list[Any]], names: list[list[str]]) -> list[SpanTuple]:
    return [
        _read_span((start_ns, duration_ns, number, parent), names[index], values)
        for start_ns, duration_ns, number, parent, index, values in zip(*columns, strict=True)
    ]


def _read_span(numbers: tuple[Any, ...], names: list[Any], values: Any) -> SpanTuple:
    start_ns, duration_ns, number, parent = (_checked(one, int) for one in numbers)
    kind, name = (_checked(one, str) for one in names)
    return (start_ns, start_ns + duration_ns, kind, number, parent, name, *_checked(values, list))


def _read_event(event: list[Any], frames: list[Frame]) -> EventTuple:
    at_ns, kind, parent, name = event[:4]
    _checked(at_ns, int), _checked(kind, str), _checked(parent, int), _checked(name, str)
    if kind == EXCEPTION:
        return _with_stacks(event, lambda stack: _stack(stack, frames))
    return tuple(event)


def _read_group(row: list[Any]) -> tuple[tuple[str, str], Group]:
    kind, name, *numbers, label = row
    for number in numbers:
        _checked(number, int)
    group = Group(numbers[0], numbers[1], numbers[2], _checked(label, str))
    group.end_ns, group.count, group.total_ns, group.max_ns = numbers[3:]
    return (_checked(kind, str), _checked(name, str)), group


def _read_extras(trace: Trace, extras: Any, frames: list[Frame]) -> None:
    for name, value in extras.items():
        if name not in _EXTRAS:
            raise PayloadError("The stored trace is damaged: it has an unknown part.")
        setattr(trace, name, _checked(value, list if name in ("findings", "errors") else dict))
    for finding in trace.__dict__.get("findings", ()):
        if finding.get("frame") is not None:
            finding["frame"] = frames[_checked(finding["frame"], int)]


_READERS: dict[int, Callable[[Any], Trace]] = {1: _read_version_1}
