"""Taking an exception apart without running any code of its own.

Nothing of the exception is kept: type names, builtin arguments, and (code, instruction)
pairs of its frames. Attributes are read through `BaseException`'s own descriptors, because
a subclass may turn them into properties that raise.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter_ns
from types import CodeType, TracebackType
from typing import Any

from debugpanel.trace.budget import append_event
from debugpanel.trace.model import EXCEPTION, Trace
from debugpanel.trace.values import name_of, plain, size_bytes

KIND = EXCEPTION
MAX_EXCEPTIONS = 20
MAX_CHAIN = 10
MAX_FRAMES_EACH_END = 25
MAX_ARGS = 10
BYTES_PER_FRAME = 24

_args_of = BaseException.__dict__["args"].__get__
_cause_of = BaseException.__dict__["__cause__"].__get__
_context_of = BaseException.__dict__["__context__"].__get__
_suppressed = BaseException.__dict__["__suppress_context__"].__get__
_traceback_of = BaseException.__dict__["__traceback__"].__get__
_members_of = BaseExceptionGroup.__dict__["exceptions"].__get__
_name_of_type = type.__dict__["__qualname__"].__get__
_module_of_type = type.__dict__["__module__"].__get__
_bases_of = type.__dict__["__mro__"].__get__

_DRIVERS = frozenset({"psycopg", "psycopg2", "sqlite3", "MySQLdb", "pymysql", "oracledb"})
_WRAPPERS = "django.db.utils"

RawFailure = tuple[str, list[Any], list[tuple[CodeType, int]]]


def note_exception(trace: Trace, parent: int, error: BaseException, *, handled: bool) -> None:
    """Add an exception event; the same exception seen again only gets its new state."""
    failure = _take(error)
    if trace.exception_id == id(error) and _mark(trace, failure, handled):
        return
    trace.exception_id = id(error)
    chain = [(relation, *_take(linked)) for relation, linked in _chain(error)]
    event = (perf_counter_ns(), KIND, parent, *failure, handled, chain)
    failures = (failure, *(linked[1:] for linked in chain))
    size = sum(size_bytes(args) + len(frames) * BYTES_PER_FRAME for _, args, frames in failures)
    append_event(trace, event, size, MAX_EXCEPTIONS)


def qualified_name(error: BaseException) -> str:
    """Name an exception's type with its module, builtins without."""
    kind = type(error)
    module, name = _module_name(kind), str.__str__(_name_of_type(kind))
    return name if module == "builtins" else f"{module}.{name}"


def _module_name(kind: type) -> str:
    """Return the module of a type; "?" where the class body put something else in its place."""
    module = _module_of_type(kind)
    return module if type(module) is str else "?"


def _mark(trace: Trace, failure: RawFailure, handled: bool) -> bool:
    """Give the event of the same exception its new state. An id may be another's by now."""
    for index in range(len(trace.events) - 1, -1, -1):
        event = trace.events[index]
        if event[1] == KIND:
            if event[3] != failure[0] or event[5][-1:] != failure[2][-1:]:
                return False
            trace.events[index] = (*event[:6], handled, event[7])
            return True
    return False


def _take(error: BaseException) -> RawFailure:
    if _is_database_error(error):
        # The server's text may hold values of rows.
        args = [code] if (code := _database_code(error)) else []
    else:
        args = plain(_args_of(error)[:MAX_ARGS])
    frames = _frames(_traceback_of(error))
    return qualified_name(error), args, frames


def _is_database_error(error: BaseException) -> bool:
    """Say whether the type or a base of it is a database driver's or Django's wrapper."""
    modules = (_module_name(base) for base in _bases_of(type(error)))
    return any(module.split(".")[0] in _DRIVERS or module == _WRAPPERS for module in modules)


def _database_code(error: BaseException) -> str:
    """Return a database error's SQLSTATE or number, as the driver holds it."""
    cause = _cause_of(error)
    if cause is None:
        cause = error
    driver = _module_name(type(cause)).split(".")[0]
    if driver in ("psycopg", "psycopg2"):
        state = getattr(cause, "sqlstate" if driver == "psycopg" else "pgcode", None)
        return f"SQLSTATE {state}" if type(state) is str else ""
    if driver == "sqlite3":
        name = getattr(cause, "sqlite_errorname", None)
        return name if type(name) is str else ""
    if driver == "MySQLdb":
        args = _args_of(cause)
        return f"error {args[0]}" if args and type(args[0]) is int else ""
    return ""


def failed_as(error: BaseException | None) -> str:
    """Name what a span ended with: "" when with nothing."""
    return "" if error is None else name_of(type(error))


def _frames(traceback: TracebackType | None) -> list[tuple[CodeType, int]]:
    """Return the first and last frames, outermost first."""
    frames: list[tuple[CodeType, int]] = []
    while traceback is not None:
        if len(frames) >= 2 * MAX_FRAMES_EACH_END:
            del frames[MAX_FRAMES_EACH_END]
        frames.append((traceback.tb_frame.f_code, traceback.tb_lasti))
        traceback = traceback.tb_next
    return frames


def _chain(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """Yield what led to an exception, nearest first, then the members of a group."""
    seen = {id(error)}
    current: BaseException | None = error
    while current is not None and len(seen) < MAX_CHAIN:
        relation, current = _before(current)
        if current is None or id(current) in seen:
            break
        seen.add(id(current))
        yield relation, current
    if issubclass(type(error), BaseExceptionGroup):
        for member in _members_of(error)[: MAX_CHAIN - len(seen)]:
            yield "group", member


def _before(error: BaseException) -> tuple[str, BaseException | None]:
    cause = _cause_of(error)
    if cause is not None:
        return "cause", cause
    if _suppressed(error):
        return "context", None
    return "context", _context_of(error)
