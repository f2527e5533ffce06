"""Finding one stored trace and reading its payload, whatever state that is in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from debugpanel import conf
from debugpanel.models import Trace as Row
from debugpanel.models import TracePayload, to_microseconds
from debugpanel.panels.rendering.visible import with_visible_text
from debugpanel.trace import codec
from debugpanel.trace.model import Trace

NO_PAYLOAD = "Its spans and events are not stored. What the list knows of it is shown."

_COPIED = (
    "kind",
    "method",
    "path",
    "status",
    "duration_ns",
    "cpu_ns",
    "query_count",
    "query_ns",
    "client",
    "worker",
    "release",
    "reason",
    "weight",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A row and its trace; `problem` says why there are no spans and events in it."""

    row: Row
    trace: Trace
    problem: str = ""


def identity(text: str) -> UUID | None:
    """Read a trace id from an address: 32 hexadecimal digits, or a UUID with dashes."""
    try:
        return UUID(text) if len(text) in (32, 36) else None
    except ValueError:
        return None


def find(trace_id: UUID) -> Stored | None:
    """One statement, whatever there is to find."""
    rows = Row.objects.using(conf.database_alias()).select_related("route", "payload")
    row = rows.filter(pk=trace_id).first()
    return None if row is None else _read(row)


def is_stored(trace_id: UUID) -> bool:
    return Row.objects.using(conf.database_alias()).filter(pk=trace_id).exists()


def _read(row: Row) -> Stored:
    try:
        trace, problem = codec.decode(row.payload.data), ""
    except TracePayload.DoesNotExist:
        trace, problem = _from_row(row), NO_PAYLOAD
    except codec.PayloadError as error:
        trace, problem = _from_row(row), f"{error} What the list knows of it is shown."
    return Stored(row=row, trace=with_visible_text(trace), problem=problem)


def _from_row(row: Row) -> Trace:
    trace = Trace()
    for name in _COPIED:
        setattr(trace, name, getattr(row, name))
    trace.id = row.pk.int
    trace.started_ns = to_microseconds(row.started) * 1000
    trace.name, trace.view = row.route.name, row.route.view
    trace.user = row.user or ""
    trace.remote_id = row.remote_id or ""
    trace.state = "error" if row.error_at else "ok"
    return trace
