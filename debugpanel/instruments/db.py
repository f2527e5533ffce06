"""Statements and transactions, on every alias, through Django's own `execute_wrappers`.

Our wrapper stands at index 0, put there by identity: Django's `execute_wrapper` context
pops the last one, so an appended wrapper would be popped in place of the application's.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from debugpanel import guard
from debugpanel.instruments.base import Instrument
from debugpanel.trace.budget import append_beyond_room
from debugpanel.trace.context import CURRENT
from debugpanel.trace.model import RawStack, Trace
from debugpanel.trace.values import MAX_TEXT, type_name

KIND = "sql"
MAX_STACKS = 20
MAX_STACK_FRAMES = 60

_COUNTABLE = frozenset({tuple, list, dict})
_TRANSACTION_METHODS = {"commit": "COMMIT", "rollback": "ROLLBACK"}


def record_statement(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Time one statement. Arguments pass through untouched: a generator stays one."""
    trace, parent = CURRENT.get()
    if trace is None:
        return execute(sql, params, many, context)
    start_ns = perf_counter_ns()
    try:
        result = execute(sql, params, many, context)
    except BaseException as error:
        _note(trace, parent, start_ns, perf_counter_ns(), sql, params, many, context, error)
        _hide_own_frame(error)
        raise
    _note(trace, parent, start_ns, perf_counter_ns(), sql, params, many, context, None)
    return result


def _note(
    trace: Trace,
    parent: int,
    start_ns: int,
    end_ns: int,
    sql: Any,
    params: Any,
    many: bool,
    context: dict[str, Any],
    error: BaseException | None,
) -> None:
    try:
        text = sql if type(sql) is str and len(sql) <= MAX_TEXT else _text_of(sql)
        repeats = trace.repeats
        repeats[text] = repeated = repeats.get(text, 0) + 1
        rows = context["cursor"].cursor.rowcount
        span = (
            start_ns,
            end_ns,
            KIND,
            0,
            parent,
            text,
            context["connection"].alias,
            len(params) if type(params) in _COUNTABLE else None,
            many,
            rows if rows >= 0 else None,
            "" if error is None else type(error).__name__,
            "",
        )
        spans = trace.spans
        if len(spans) < trace.room:
            spans.append(span)
        else:
            append_beyond_room(trace, span)
        trace.query_count += 1
        elapsed_ns = end_ns - start_ns
        trace.query_ns += elapsed_ns
        if repeated == trace.stack_at_repeat or elapsed_ns > trace.stack_above_ns:
            _note_stack(trace, repeated)
    except Exception as fault:
        guard.report("instrument db", fault)


def _text_of(sql: Any) -> str:
    """Take the head of a long text; name everything else by its type (`psycopg.sql`)."""
    if issubclass(type(sql), str):
        return str.__str__(sql)[: MAX_TEXT + 1]
    return type_name(sql)


def _note_stack(trace: Trace, repeated: int) -> None:
    """Remember who sent the statement just appended."""
    trace.most_repeated = max(trace.most_repeated, repeated)
    if trace.closed or len(trace.stacks) >= MAX_STACKS:
        return
    trace.stacks[len(trace.spans) - 1] = walk(3)


def walk(depth: int) -> RawStack:
    """Return (code, instruction) pairs of the callers, innermost first; never frames."""
    frame = sys._getframe(depth)
    stack = []
    while frame is not None and len(stack) < MAX_STACK_FRAMES:
        stack.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(stack)


def _hide_own_frame(error: BaseException) -> None:
    """Drop our frame from the traceback, so that debug pages and error mails stay the same."""
    traceback = error.__traceback__
    if traceback is not None:
        error.__traceback__ = traceback.tb_next


def observe_connection(connection: Any) -> None:
    """Put our wrapper below every other one, once."""
    wrappers = connection.execute_wrappers
    if not any(wrapper is record_statement for wrapper in wrappers):
        wrappers.insert(0, record_statement)


def _on_connection_created(*, connection: Any, **kwargs: Any) -> None:
    try:
        observe_connection(connection)
    except Exception as fault:
        guard.report("instrument db", fault)


def _timed(statement: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a transaction method of the connection class."""

    @functools.wraps(method)
    def transact(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace, parent = CURRENT.get()
        if trace is None:
            return method(self, *args, **kwargs)
        start_ns = perf_counter_ns()
        try:
            result = method(self, *args, **kwargs)
        except BaseException as error:
            _note_transaction(trace, parent, start_ns, self, statement, args, error)
            _hide_own_frame(error)
            raise
        _note_transaction(trace, parent, start_ns, self, statement, args, None)
        return result

    return transact


def _note_transaction(
    trace: Trace,
    parent: int,
    start_ns: int,
    connection: Any,
    statement: str,
    args: tuple[Any, ...],
    error: BaseException | None,
) -> None:
    if statement == "BEGIN" and (not args or args[0] is not False or connection.vendor == "sqlite"):
        # Autocommit coming back is no statement; SQLite sends a BEGIN of its own.
        return
    try:
        failed = "" if error is None else type(error).__name__
        values = (connection.alias, None, False, None, failed, "")
        span = (start_ns, perf_counter_ns(), KIND, 0, parent, statement, *values)
        if len(trace.spans) < trace.room:
            trace.spans.append(span)
        else:
            append_beyond_room(trace, span)
    except Exception as fault:
        guard.report("instrument db", fault)


class DatabaseInstrument(Instrument):
    """Every statement of every connection, those opened later included."""

    kind = KIND
    label = "SQL"
    columns = ("alias", "params", "many", "rows", "error", "fingerprint")

    _originals: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        connection_created.connect(_on_connection_created, dispatch_uid="debugpanel.db")
        for connection in connections.all(initialized_only=True):
            observe_connection(connection)
        if not self._originals:
            self._observe_transactions()

    def _observe_transactions(self) -> None:
        methods = {**_TRANSACTION_METHODS, "set_autocommit": "BEGIN"}
        for name, statement in methods.items():
            original = getattr(BaseDatabaseWrapper, name)
            self._originals[name] = original
            setattr(BaseDatabaseWrapper, name, _timed(statement, original))

    def uninstall(self) -> None:
        connection_created.disconnect(dispatch_uid="debugpanel.db")
        for connection in connections.all(initialized_only=True):
            wrappers = connection.execute_wrappers
            wrappers[:] = [wrapper for wrapper in wrappers if wrapper is not record_statement]
        for name, original in self._originals.items():
            setattr(BaseDatabaseWrapper, name, original)
        self._originals.clear()

