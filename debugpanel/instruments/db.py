"""Statements and transactions, on every alias, through Django's own `execute_wrappers`.

Our wrapper stands at index 0, put there by identity: Django's `execute_wrapper` context
pops the last one, so an appended wrapper would be popped in place of the application's.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from time import perf_counter_ns
from types import CodeType
from typing import Any
from weakref import WeakSet

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from debugpanel import guard
from debugpanel.instruments.base import Instrument
from debugpanel.trace.budget import append, append_beyond_room
from debugpanel.trace.context import CURRENT
from debugpanel.trace.failures import qualified_name
from debugpanel.trace.model import RawStack, Trace
from debugpanel.trace.patching import Patch, hide_own_frame
from debugpanel.trace.texts import SHARED
from debugpanel.trace.values import MAX_TEXT, type_name

KIND = "sql"
PART = f"instrument {KIND}"
MAX_STACKS = 20
MAX_STACK_FRAMES = 60
MAX_VERB = 20
CUT = "(too long to keep)"

MAX_REPEATS = 1_000

# Longer texts share what one trace may hold of them.
SHORT_TEXT = 1_024

# So that switching off and on reaches the connections of other threads, too.
_known: WeakSet[Any] = WeakSet()
_knowing = threading.Lock()


def record_statement(  # noqa: C901 - in one piece, see below
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Time one statement. Arguments pass through untouched: a generator stays one.

    Written out in one piece: a call more would cost a tenth of what recording costs.
    """
    trace, parent = CURRENT.get()
    if trace is None:
        try:
            return execute(sql, params, many, context)
        except BaseException as error:
            hide_own_frame(error)
            raise
    start_ns = perf_counter_ns()
    try:
        result = execute(sql, params, many, context)
    except BaseException as error:
        _note_failure(trace, parent, start_ns, sql, many, context, error)
        hide_own_frame(error)
        raise
    end_ns = perf_counter_ns()
    try:
        text = SHARED.get(sql) if type(sql) is str else None
        if text is None:
            text = _text_of(trace, sql)
        held = type(params)
        repeats = trace.repeats
        repeats[text] = repeated = repeats.get(text, 0) + 1
        span = (
            start_ns,
            end_ns,
            KIND,
            0,
            parent,
            text,
            context["connection"].alias,
            len(params) if held is tuple or held is list or held is dict else None,
            many,
            context["cursor"].cursor.rowcount,
            "",
            "",
        )
        spans = trace.spans
        if len(spans) < trace.room:
            spans.append(span)
        else:
            append_beyond_room(trace, span)
            if len(repeats) > MAX_REPEATS:
                repeats.clear()
        if repeated == trace.stack_at_repeat or end_ns - start_ns > trace.stack_above_ns:
            _note_stack(trace, text, repeated)
    except Exception as fault:
        guard.report(PART, fault)
    return result


def _text_of(trace: Trace, sql: Any) -> str:
    """Take the head of a long text; name everything else by its type (`psycopg.sql`)."""
    if type(sql) is str and len(sql) <= SHORT_TEXT:
        return sql
    if not issubclass(type(sql), str):
        return type_name(sql)
    text = str.__str__(sql)[: MAX_TEXT + 1]
    if len(text) > trace.sql_room:
        return f"{text[:MAX_VERB].partition(' ')[0]} {CUT}"
    trace.sql_room -= len(text)
    return text


def _note_failure(
    trace: Trace,
    parent: int,
    start_ns: int,
    sql: Any,
    many: bool,
    context: dict[str, Any],
    error: BaseException,
) -> None:
    try:
        text = _text_of(trace, sql)
        name = qualified_name(error)
        values = (context["connection"].alias, None, many, -1, name, "")
        append(trace, (start_ns, perf_counter_ns(), KIND, 0, parent, text, *values))
    except Exception as fault:
        guard.report(PART, fault)


def _note_stack(trace: Trace, text: str, repeated: int) -> None:
    """Remember who sent the statement just appended."""
    if repeated == trace.stack_at_repeat and not text.startswith("<"):
        trace.has_repeats = True
    if trace.closed or len(trace.stacks) >= MAX_STACKS:
        return
    trace.stacks[len(trace.spans) - 1] = walk(3)


def walk(depth: int) -> RawStack:
    """Return (code, instruction) pairs of the callers, innermost first; never frames."""
    frame = sys._getframe(depth)  # noqa: SLF001
    stack: list[tuple[CodeType, int]] = []
    while frame is not None and len(stack) < MAX_STACK_FRAMES:
        stack.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(stack)


def observe_connection(connection: Any) -> None:
    """Put our wrapper around every other one, once."""
    wrappers = connection.execute_wrappers
    if not any(wrapper is record_statement for wrapper in wrappers):
        wrappers.insert(0, record_statement)
        with _knowing:
            _known.add(connection)


def _known_connections() -> list[Any]:
    with _knowing:
        return list(_known)


def _on_connection_created(*, connection: Any, **kwargs: Any) -> None:
    try:
        observe_connection(connection)
    except Exception as fault:
        guard.report(PART, fault)


def _timed(statement: str) -> Callable[[Any, Patch], Any]:
    """Return how to wrap a transaction method of the connection class."""

    def wrap(method: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
        @functools.wraps(method)
        def transact(self: Any, *args: Any, **kwargs: Any) -> Any:
            trace, parent = CURRENT.get()
            if not patch.is_on:
                trace = None
            start_ns = perf_counter_ns()
            try:
                result = method(self, *args, **kwargs)
            except BaseException as error:
                if trace is not None and _is_sent(statement, self, args, kwargs):
                    _note_transaction(trace, parent, start_ns, self, statement, error)
                hide_own_frame(error)
                raise
            if trace is not None and _is_sent(statement, self, args, kwargs):
                _note_transaction(trace, parent, start_ns, self, statement, None)
            return result

        return transact

    return wrap


def _is_sent(
    statement: str, connection: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> bool:
    """Say whether the call begins or ends a transaction on the server.

    Autocommit coming back is no statement of its own; SQLite sends its BEGIN as a query.
    """
    if statement != "BEGIN":
        return True
    autocommit = args[0] if args else kwargs.get("autocommit")
    return autocommit is False and connection.vendor != "sqlite"


def _note_transaction(
    trace: Trace,
    parent: int,
    start_ns: int,
    connection: Any,
    statement: str,
    error: BaseException | None,
) -> None:
    try:
        failed = "" if error is None else qualified_name(error)
        values = (connection.alias, None, False, -1, failed, "")
        append(trace, (start_ns, perf_counter_ns(), KIND, 0, parent, statement, *values))
    except Exception as fault:
        guard.report(PART, fault)


class DatabaseInstrument(Instrument):
    """Every statement of every connection, those opened later included."""

    kind = KIND
    label = "SQL"
    columns = ("alias", "params", "many", "rows", "error", "fingerprint")

    _patches = (
        Patch(BaseDatabaseWrapper, "commit", _timed("COMMIT")),
        Patch(BaseDatabaseWrapper, "rollback", _timed("ROLLBACK")),
        Patch(BaseDatabaseWrapper, "set_autocommit", _timed("BEGIN")),
    )

    def install(self) -> None:
        connection_created.connect(_on_connection_created, dispatch_uid="debugpanel.db")
        for connection in (*connections.all(initialized_only=True), *_known_connections()):
            observe_connection(connection)
        for patch in self._patches:
            patch.put()

    def uninstall(self) -> None:
        connection_created.disconnect(dispatch_uid="debugpanel.db")
        for connection in _known_connections():
            wrappers = connection.execute_wrappers
            wrappers[:] = [wrapper for wrapper in wrappers if wrapper is not record_statement]
        for patch in self._patches:
            patch.remove()
