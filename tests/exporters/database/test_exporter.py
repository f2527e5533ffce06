from __future__ import annotations

import datetime as dt
import json
import random
import threading
import uuid
from contextlib import contextmanager

import pytest
from django.db import connections

from debugpanel import guard, testing
from debugpanel.exporters import database
from debugpanel.exporters.base import ExporterPaused
from debugpanel.exporters.database import DatabaseExporter
from debugpanel.metrics.rollup import Measurement, Rollup
from debugpanel.models import ErrorGroup, Route, Statement, Trace, TracePayload, Worker, route_key
from debugpanel.models import Rollup as RollupRow
from debugpanel.store.connection import PrivateConnection
from debugpanel.trace import codec
from tests.exporters.sending import sent_by, tables_of
from tests.trace.examples import STARTED_NS, TRACE_ID, described, full_trace

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])


def many(count, **changes):
    return [
        full_trace(id=TRACE_ID + number, started_ns=STARTED_NS + number * 1_000_000, **changes)
        for number in range(count)
    ]


def measured(**changes):
    values = {
        "started_s": STARTED_NS / 1e9,
        "kind": "request",
        "route": "shop/",
        "method": "GET",
        "release": "41ab2f",
        "status": 200,
        "unhandled": False,
        "duration_ns": 5_000_000,
        "cpu_ns": None,
        "recorded": True,
        "query_count": 1,
        "query_ns": 1_000,
        "self_ns": {"sql": 1_000},
        "trace_id": TRACE_ID,
        "statements": [("aa", 1_000, 2, False)],
        "errors": ["ee"],
    }
    return Measurement(**{**values, **changes})


def rollups(*measurements):
    rollup = Rollup()
    for one in measurements or (measured(),):
        rollup.add(one)
    return rollup.drain()


def test_a_trace_is_two_rows_whatever_its_spans(exporter):
    exporter.write([full_trace()])
    assert (Trace.objects.count(), TracePayload.objects.count()) == (1, 1)


def test_what_is_stored_reads_back_as_it_was(exporter):
    exporter.write([full_trace()])
    assert described(codec.decode(TracePayload.objects.get().data)) == described(full_trace())


def test_the_row_says_what_lists_and_filters_need(exporter):
    exporter.write([full_trace()])
    row = Trace.objects.select_related("route", "error_group").get()
    assert row.id == uuid.UUID(int=TRACE_ID)
    assert row.started == dt.datetime(2025, 10, 9, 8, 53, 20, 123456, dt.UTC)
    assert (row.kind, row.method, row.path) == ("request", "GET", "/shop/orders/7/")
    assert (row.status, row.status_class, row.reason, row.weight) == (500, 5, "error", 1.0)
    assert (row.duration_ns, row.cpu_ns) == (87_000_000, 44_000_000)
    assert (row.query_count, row.query_ns) == (2, 5_000_000)
    assert (row.user, row.client, row.worker) == ("42", "10.1.2.0/24", "web-3:4711")
    assert (row.release, row.remote_id) == ("41ab2f", "4bf92f3577b34da6a3ce929d0e0e4736")
    assert (row.route.name, row.route.view) == ("shop/orders/<int:pk>/", "shop.views.OrderView")
    assert row.stored_bytes == len(TracePayload.objects.get().data)


def test_markers_hold_when_the_trace_started(exporter):
    exporter.write([full_trace(duration_ns=2_000_000_000)])
    row = Trace.objects.get()
    assert row.error_at == row.slow_at == row.started
    assert row.pinned_at is None


def test_an_ordinary_trace_has_no_markers(exporter):
    exporter.write([full_trace(status=200, unhandled=False, state="ok", user="", errors=[])])
    row = Trace.objects.get()
    assert (row.error_at, row.slow_at, row.user, row.error_group) == (None, None, None, None)


def test_an_error_group_tells_where_the_error_came_from(exporter):
    exporter.write([full_trace()])
    group = ErrorGroup.objects.get()
    assert (group.fingerprint, group.name, group.message) == ("e" * 16, "KeyError", "'sku'")
    assert (group.file, group.function, group.line) == ("shop/views.py", "OrderView.get", 88)
    assert (group.first_trace, group.state) == (uuid.UUID(int=TRACE_ID), "open")
    assert Trace.objects.get().error_group == group


def test_the_first_trace_of_a_group_stays_the_first(exporter):
    exporter.write(many(1))
    another = DatabaseExporter()
    another.write([full_trace(id=TRACE_ID + 9)])
    another.close()
    assert ErrorGroup.objects.get().first_trace == uuid.UUID(int=TRACE_ID)


def test_a_statement_is_stored_once(exporter):
    exporter.write(many(3))
    assert [(one.fingerprint, one.text) for one in Statement.objects.all()] == [
        ("00000000000000aa", "SELECT a FROM b WHERE c = ?")
    ]


def test_two_writers_share_the_dictionary(exporter):
    exporter.write(many(1))
    other = DatabaseExporter()
    assert other.write([full_trace(id=TRACE_ID + 1)]) == 1
    other.close()
    assert (Route.objects.count(), Trace.objects.count()) == (1, 2)


def test_a_route_gets_the_view_that_buckets_do_not_know(exporter):
    exporter.count(rollups(measured(route="shop/orders/<int:pk>/")))
    exporter.write(many(1))
    assert Route.objects.get().view == "shop.views.OrderView"


def test_a_batch_sends_at_most_two_statements_for_each_table(exporter):
    with sent_by(exporter) as sent:
        assert exporter.write(many(100)) == 100
    tables = tables_of(sent)
    assert max(tables.count(table) for table in tables) <= 2
    assert len(sent) - len(tables) <= 8  # BEGIN and COMMIT of four transactions


def test_what_is_known_is_not_sent_again(exporter):
    exporter.write(many(1))
    with sent_by(exporter) as sent:
        exporter.write([full_trace(id=TRACE_ID + 1)])
    assert tables_of(sent) == ["debugpanel_trace", "debugpanel_tracepayload"]


def test_no_statement_is_longer_than_its_limit(exporter):
    texts = [random.Random(seed).randbytes(30_000).hex() for seed in range(40)]
    batch = [full_trace(id=TRACE_ID + n, notes={"n": text}) for n, text in enumerate(texts)]
    assert exporter.write(batch) == 40
    assert Trace.objects.count() == 40


def test_a_trace_that_was_stored_already_is_left_alone(exporter):
    exporter.write(many(1))
    assert exporter.write(many(2)) == 2
    assert Trace.objects.count() == 2


def test_a_route_that_was_removed_comes_back(exporter):
    exporter.write(many(1))
    for model in (TracePayload, Trace, Route):
        model.objects.all().delete()
    assert exporter.write([full_trace(id=TRACE_ID + 5)]) == 1
    assert Trace.objects.get().route.name == "shop/orders/<int:pk>/"


def test_a_route_of_buckets_that_was_removed_comes_back(exporter):
    exporter.count(rollups())
    RollupRow.objects.all().delete()
    Route.objects.all().delete()
    exporter.count(rollups())
    assert RollupRow.objects.get().route_id == route_key("request", "shop/")


@pytest.fixture
def refusing(exporter):
    """Refuse one path in the database, as a constraint of the host's own would."""
    connection = connections["debugpanel"]
    path = "/refused/"
    if connection.vendor == "sqlite":
        make = f"""CREATE TRIGGER refusal BEFORE INSERT ON debugpanel_trace
            WHEN NEW.path = '{path}' BEGIN SELECT RAISE(ABORT, 'refused'); END"""
        drop = "DROP TRIGGER refusal"
    else:
        make = f"ALTER TABLE debugpanel_trace ADD CONSTRAINT refusal CHECK (path <> '{path}')"
        drop = "ALTER TABLE debugpanel_trace DROP CONSTRAINT refusal"
    with connection.cursor() as cursor:
        cursor.execute(make)
    yield path
    exporter.close()
    with connection.cursor() as cursor:
        cursor.execute(drop)


def test_one_refused_row_costs_nobody_else(exporter, refusing):
    batch = many(20)
    batch[7].path = refusing
    assert exporter.write(batch) == 19
    assert Trace.objects.count() == TracePayload.objects.count() == 19


def test_a_trace_that_cannot_be_encoded_costs_nobody_else(exporter):
    batch = many(3)
    batch[1].spans = [("broken",)]
    assert exporter.write(batch) == 2


def test_odd_text_is_stored_in_one_try(exporter):
    odd = "a\0b\ud800\U0001f600\u2028" * 300
    trace = full_trace(path=odd, user=odd, client=odd, worker=odd, release=odd, method=odd)
    trace.name = trace.view = trace.kind = trace.reason = trace.remote_id = odd
    trace.errors = [odd]
    trace.events[1] = (*trace.events[1][:3], odd, odd, False, [], [], odd)
    trace.spans.append((0, 1, "sql", 0, 0, odd, "default", 0, False, None, "", "odd"))
    with testing.raise_internal_errors():
        assert exporter.write([trace]) == 1
    # Tables of MariaDB in latin1 hold question marks.
    assert Trace.objects.get().path[:5] in ("a\ufffdb\ufffd\U0001f600", "a?b??", "a?b?\u2026")
    assert codec.decode(TracePayload.objects.get().data).path == odd


def test_odd_numbers_are_stored_in_one_try(exporter):
    trace = full_trace(status=99_999, duration_ns=-5, total_ns=2**70, query_count=2**40)
    trace.cpu_ns, trace.query_ns = 2**80, -1
    with testing.raise_internal_errors():
        assert exporter.write([trace]) == 1
    assert Trace.objects.get().duration_ns == 0


def test_a_trace_without_an_id_gets_one(exporter):
    exporter.write([full_trace(id=0)])
    assert Trace.objects.get().id.version == 7


def test_counts_become_partial_rows(exporter):
    exporter.count(rollups(measured(), measured(status=500, trace_id=None)))
    row = RollupRow.objects.get()
    assert (row.stage, row.count, row.count_2xx, row.count_5xx) == (0, 2, 1, 1)
    assert RollupRow.to_bucket([getattr(row, name) for name in RollupRow.COLUMNS]).errors == 1


def test_counts_send_one_statement_for_each_table(exporter):
    batch = rollups(*(measured(route=f"shop/{number}/") for number in range(150)))
    with sent_by(exporter) as sent:
        exporter.count(batch)
    tables = tables_of(sent)
    assert sorted(set(tables)) == sorted(tables)


def test_a_bucket_reads_back_as_it_was(exporter):
    batch = rollups()
    exporter.count(batch)
    values = RollupRow.objects.values_list(*RollupRow.COLUMNS).get()
    read = RollupRow.to_bucket(values)
    read.key = batch.buckets[0].key
    assert read == batch.buckets[0]


def test_a_process_has_one_row_that_it_rewrites(exporter):
    state = {"worker": "web:1", "release": "a", "started_s": 5.5, "queued": 1}
    exporter.heartbeat(state)
    exporter.heartbeat({**state, "queued": 2})
    worker = Worker.objects.get()
    assert worker.details["queued"] == 2
    assert worker.started == dt.datetime(1970, 1, 1, 0, 0, 5, 500_000, dt.UTC)


def test_a_long_state_stays_readable(exporter):
    state = {"worker": "web:1", "refused": {str(number): 1 for number in range(20_000)}}
    exporter.heartbeat(state)
    assert Worker.objects.get().details == {"worker": "web:1", "shortened": True}


@pytest.fixture
def without_table():
    """Take a table away as a missing migration would, and put it back."""
    connection = connections["debugpanel"]
    with connection.schema_editor() as editor:
        editor.alter_db_table(TracePayload, "debugpanel_tracepayload", "debugpanel_away")

    def put_back():
        with connection.schema_editor() as editor:
            editor.alter_db_table(TracePayload, "debugpanel_away", "debugpanel_tracepayload")

    yield put_back
    if "debugpanel_away" in connection.introspection.table_names():
        put_back()


def test_missing_tables_pause_and_say_what_to_run(exporter, without_table):
    with pytest.raises(ExporterPaused, match=r"run `manage\.py migrate --database debugpanel`"):
        exporter.write(many(1))


def test_writing_goes_on_by_itself_when_the_tables_are_there(exporter, without_table):
    with pytest.raises(ExporterPaused):
        exporter.write(many(1))
    without_table()
    assert exporter.write(many(1)) == 1


def test_a_batch_of_which_a_part_is_missing_leaves_nothing(exporter, without_table):
    with pytest.raises(ExporterPaused):
        exporter.write(many(1))
    assert Trace.objects.count() == 0


@contextmanager
def altered(exporter, change, back):
    """Change a table as another release would, and put it back."""
    exporter.close()
    with connections["debugpanel"].cursor() as cursor:
        cursor.execute(change)
    yield
    exporter.close()
    with connections["debugpanel"].cursor() as cursor:
        cursor.execute(back)


def test_tables_of_an_older_release_pause(exporter):
    rename = "ALTER TABLE debugpanel_worker RENAME COLUMN {} TO {}"
    change, back = rename.format("state", "old"), rename.format("old", "state")
    with altered(exporter, change, back), pytest.raises(ExporterPaused):
        exporter.heartbeat({"worker": "web:1"})


# MariaDB fills the column in, and SQLite asks for a default.
@pytest.mark.only_on("postgres")
def test_tables_of_a_newer_release_pause(exporter):
    add = "ALTER TABLE debugpanel_worker ADD COLUMN newer int NOT NULL"
    drop = "ALTER TABLE debugpanel_worker DROP COLUMN newer"
    with altered(exporter, add, drop), pytest.raises(ExporterPaused):
        exporter.heartbeat({"worker": "web:1"})


def test_a_failure_of_the_database_is_not_taken_for_a_refused_row(exporter):
    exporter.write(many(1))
    exporter._connection._wrapper.connection.close()
    with pytest.raises(Exception, match=r"(?i)clos|gone|2006"):
        exporter.write([full_trace(id=TRACE_ID + 1)])
    exporter.close()
    assert exporter.write([full_trace(id=TRACE_ID + 1)]) == 1


def test_nothing_is_written_while_requests_are_in_flight_in_a_shared_file(exporter, monkeypatch):
    idle = iter([False, False, True])
    monkeypatch.setattr(database, "is_shared", lambda alias: True)
    exporter._connection.vendor = "sqlite"
    exporter._is_idle = lambda: next(idle)
    exporter._wait_until_idle()
    assert next(idle, "used up") == "used up"


def test_a_request_that_does_not_end_pauses_writing_to_a_shared_file(exporter, monkeypatch):
    monkeypatch.setattr(database, "is_shared", lambda alias: True)
    monkeypatch.setattr(database, "MAX_WAIT_FOR_IDLE_S", 0.01)
    exporter._connection.vendor = "sqlite"
    exporter._is_idle = lambda: False
    with pytest.raises(ExporterPaused, match="in flight"):
        exporter._wait_until_idle()


def test_an_idle_exporter_lets_its_connection_go(exporter, monkeypatch):
    exporter.write(many(1))
    assert exporter._connection.is_open
    monkeypatch.setattr(database, "IDLE_S", -1)
    exporter.maintain(0)
    assert not exporter._connection.is_open


def test_the_connection_is_not_the_applications(exporter):
    exporter.write(many(1))
    assert exporter._connection._wrapper is not connections["debugpanel"]
    assert isinstance(exporter._connection, PrivateConnection)


def test_the_breaker_hears_of_a_refused_row(exporter, refusing):
    guard.breakers.clear()
    exporter.write([full_trace(path=refusing)])
    assert [name for name in guard.breakers if "one trace" in name]


def test_the_state_of_a_worker_is_json(exporter):
    exporter.heartbeat({"worker": "web:1", "odd": "\ud800\0"})
    assert json.loads(Worker.objects.get().state)["odd"] == "\ud800\0"


@pytest.mark.only_on("postgres", "mariadb")
def test_writers_that_meet_new_names_at_once_do_not_block_each_other(exporter):
    def write(writer):
        own = DatabaseExporter()
        order = random.Random(writer)
        names = [f"shop/{number}/" for number in range(40)]
        try:
            for batch in range(4):
                order.shuffle(names)
                start = TRACE_ID + (writer * 4 + batch) * 100
                stored.append(
                    own.write([full_trace(id=start + n, name=name) for n, name in enumerate(names)])
                )
        finally:
            own.close()

    stored: list[int] = []
    threads = [threading.Thread(target=write, args=[writer]) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored == [40] * 16
    assert Trace.objects.count() == 640
