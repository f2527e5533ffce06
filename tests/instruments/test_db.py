from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from debugpanel import guard
from debugpanel.instruments import db
from debugpanel.instruments.db import DatabaseInstrument, record_statement
from debugpanel.trace import context
from debugpanel.trace.model import Span, Trace
from tests.instruments.recording import open_trace, recording, tracebacks, uninstalled

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])

instrument = DatabaseInstrument()


def statements(trace: Trace) -> list[Span]:
    return [span for span in trace.iter_spans() if span.kind == "sql"]


def verbs(trace: Trace) -> list[str]:
    return [span.name.split()[0] for span in statements(trace)]


def run(sql: str, params: Any = None, alias: str = "default") -> list[Any]:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def ours(connection: Any) -> int:
    return sum(wrapper is record_statement for wrapper in connection.execute_wrappers)


# --- what is recorded


def test_every_alias_is_recorded() -> None:
    with recording(instrument) as trace:
        for alias in ("default", "debugpanel"):
            run("SELECT 1", alias=alias)
    assert [span.values[0] for span in statements(trace)] == ["default", "debugpanel"]


def test_reading_and_writing_is_recorded() -> None:
    with recording(instrument) as trace:
        group = Group.objects.create(name="one")
        Group.objects.filter(pk=group.pk).update(name="two")
        Group.objects.get(pk=group.pk)
        Group.objects.filter(pk=group.pk)._raw_delete("default")  # type: ignore[attr-defined]
    assert [verb for verb in verbs(trace) if verb not in ("BEGIN", "COMMIT")] == [
        "INSERT",
        "UPDATE",
        "SELECT",
        "DELETE",
    ]


def test_columns_say_how_it_went() -> None:
    Group.objects.bulk_create(Group(name=str(number)) for number in range(3))
    with recording(instrument) as trace:
        run("UPDATE auth_group SET name = name WHERE name IN (%s, %s)", ["0", "1"])
        run("SELECT 1")
    update, select = statements(trace)
    assert update.values == ("default", 2, False, 2, "", "")
    assert select.values[:3] == ("default", None, False)
    assert update.duration_ns > 0


class Odd(type):
    def __eq__(cls, other: object) -> bool:
        raise AssertionError("code of the application ran")

    __hash__ = None  # type: ignore[assignment]


class Parameters(list[Any], metaclass=Odd):
    pass


def test_parameters_are_counted_in_builtin_containers_only() -> None:
    instrument.install()
    taken: list[Any] = []
    arguments = {"connection": connection, "cursor": connection.cursor()}
    with recording(instrument) as trace:
        for params in (Parameters(["x"]), ("x",), {"a": 1}, None):
            record_statement(
                lambda *args: taken.append(args[1]), "SELECT", params, False, arguments
            )
    assert [span.values[1] for span in statements(trace)] == [None, 1, 1, None]
    assert taken[0] == ["x"]


def test_executemany_is_one_statement() -> None:
    with recording(instrument) as trace, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO auth_group (name) VALUES (%s)", [["a"], ["b"]])
    [span] = statements(trace)
    assert span.values[1:4] == (2, True, 2)


def test_a_generator_of_parameters_stays_a_generator() -> None:
    seen: list[Any] = []

    def theirs(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        seen.append(params)
        return execute(sql, params, many, context)

    rows = ([name] for name in ("a", "b", "c"))
    connection.ensure_connection()
    with (
        recording(instrument) as trace,
        connection.execute_wrapper(theirs),
        connection.cursor() as cursor,
    ):
        cursor.executemany("INSERT INTO auth_group (name) VALUES (%s)", rows)
    assert seen == [rows]
    assert statements(trace)[0].values[1] is None
    assert Group.objects.count() == 3


def test_a_stream_stays_a_stream() -> None:
    Group.objects.bulk_create(Group(name=str(number)) for number in range(500))

    def fetched(count: int) -> int:
        rows = Group.objects.iterator(chunk_size=10)
        taken = [next(rows) for _ in range(count)]
        rows.close()  # type: ignore[attr-defined]
        return len(taken)

    with recording(instrument) as trace:
        assert fetched(3) == 3
    assert verbs(trace).count("SELECT") + verbs(trace).count("DECLARE") <= 1


async def test_async_queries_are_recorded() -> None:
    with recording(instrument) as trace:
        await Group.objects.acreate(name="one")
        assert [group.name async for group in Group.objects.all()] == ["one"]
    assert [verb for verb in verbs(trace) if verb in ("INSERT", "SELECT")] == ["INSERT", "SELECT"]
    await Group.objects.all().adelete()
    await sync_to_async(connections.close_all)()


def test_transactions_are_recorded() -> None:
    with recording(instrument) as trace, transaction.atomic():
        run("SELECT 1")
        with transaction.atomic():
            run("SELECT 1")
    assert verbs(trace) == ["BEGIN", "SELECT", "SAVEPOINT", "SELECT", "RELEASE", "COMMIT"]


def fail_inside_and_outside() -> None:
    with transaction.atomic():
        with pytest.raises(LookupError), transaction.atomic():
            raise LookupError
        raise ZeroDivisionError


def test_rollbacks_are_recorded() -> None:
    with recording(instrument) as trace, pytest.raises(ZeroDivisionError):
        fail_inside_and_outside()
    assert verbs(trace) == ["BEGIN", "SAVEPOINT", "ROLLBACK", "RELEASE", "ROLLBACK"]


def test_autocommit_may_be_named() -> None:
    with recording(instrument) as trace:
        connection.set_autocommit(autocommit=False)
        connection.rollback()
        connection.set_autocommit(autocommit=True)
    assert verbs(trace)[:2] == (
        ["ROLLBACK"] if connection.vendor == "sqlite" else ["BEGIN", "ROLLBACK"]
    )


def test_a_failing_statement_is_recorded_with_its_error() -> None:
    with recording(instrument) as trace, pytest.raises(DatabaseError):
        run("SELECT nothing FROM nowhere")
    [span] = statements(trace)
    assert span.values[4].startswith("django.db.utils.")
    assert span.name == "SELECT nothing FROM nowhere"


@pytest.mark.only_on("postgres")
def test_a_composed_statement_is_named_by_its_type_and_is_no_pattern() -> None:
    from psycopg import sql

    with recording(instrument) as trace, connection.cursor() as cursor:
        for number in range(10):
            cursor.execute(sql.SQL("SELECT {}").format(sql.Literal(number)))
    assert {span.name for span in statements(trace)} == {"<Composed>"}
    assert not trace.has_repeats


def test_repeats_are_seen_and_who_sent_them() -> None:
    with recording(instrument) as trace:
        for _ in range(7):
            run("SELECT 1")
    assert trace.has_repeats
    [stack] = trace.stacks.values()
    assert "test_repeats_are_seen_and_who_sent_them" in [code.co_name for code, _ in stack]


def test_what_is_remembered_of_statements_is_bounded() -> None:
    with recording(instrument, max_spans=64) as trace:
        for number in range(db.MAX_REPEATS + 200):
            run(f"SELECT {number}")
    assert len(trace.repeats) <= db.MAX_REPEATS + 1
    assert trace.count_queries()[0] == db.MAX_REPEATS + 200


def test_long_statements_are_kept_while_there_is_room() -> None:
    with recording(instrument) as trace:
        for number in range(60):
            run(f"SELECT {number} /* {'x' * 10_000} */")
    held = sum(len(span.name) for span in statements(trace))
    assert len(statements(trace)) == 60
    assert 200_000 < held < 270_000
    assert statements(trace)[-1].name == f"SELECT {db.CUT}"


# --- connections


def test_ours_stands_first_and_only_once() -> None:
    instrument.install()
    instrument.install()
    assert connection.execute_wrappers[0] is record_statement
    assert ours(connection) == 1


def test_a_reconnection_does_not_double_it() -> None:
    with recording(instrument) as trace:
        for _ in range(3):
            run("SELECT 1")
            connection.close()
    assert ours(connection) == 1
    assert len(statements(trace)) == 3


def test_the_applications_wrappers_nest_and_are_popped_right() -> None:
    calls: list[str] = []

    def named(name: str) -> Callable[..., Any]:
        def wrapper(execute: Any, *args: Any) -> Any:
            calls.append(name)
            return execute(*args)

        return wrapper

    connection.close()
    outer, inner = named("outer"), named("inner")
    before = list(connection.execute_wrappers)
    with recording(instrument) as trace, connection.execute_wrapper(outer):
        run("SELECT 1")
        with connection.execute_wrapper(inner):
            connection.close()
            run("SELECT 2")
        assert connection.execute_wrappers == [*before, outer]
        run("SELECT 3")
    assert connection.execute_wrappers == before
    assert calls == ["outer", "outer", "inner", "outer"]
    assert len(statements(trace)) == 3


def test_a_blocker_of_the_application_still_blocks() -> None:
    def blocker(*args: Any) -> Any:
        raise PermissionError("no queries here")

    connection.ensure_connection()
    with (
        recording(instrument) as trace,
        connection.execute_wrapper(blocker),
        pytest.raises(PermissionError),
    ):
        run("SELECT 1")
    assert [span.values[4] for span in statements(trace)] == ["PermissionError"]


def in_thread(work: Callable[[], Any]) -> Any:
    def call() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, call).result()


def test_a_thread_with_a_copied_context_belongs_to_the_trace() -> None:
    with recording(instrument) as trace:
        in_thread(lambda: run("SELECT 1"))
    assert verbs(trace) == ["SELECT"]


def test_a_thread_without_the_context_belongs_to_none() -> None:
    with recording(instrument) as trace:
        thread = threading.Thread(target=lambda: (run("SELECT 1"), connections.close_all()))
        thread.start()
        thread.join()
    assert statements(trace) == []


def test_switching_off_and_on_reaches_connections_of_other_threads() -> None:
    turn, done = threading.Event(), threading.Event()
    counts: list[int] = []

    def hold() -> None:
        run("SELECT 1")
        for _ in range(3):
            counts.append(ours(connection))
            done.set()
            turn.wait(10)
            turn.clear()
        connections.close_all()

    def step() -> None:
        done.clear()
        turn.set()
        done.wait(10)

    instrument.install()
    thread = threading.Thread(target=hold)
    thread.start()
    done.wait(10)
    instrument.uninstall()
    step()
    instrument.install()
    step()
    turn.set()
    thread.join()
    assert counts == [1, 0, 1]


# --- what stays as it was


def test_queries_of_the_debug_cursor_are_the_same() -> None:
    def logged() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            with transaction.atomic():
                Group.objects.create(name="one")
                Group.objects.count()
            run("DELETE FROM auth_group")
        return [query["sql"] for query in captured.captured_queries]

    with uninstalled(instrument):
        before = logged()
    with recording(instrument):
        after = logged()
        assert connection.force_debug_cursor is False
    assert [sql.split()[0] for sql in after] == [sql.split()[0] for sql in before]


def test_counting_queries_counts_the_same(django_assert_num_queries: Any) -> None:
    with recording(instrument), django_assert_num_queries(2):
        Group.objects.count()
        Group.objects.exists()


def failing_statement() -> None:
    run("SELECT nothing FROM nowhere")


def failing_commit() -> None:
    with transaction.atomic():
        connection.commit()


@pytest.mark.parametrize("fail", [failing_statement, failing_commit])
def test_tracebacks_are_the_same(fail: Callable[[], None]) -> None:
    without, outside, inside = tracebacks(instrument, fail)
    assert without == outside == inside
    assert "debugpanel" not in without


def test_originals_come_back_by_identity() -> None:
    instrument.uninstall()
    originals = [vars(BaseDatabaseWrapper)[patch.name] for patch in instrument._patches]
    instrument.install()
    instrument.uninstall()
    assert [vars(BaseDatabaseWrapper)[patch.name] for patch in instrument._patches] == originals
    assert ours(connection) == 0
    instrument.install()


@pytest.fixture
def _broken_trace(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(guard, "breakers", {})
    instrument.install()
    trace = open_trace()
    trace.repeats = trace.spans = None  # type: ignore[assignment]
    context.enter(trace)
    yield
    context.leave(trace)


@pytest.mark.usefixtures("_broken_trace")
def test_a_fault_of_ours_changes_nothing() -> None:
    assert list(run("SELECT 1")) == [(1,)]
    with transaction.atomic():
        Group.objects.create(name="one")
    with pytest.raises(DatabaseError):
        run("SELECT nothing FROM nowhere")
    assert Group.objects.count() == 1
    assert guard.breakers[db.PART].total_failures >= 4
