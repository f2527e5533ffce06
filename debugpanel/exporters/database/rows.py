"""From a finished trace and from buckets to the rows of our tables."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from debugpanel.analysis.sql import text_of
from debugpanel.conf import Settings
from debugpanel.metrics.rollup import Bucket, ErrorBucket, StatementBucket
from debugpanel.models import (
    MAX_NAME,
    MAX_PATH,
    MAX_WORD,
    ErrorRollup,
    Rollup,
    Stage,
    StatementRollup,
    route_key,
)
from debugpanel.redaction.storable import cut, storable
from debugpanel.sampling.tail import slow_ns
from debugpanel.store.inserts import Insert, Row
from debugpanel.trace import codec
from debugpanel.trace.ids import trace_id_of
from debugpanel.trace.model import EventTuple, Frame, Trace

MAX_KIND = 16
MAX_MESSAGE = 500
MAX_STATEMENT = 8 * 1024
MAX_FINGERPRINT = 32
MAX_STATE = 60_000
_MAX_NUMBER = 2**63 - 1
_MAX_SMALL = 32_767
_NS_PER_US = 1_000
_US_PER_S = 1_000_000

ROUTES = Insert(
    table="debugpanel_route",
    columns=("id", "kind", "name", "view", "first_seen"),
    key="id",
    is_dictionary=True,
)
# The view of a route may change with a release, and buckets do not know it.
VIEWED_ROUTES = dataclasses.replace(ROUTES, updates=("view",))
ERROR_GROUPS = Insert(
    table="debugpanel_errorgroup",
    columns=(
        "fingerprint",
        "name",
        "message",
        "file",
        "function",
        "line",
        "release",
        "first_seen",
        "first_trace",
        "state",
    ),
    key="fingerprint",
    is_dictionary=True,
)
STATEMENTS = Insert(
    table="debugpanel_statement",
    columns=("fingerprint", "text", "first_seen"),
    key="fingerprint",
    is_dictionary=True,
)
TRACES = Insert(
    table="debugpanel_trace",
    columns=(
        "id",
        "started",
        "kind",
        "route_id",
        "method",
        "path",
        "status",
        "status_class",
        "duration_ns",
        "cpu_ns",
        "query_count",
        "query_ns",
        "user",
        "client",
        "worker",
        "release",
        "reason",
        "weight",
        "stored_bytes",
        "remote_id",
        "error_group_id",
        "error_at",
        "slow_at",
    ),
    key="id",
)
PAYLOADS = Insert(
    table="debugpanel_tracepayload",
    columns=("trace_id", "data"),
    key="trace_id",
    binary=frozenset({1}),
)
WORKERS = Insert(
    table="debugpanel_worker",
    columns=("name", "release", "started", "seen", "state"),
    key="name",
    updates=("release", "started", "seen", "state"),
)


@dataclass(slots=True, kw_only=True)
class TraceRows:
    """What one trace adds to each table."""

    trace: Row
    payload: Row
    route: Row
    error_groups: list[Row] = field(default_factory=list)
    statements: list[Row] = field(default_factory=list)


def rows_of_trace(
    trace: Trace, settings: Settings, known: Collection[Any], *, has_uuid_type: bool
) -> TraceRows:
    """Return the rows of one trace; of statements only those that are not yet `known`."""
    data = codec.encode(trace)
    trace_id = uuid_text(trace_id_of(trace), has_uuid_type=has_uuid_type)
    started = trace.started_ns // _NS_PER_US
    route = route_row(trace.kind, trace.name, trace.view, started)
    return TraceRows(
        trace=_trace_row(trace, trace_id, route[0], len(data), settings),
        payload=(trace_id, data),
        route=route,
        error_groups=list(_error_group_rows(trace, trace_id, started)),
        statements=list(_statement_rows(trace, started, known)),
    )


def route_row(kind: str, name: str, view: str, first_seen: int) -> Row:
    kind, name = text(kind, MAX_KIND), text(name, MAX_NAME)
    return (route_key(kind, name), kind, name, text(view, MAX_NAME), first_seen)


def text(value: str, limit: int) -> str:
    """Return what every database takes."""
    return cut(storable(value), limit)


def uuid_text(number: int, *, has_uuid_type: bool) -> str:
    """Write an id as its column takes it; MariaDB wants the hyphens."""
    digits = f"{number:032x}"
    if not has_uuid_type:
        return digits
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def whole(number: int, limit: int = _MAX_NUMBER) -> int:
    return 0 if number < 0 else min(number, limit)


def _trace_row(
    trace: Trace, trace_id: Any, route_id: int, stored_bytes: int, settings: Settings
) -> Row:
    started = trace.started_ns // _NS_PER_US
    errors = trace.__dict__.get("errors")
    has_failed = trace.unhandled or trace.status >= 500 or trace.state == "error"
    is_slow = trace.reason == "slow" or trace.duration_ns >= slow_ns(trace, settings)
    return (
        trace_id,
        started,
        text(trace.kind, MAX_KIND),
        route_id,
        text(trace.method, MAX_KIND),
        text(trace.path, MAX_PATH),
        whole(trace.status, _MAX_SMALL),
        trace.status // 100 if 100 <= trace.status < 600 else 0,
        whole(trace.duration_ns),
        None if trace.cpu_ns is None else whole(trace.cpu_ns),
        whole(trace.query_count, 2**31 - 1),
        whole(trace.query_ns),
        text(trace.user, MAX_NAME) or None,
        text(trace.client, MAX_WORD),
        text(trace.worker, MAX_WORD),
        text(trace.release, MAX_WORD),
        text(trace.reason, MAX_KIND),
        float(trace.weight),
        stored_bytes,
        text(trace.remote_id, MAX_FINGERPRINT) or None,
        text(errors[0], MAX_FINGERPRINT) if errors else None,
        started if has_failed else None,
        started if is_slow else None,
    )


def _error_group_rows(trace: Trace, trace_id: Any, started: int) -> Iterator[Row]:
    """Yield the group of each error; one without an event is known by its fingerprint only."""
    errors = trace.__dict__.get("errors")
    if not errors:
        return
    events = {event[-1]: event for event in trace.events if event[1] == codec.EXCEPTION}
    release = text(trace.release, MAX_WORD)
    for fingerprint in dict.fromkeys(errors):
        described = _described(events.get(fingerprint))
        key = text(fingerprint, MAX_FINGERPRINT)
        yield (key, *described, release, started, trace_id, "open")


def _described(event: EventTuple | None) -> tuple[str, str, str, str, int]:
    """Return an exception's name and message, and file, function and line of its place."""
    if event is None:
        return ("", "", "", "", 0)
    frames = [frame for frame in event[6] if isinstance(frame, Frame)]
    own = [frame for frame in frames if frame.in_app]
    place = (own or frames or [Frame("", "", 0, False)])[-1]
    return (
        text(event[3], MAX_NAME),
        text(event[4], MAX_MESSAGE),
        text(place.file, MAX_NAME),
        text(place.function, MAX_NAME),
        whole(place.line, 2**31 - 1),
    )


def _statement_rows(trace: Trace, started: int, known: Collection[str]) -> Iterator[Row]:
    for span in trace.spans:
        if span[2] == "sql" and len(span) > 11 and span[11] and span[11] not in known:
            yield (text(span[11], MAX_FINGERPRINT), text(span[5], MAX_STATEMENT), started)


def route_row_of_bucket(bucket: Bucket) -> Row:
    key = bucket.key
    return route_row(key.kind, key.route, "", key.start_s * _US_PER_S)


def rollup_row(bucket: Bucket) -> Row:
    key = bucket.key
    route_id = route_row_of_bucket(bucket)[0]
    key = key._replace(method=text(key.method, MAX_KIND), release=text(key.release, MAX_WORD))
    bucket.key = key
    return (Stage.PARTIAL.value, *Rollup.to_row(bucket, route_id))


def statement_rollup_row(bucket: StatementBucket) -> Row:
    return (Stage.PARTIAL.value, *StatementRollup.to_row(bucket))


def statement_row(bucket: StatementBucket) -> Row | None:
    """Return the text of a summed up statement, None when it is not known any more."""
    shape = text_of(bucket.fingerprint)
    if not shape:
        return None
    return (bucket.fingerprint, text(shape, MAX_STATEMENT), bucket.hour_start_s * _US_PER_S)


def error_rollup_row(bucket: ErrorBucket) -> Row:
    return (Stage.PARTIAL.value, *ErrorRollup.to_row(bucket))


def worker_row(state: dict[str, Any], now: int) -> Row:
    """Return a process's row; its state stays JSON when it is cut short."""
    written = json.dumps(state, default=str)
    if len(written) > MAX_STATE:
        short = {name: one for name, one in state.items() if not isinstance(one, dict | list)}
        written = json.dumps({**short, "shortened": True}, default=str)
    return (
        text(str(state.get("worker", "")), MAX_WORD),
        text(str(state.get("release", "")), MAX_WORD),
        int(float(state.get("started_s", 0)) * _US_PER_S),
        now,
        written,
    )
