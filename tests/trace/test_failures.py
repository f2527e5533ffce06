from __future__ import annotations

import datetime as dt
import sqlite3
import sys
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from debugpanel.trace import budget, failures
from debugpanel.trace.failures import (
    MAX_ARGS,
    MAX_CHAIN,
    MAX_EXCEPTIONS,
    MAX_FRAMES_EACH_END,
    note_exception,
    qualified_name,
)
from debugpanel.trace.model import Event, Trace
from debugpanel.trace.values import MAX_TEXT


def _refuse(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("code of the application ran")


class HostileMeta(type):
    __name__ = property(_refuse)  # type: ignore[assignment]
    __module__ = property(_refuse)  # type: ignore[assignment]
    __instancecheck__ = __subclasscheck__ = __eq__ = __hash__ = _refuse  # type: ignore[assignment]
    __bool__ = __getattribute__ = _refuse  # type: ignore[assignment]


class Hostile(Exception, metaclass=HostileMeta):  # noqa: N818
    """Every attribute and method of it is the application's code."""

    args = property(_refuse)  # type: ignore[assignment]
    __cause__ = property(_refuse)  # type: ignore[assignment]
    __context__ = property(_refuse)  # type: ignore[assignment]
    __suppress_context__ = property(_refuse)  # type: ignore[assignment]
    __traceback__ = property(_refuse)  # type: ignore[assignment]
    __class__ = property(_refuse)  # type: ignore[assignment]
    __str__ = __repr__ = __eq__ = __hash__ = __bool__ = __len__ = _refuse  # type: ignore[assignment]
    __getattr__ = __getattribute__ = __iter__ = _refuse  # type: ignore[assignment]


def opened() -> Trace:
    trace = Trace()
    budget.open_room(trace, 500)
    return trace


def note(error: BaseException, trace: Trace | None = None) -> Event:
    trace = trace or opened()
    note_exception(trace, 0, error, handled=False)
    return list(trace.iter_events())[-1]


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def test_nothing_of_a_hostile_exception_is_called() -> None:
    # Raising it would run its code already.
    hostile = Hostile("secret")
    traceback = raised(ValueError()).__traceback__
    BaseException.__dict__["__traceback__"].__set__(hostile, traceback)
    event = note(hostile)
    assert event.name == "tests.trace.test_failures.Hostile"
    assert event.values[0] == ["secret"]
    assert [code.co_name for code, _ in event.values[1]] == ["raised"]


def test_a_hostile_cause_is_linked_without_a_look_at_it() -> None:
    error = raised(ValueError("x"))
    BaseException.__dict__["__cause__"].__set__(error, Hostile("cause"))
    [(relation, name, args, _)] = note(error).values[3]
    assert (relation, args) == ("cause", ["cause"])
    assert name.endswith(".Hostile")


def test_a_database_error_with_a_hostile_cause_is_noted() -> None:
    error = raised(IntegrityError("Key (email)=(a@b) exists"))
    BaseException.__dict__["__cause__"].__set__(error, Hostile("cause"))
    assert note(error).values[0] == []


@pytest.mark.parametrize("module", [5, None, object(), property(_refuse)])
def test_a_module_that_is_no_text_is_not_asked_for_one(module: Any) -> None:
    odd = type("Odd", (Exception,), {"__module__": module})
    assert qualified_name(odd()) == "?.Odd"
    assert note(odd()).name == "?.Odd"


class OddText(str):
    __slots__ = ()
    __str__ = __format__ = __eq__ = __len__ = _refuse  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def test_a_qualified_name_of_an_own_text_type_is_taken_plainly() -> None:
    odd = type("Odd", (Exception,), {"__qualname__": OddText("Outer.Odd")})
    assert type(note(odd()).name) is str


def test_arguments_become_plain_values() -> None:
    event = note(ValueError(Hostile("x"), OddText("text"), b"12", [object()], {"a": {1: object()}}))
    assert event.values[0] == [
        "<Hostile>",
        "text",
        "<bytes: 2>",
        ["<object>"],
        {"a": {"1": "<object>"}},
    ]


def test_a_message_of_50_mib_is_cut() -> None:
    trace = opened()
    event = note(ValueError("x" * (50 * 1024 * 1024)), trace)
    assert len(event.values[0][0]) == MAX_TEXT
    assert budget.text_bytes(trace) < 2 * MAX_TEXT


def test_arguments_are_bounded_together() -> None:
    level: Any = ["x" * 1_000] * 50
    for _ in range(3):
        level = [level] * 50
    event = note(ValueError(*[level] * 100))
    assert len(event.values[0]) == MAX_ARGS
    assert len(repr(event.values)) < 4 * MAX_TEXT


def test_numbers_too_long_to_print_become_their_size() -> None:
    assert note(ValueError(10**10_000)).values[0] == [f"<int: {(10**10_000).bit_length()} bits>"]


def test_a_zone_of_the_applications_own_is_not_kept() -> None:
    class Zone(dt.tzinfo):
        utcoffset = dst = tzname = _refuse  # type: ignore[assignment]

    event = note(ValueError(dt.datetime(2026, 1, 1, tzinfo=Zone())))
    assert event.values[0] == ["<datetime>"]


def test_a_chain_is_followed_and_bounded() -> None:
    error: BaseException = ValueError("0")
    for number in range(1_000):
        following = KeyError(str(number))
        following.__cause__ = error
        error = following
    chain = note(error).values[3]
    assert len(chain) == MAX_CHAIN - 1
    assert [name for _, name, *_ in chain] == ["KeyError"] * (MAX_CHAIN - 1)


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    assert [name for _, name, *_ in note(first).values[3]] == ["KeyError"]
    first.__cause__ = first
    assert note(first).values[3] == []


def with_context() -> None:
    try:
        raise KeyError("inner")
    except KeyError:
        raise ValueError("outer")  # noqa: B904


def test_a_context_is_told_apart_from_a_cause() -> None:
    with pytest.raises(ValueError, match="outer") as caught:
        with_context()
    assert [link[:2] for link in note(caught.value).values[3]] == [("context", "KeyError")]
    caught.value.__suppress_context__ = True
    assert note(caught.value).values[3] == []


def test_members_of_a_group_are_bounded() -> None:
    group = ExceptionGroup("many", [ValueError(str(number)) for number in range(1_000)])
    chain = note(group).values[3]
    assert [relation for relation, *_ in chain] == ["group"] * (MAX_CHAIN - 1)


def test_a_group_of_groups_does_not_grow() -> None:
    group: Exception = ValueError("x")
    for _ in range(500):
        group = ExceptionGroup("level", [group, group])
    assert len(note(group).values[3]) == 2


def test_ten_thousand_frames_keep_both_ends() -> None:
    def descend(depth: int) -> None:
        if depth:
            descend(depth - 1)
        raise ValueError("deep")

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(12_000)
    try:
        descend(10_000)
    except ValueError as error:
        frames = note(error).values[1]
    finally:
        sys.setrecursionlimit(limit)
    assert len(frames) == 2 * MAX_FRAMES_EACH_END
    assert frames[0][0].co_name == "test_ten_thousand_frames_keep_both_ends"
    assert frames[-1][0].co_name == "descend"


def test_no_frame_is_kept_alive() -> None:
    error = raised(ValueError("x"))
    event = note(error)
    held = [item for pair in event.values[1] for item in pair]
    assert {type(item).__name__ for item in held} == {"code", "int"}


def test_the_same_exception_again_only_changes_its_state() -> None:
    trace = opened()
    error = raised(ValueError("x"))
    note_exception(trace, 0, error, handled=True)
    note_exception(trace, 0, error, handled=False)
    [event] = trace.iter_events()
    assert event.values[2] is False


def test_another_exception_at_the_same_address_is_another_one() -> None:
    trace = opened()
    note_exception(trace, 0, raised(ValueError("first")), handled=True)
    second = raised(KeyError("second"))
    trace.exception_id = id(second)
    note_exception(trace, 0, second, handled=False)
    assert [(event.name, event.values[2]) for event in trace.iter_events()] == [
        ("ValueError", True),
        ("KeyError", False),
    ]


def test_exceptions_of_one_trace_are_bounded_and_counted() -> None:
    trace = opened()
    errors = [ValueError(str(number)) for number in range(100)]
    for error in errors:
        note_exception(trace, 0, error, handled=True)
    assert len(trace.events) == MAX_EXCEPTIONS
    assert trace.event_counts == {"exception": 100}
    assert trace.dropped == {"exception": 80}


def test_an_exception_finds_room_however_much_was_logged() -> None:
    trace = opened()
    while not trace.dropped:
        budget.append_event(trace, (0, "log", 0, "host"), 10_000, 1_000)
    note(ValueError("x"), trace)
    assert trace.events[-1][1] == "exception"


class OwnIntegrityError(IntegrityError):
    pass


class OwnSqliteError(sqlite3.OperationalError):
    pass


@pytest.mark.parametrize("kind", [IntegrityError, OwnIntegrityError, OwnSqliteError])
def test_the_servers_text_is_never_taken(kind: type[Exception]) -> None:
    assert note(kind("Key (email)=(reader@example.org) already exists.")).values[0] == []


def test_a_drivers_code_takes_the_place_of_its_text() -> None:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("SELECT secret FROM missing")
    except sqlite3.Error as cause:
        error = OperationalError("no such table: missing")
        error.__cause__ = cause
        assert note(error).values[0] == ["SQLITE_ERROR"]
        assert note(error).values[3][0][2] == ["SQLITE_ERROR"]
    finally:
        connection.close()


def test_a_psycopg_error_gives_its_sqlstate() -> None:
    from psycopg import errors

    assert note(errors.UniqueViolation("Key (email)=(a@b)")).values[0] == ["SQLSTATE 23505"]


def test_a_module_that_only_sounds_like_a_driver_is_asked_nothing() -> None:
    odd = type("Odd", (Exception,), {"__module__": "psycopgish", "sqlstate": property(_refuse)})
    error = raised(IntegrityError("x"))
    error.__cause__ = odd("y")
    assert note(error).values[0] == []


def test_what_comes_after_the_close_is_only_counted() -> None:
    trace = opened()
    trace.closed = True
    note_exception(trace, 0, ValueError("x"), handled=False)
    assert (trace.events, trace.dropped) == ([], {"late": 1})


def test_what_a_span_ended_with_is_named_without_asking() -> None:
    assert failures.failed_as(None) == ""
    assert failures.failed_as(Hostile("x")) == "Hostile"
