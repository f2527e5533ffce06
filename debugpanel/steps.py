"""The writer's work on a finished trace, one function a step; `recorder.STEPS` has the order.

Each takes a trace and returns it, or None to let it go.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connections

from debugpanel import conf, guard
from debugpanel.analysis.errors import fingerprint_error
from debugpanel.analysis.n_plus_one import find_repeats as repeats_of
from debugpanel.analysis.self_time import self_times
from debugpanel.analysis.sql import Statement, describe_cache
from debugpanel.metrics.rollup import Measurement, StatementCall
from debugpanel.redaction import gate
from debugpanel.sampling import peers
from debugpanel.trace import failures, source
from debugpanel.trace.ids import trace_id_of
from debugpanel.trace.model import SQL, SQL_FINGERPRINT, SQL_LENGTH, Frame, Group, RawStack, Trace
from debugpanel.trace.texts import share

Overflow = dict[tuple[str, str], Group]

EXCEPTION = failures.KIND
VIEW = "view"
MAX_OWN_FRAMES = 20
MAX_APP_FRAMES = 10
MAX_LIBRARY_FRAMES = 5
MAX_KNOWN_ADDRESSES = 128


def name_view(trace: Trace) -> Trace:
    """Give the view's span the name that the resolver knew."""
    trace.spans = [
        (*span[:5], trace.view, *span[6:]) if span[2] == VIEW and not span[5] else span
        for span in trace.spans
    ]
    return trace


def fold_groups(trace: Trace) -> Trace:
    """Turn sums over one template into spans, and put the slowest of the overflow back."""
    for (kind, name), group in trace.__dict__.pop("groups", {}).items():
        trace.spans.append(_span_of_group(kind, name, group))
    for _, _, span in sorted(trace.__dict__.pop("slowest_overflow", ())):
        trace.spans.append(span)
    return trace


def _span_of_group(kind: str, name: str, group: Group) -> tuple[Any, ...]:
    values = (group.count, group.max_ns, group.total_ns, group.label)
    return (group.start_ns, group.end_ns, kind, group.number, group.parent, name, *values)


def sum_queries(trace: Trace) -> Trace:
    """Count the statements, those that were only summed up included. Done once."""
    if "query_ns" not in trace.__dict__:
        trace.query_count, trace.query_ns = trace.count_queries()
    return trace


def resolve_stacks(trace: Trace) -> Trace:
    """Replace code objects by file, function and line."""
    stacks = trace.__dict__.get("stacks")
    if stacks:
        trace.stacks = {index: _telling(_resolved(stack)) for index, stack in stacks.items()}
    return trace


def _telling(frames: list[Frame]) -> list[Frame]:
    """Keep the frames of the project and of apps it uses, and those nearest to the statement."""
    places = [index for index, frame in enumerate(frames) if not source.is_plumbing(frame)]
    own = [index for index in places if frames[index].in_app][:MAX_OWN_FRAMES]
    nearest = range(min(MAX_LIBRARY_FRAMES, len(frames)))
    return [frames[index] for index in sorted({*own, *places[:MAX_APP_FRAMES], *nearest})]


def _resolved(stack: RawStack | list[Frame]) -> list[Frame]:
    return [item if isinstance(item, Frame) else source.resolve(*item) for item in stack]


def finish_exceptions(trace: Trace) -> Trace:
    """Mask messages, resolve frames and find the group of each exception. Done once."""
    events = trace.__dict__.get("events")
    if not events or "errors" in trace.__dict__:
        return trace
    trace.errors = []
    trace.events = [_finished(trace, event) if event[1] == EXCEPTION else event for event in events]
    return trace


def _finished(trace: Trace, event: tuple[Any, ...]) -> tuple[Any, ...]:
    at_ns, kind, parent, name, args, frames, handled, chain = event
    shown, message, resolved = _masked_failure(name, args, frames)
    fingerprint = fingerprint_error(shown, resolved, message)
    if not handled:
        trace.errors.append(fingerprint)
    links = [[relation, *_masked_failure(*linked)] for relation, *linked in chain]
    return (at_ns, kind, parent, shown, message, handled, resolved, links, fingerprint)


def _masked_failure(
    name: str, args: Sequence[Any], frames: RawStack | list[Frame]
) -> tuple[str, str, list[Frame]]:
    message = gate.exception_text(name, args, frozenset(conf.get().REDACT_KEYS))
    return gate.code_name(name), message, _resolved(frames)


@lru_cache(maxsize=64)
def _quotes_strings(alias: str) -> bool:
    """Say whether double quotes hold strings on this alias, as on MySQL and MariaDB."""
    return alias in connections.settings and connections[alias].vendor == "mysql"


class _Statements(dict[tuple[str, str], Statement]):
    """The shapes of the statements of one trace, which sends the same ones several times."""

    def __missing__(self, sent: tuple[str, str]) -> Statement:
        text, alias = sent
        share(text)
        quotes_strings = _quotes_strings(alias)
        statement = self[sent] = describe_cache(text, double_quotes_are_strings=quotes_strings)
        return statement


def normalise_sql(trace: Trace) -> Trace:
    """Replace each statement by its shape: no literal goes further than this."""
    statements = _Statements()
    trace.spans = [
        _normalised(span, statements) if span[2] == SQL and len(span) == SQL_LENGTH else span
        for span in trace.spans
    ]
    overflow = trace.__dict__.get("overflow")
    if overflow:
        trace.overflow = _by_shape(overflow)
    return trace


def _normalised(span: tuple[Any, ...], statements: _Statements) -> tuple[Any, ...]:
    start_ns, end_ns, kind, number, parent, sent, alias, params, many, rows, error, known = span
    if known:
        return span
    shape = statements[sent, alias]
    if rows is not None and rows < 0:
        rows = None
    failed = error and gate.code_name(error)
    values = (alias, params, many, rows, failed, shape.fingerprint)
    return (start_ns, end_ns, kind, number, parent, shape.text, *values)


def _by_shape(overflow: Overflow) -> Overflow:
    """Bring sums of different texts under their shape. The alias is not known any more."""
    quotes_strings = any(_quotes_strings(alias) for alias in connections)
    shaped: Overflow = {}
    for (kind, name), group in overflow.items():
        if kind == SQL and name:
            name = describe_cache(name, double_quotes_are_strings=quotes_strings).text
        known = shaped.setdefault((kind, name), group)
        if known is not group:
            known.merge(group)
    return shaped


def locate_client(trace: Trace) -> Trace:
    """Find the client's address and keep its network only; the headers go."""
    facts = trace.facts
    remote, forwarded = facts.pop("remote_addr", ""), facts.pop("forwarded_for", "")
    is_long = len(remote) + len(forwarded) > MAX_KNOWN_ADDRESSES
    locate = _client_network.__wrapped__ if is_long else _client_network
    trace.client = locate(remote, forwarded, conf.get().TRUSTED_NETWORKS)
    return trace


@lru_cache(maxsize=1024)
def _client_network(remote: str, forwarded: str, trusted: tuple[str, ...]) -> str:
    return peers.truncate_address(peers.client_address(remote, forwarded, trusted))


def redact(trace: Trace) -> Trace:
    """Mask every other field. What fails here never leaves the process."""
    return gate.redact(trace, conf.get())


def find_repeats(trace: Trace) -> Trace:
    """Find statements sent again and again, and who sent them."""
    trace.findings = repeats_of(trace, at_least=conf.get().REPEATS)
    return trace


def measure(trace: Trace) -> Measurement:
    """Take the numbers of one finished trace, before its steps.

    A fault of ours in the details never costs the count itself.
    """
    counted = _count(trace)
    try:
        return _with_details(counted, trace)
    except Exception as fault:
        guard.report("measuring", fault)
        return counted


def _with_details(counted: Measurement, trace: Trace) -> Measurement:
    finish_exceptions(trace)
    sum_queries(trace)
    return counted._replace(
        query_count=trace.query_count,
        query_ns=trace.query_ns,
        self_ns=self_times(trace) if trace.recorded else {},
        statements=_statements(trace),
        errors=tuple(trace.__dict__.get("errors", ())),
    )


def _count(trace: Trace) -> Measurement:
    return Measurement(
        started_s=trace.started_ns / 1_000_000_000,
        kind=trace.kind,
        route=trace.name,
        method=trace.method,
        release=trace.release or conf.get().RELEASE,
        status=trace.status,
        unhandled=trace.unhandled,
        duration_ns=trace.duration_ns,
        cpu_ns=trace.cpu_ns,
        recorded=trace.recorded,
        query_count=0,
        query_ns=0,
        self_ns={},
        trace_id=trace_id_of(trace) if trace.reason else None,
    )


def _statements(trace: Trace) -> list[StatementCall]:
    statements = _Statements()
    measured = []
    for span in trace.spans:
        if span[2] == SQL and len(span) == SQL_LENGTH:
            fingerprint = span[SQL_FINGERPRINT] or statements[span[5], span[6]].fingerprint
            rows = span[9] if span[9] is not None and span[9] >= 0 else None
            measured.append((fingerprint, span[1] - span[0], rows, bool(span[10])))
    return measured
