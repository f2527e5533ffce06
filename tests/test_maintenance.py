from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest

from debugpanel import maintenance
from debugpanel.exporters.database import DatabaseExporter
from debugpanel.maintenance import Clock, Housekeeper, Limits
from debugpanel.metrics.rollup import Measurement
from debugpanel.metrics.rollup import Rollup as Sums
from debugpanel.models import (
    ErrorGroup,
    ErrorRollup,
    Lease,
    Rollup,
    Route,
    Stage,
    Statement,
    StatementRollup,
    Trace,
    TracePayload,
    Worker,
    from_microseconds,
)
from debugpanel.store.connection import PrivateConnection
from tests.trace.examples import full_trace

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])

NOW_S = 1_760_000_000
DAY_S = 86_400
MINUTE_S = 60
PLENTY = Limits(age_s=7 * DAY_S, traces=1_000, stored_bytes=2**40)


@pytest.fixture
def connection():
    made = PrivateConnection("debugpanel")
    yield made
    made.close()


@pytest.fixture
def exporter(transactional_db):
    made = DatabaseExporter()
    yield made
    made.close()


@pytest.fixture
def store(exporter):
    def store(*ages_s, **changes):
        exporter.write(
            [full_trace(id=0, started_ns=int((NOW_S - age_s) * 1e9), **changes) for age_s in ages_s]
        )

    return store


def ages_s():
    return [NOW_S - int(one.started.timestamp()) for one in Trace.objects.order_by("-started")]


def prune(connection, limits=PLENTY):
    return sum(maintenance.prune(connection, limits, NOW_S))


def count(exporter, ago_s, *, route="shop/", times=1, **changes):
    sums = Sums()
    for number in range(times):
        values = {
            "started_s": NOW_S - ago_s,
            "kind": "request",
            "route": route,
            "method": "GET",
            "release": "a",
            "status": 200,
            "unhandled": False,
            "duration_ns": 1_000_000 * (number + 1),
            "cpu_ns": 1_000,
            "recorded": True,
            "query_count": 2,
            "query_ns": 10,
            "self_ns": {"sql": 5},
            "trace_id": 7 + number,
            "statements": [("aa", 10, 1, False)],
            "errors": ["ee"],
        }
        sums.add(Measurement(**{**values, **changes}))
    exporter.count(sums.drain())


def numbers():
    end = from_microseconds((NOW_S + DAY_S) * 1_000_000)
    return Rollup.objects.numbers(start=from_microseconds(0), end=end)


class TestElection:
    def test_the_first_is_elected_and_stays_so(self, connection):
        assert maintenance.elect(connection, "round", "one")
        assert maintenance.elect(connection, "round", "one")

    def test_another_has_to_wait(self, connection):
        maintenance.elect(connection, "round", "one")
        assert not maintenance.elect(connection, "round", "two")

    def test_a_lease_that_has_ended_goes_to_another(self, connection):
        maintenance.elect(connection, "round", "one")
        Lease.objects.update(until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        assert maintenance.elect(connection, "round", "two")
        assert not maintenance.elect(connection, "round", "one")

    def test_a_lease_ends_by_the_databases_clock(self, connection):
        maintenance.elect(connection, "round", "one")
        left = Lease.objects.get().until - dt.datetime.now(dt.UTC)
        assert 0 < left.total_seconds() <= maintenance.LEASE_S

    def test_a_lease_given_up_is_free(self, connection):
        maintenance.elect(connection, "round", "one")
        maintenance.release(connection, "round", "one")
        assert maintenance.elect(connection, "round", "two")

    def test_nobody_gives_up_anothers_lease(self, connection):
        maintenance.elect(connection, "round", "one")
        maintenance.release(connection, "round", "two")
        assert not maintenance.elect(connection, "round", "two")

    def test_of_many_at_once_one_is_elected(self, connection):
        maintenance.elect(connection, "round", "")
        Lease.objects.update(until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        elected = []

        def run(owner):
            own = PrivateConnection("debugpanel")
            try:
                if maintenance.elect(own, "round", owner):
                    elected.append(owner)
            finally:
                own.close()

        threads = [threading.Thread(target=run, args=[str(number)]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(elected) == 1


class TestClock:
    def test_a_first_reading_is_not_confirmed(self):
        assert not Clock(lambda: 0.0).is_confirmed(NOW_S)

    def test_a_clock_that_goes_on_is_confirmed(self):
        seconds = iter([0.0, 60.0])
        clock = Clock(lambda: next(seconds))
        clock.is_confirmed(NOW_S)
        assert clock.is_confirmed(NOW_S + 60)

    def test_a_jump_has_to_be_seen_twice(self):
        seconds = iter([0.0, 60.0, 120.0])
        clock = Clock(lambda: next(seconds))
        clock.is_confirmed(NOW_S)
        assert not clock.is_confirmed(NOW_S + 365 * DAY_S)
        assert clock.is_confirmed(NOW_S + 365 * DAY_S + 60)


class TestCompaction:
    def test_minutes_become_one_row_of_five(self, exporter, connection):
        for minute in range(5):
            count(exporter, 3_600 - minute * MINUTE_S, times=2)
        start = NOW_S - 3_600
        assert start % 300 != 0
        list(maintenance.compact(connection, NOW_S))
        assert {row.stage for row in Rollup.objects.all()} == {Stage.FIVE_MINUTES}
        assert Rollup.objects.count() == 2
        assert all(int(row.start.timestamp()) % 300 == 0 for row in Rollup.objects.all())

    def test_numbers_are_the_same_before_and_after(self, exporter, connection):
        for minute in range(30):
            count(exporter, 7_200 - minute * MINUTE_S, times=3, status=500 if minute % 3 else 200)
        before = numbers()
        list(maintenance.compact(connection, NOW_S))
        assert Rollup.objects.count() < 10
        assert numbers() == before

    def test_keys_stay_apart(self, exporter, connection):
        for release in "ab":
            for method in ("GET", "POST"):
                count(exporter, 3_600, route="x/", release=release, method=method)
        count(exporter, 3_600, route="y/")
        list(maintenance.compact(connection, NOW_S))
        assert Rollup.objects.count() == 5

    def test_what_has_not_ended_stays(self, exporter, connection):
        count(exporter, 30)
        list(maintenance.compact(connection, NOW_S))
        assert Rollup.objects.get().stage == Stage.PARTIAL

    def test_late_rows_join_the_merged_one(self, exporter, connection):
        count(exporter, 3_600)
        list(maintenance.compact(connection, NOW_S))
        count(exporter, 3_600)
        list(maintenance.compact(connection, NOW_S))
        assert Rollup.objects.get().count == 2

    def test_old_rows_become_hours(self, exporter, connection):
        for minute in range(0, 120, 5):
            count(exporter, 10 * DAY_S - minute * MINUTE_S)
        before = numbers()
        list(maintenance.compact(connection, NOW_S))
        assert {row.stage for row in Rollup.objects.all()} == {Stage.HOUR}
        assert Rollup.objects.count() == 3
        assert numbers() == before

    def test_statements_are_merged_while_the_hour_goes_on(self, exporter, connection):
        for _ in range(3):
            count(exporter, 30)
        list(maintenance.compact(connection, NOW_S))
        row = StatementRollup.objects.get()
        assert (row.stage, row.calls, row.row_count, row.max_ns) == (Stage.HOUR, 3, 3, 10)

    def test_statements_beyond_the_costliest_become_other(self, exporter, connection):
        for writer in range(2):
            many = [(f"{writer}-{number}", number + 1, 1, False) for number in range(300)]
            count(exporter, 2 * 3_600, statements=many)
        list(maintenance.compact(connection, NOW_S))
        assert StatementRollup.objects.count() == 301
        assert sum(row.calls for row in StatementRollup.objects.all()) == 600
        assert StatementRollup.objects.get(fingerprint="other").calls == 300

    def test_errors_are_merged_to_five_minutes_and_hours(self, exporter, connection):
        count(exporter, 3_600, times=2)
        count(exporter, 3_600)
        count(exporter, 10 * DAY_S)
        list(maintenance.compact(connection, NOW_S))
        rows = ErrorRollup.objects.order_by("-start").values_list("stage", "count")
        assert list(rows) == [(Stage.FIVE_MINUTES, 3), (Stage.HOUR, 1)]

    def test_many_rows_are_merged_in_portions(self, exporter, connection, monkeypatch):
        monkeypatch.setattr(maintenance, "MAX_ROWS_MERGED", 4)
        for _ in range(3):
            for number in range(5):
                count(exporter, 3_600, route=f"{number}/")
        steps = list(maintenance.TO_FIVE_MINUTES.run(connection, NOW_S))
        assert len(steps) == 5
        assert [row.count for row in Rollup.objects.all()] == [3] * 5

    def test_rows_that_somebody_else_removed_take_everything_back(
        self, exporter, connection, monkeypatch
    ):
        count(exporter, 3_600)
        count(exporter, 3_600)
        remove = maintenance.delete_ids
        monkeypatch.setattr(maintenance, "delete_ids", lambda *args: remove(*args) - 1)
        with pytest.raises(RuntimeError, match="somebody else"):
            list(maintenance.compact(connection, NOW_S))
        assert [row.stage for row in Rollup.objects.all()] == [Stage.PARTIAL] * 2


class TestRetention:
    def test_old_traces_go_with_their_payloads(self, store, connection):
        store(1, 6 * DAY_S, 8 * DAY_S, 30 * DAY_S, errors=[])
        prune(connection)
        assert ages_s() == [1, 6 * DAY_S]
        assert TracePayload.objects.count() == 2

    def test_the_oldest_beyond_the_number_go(self, store, connection):
        store(*range(1, 11), errors=[])
        prune(connection, Limits(age_s=DAY_S, traces=4, stored_bytes=2**40))
        assert ages_s() == [1, 2, 3, 4]

    def test_the_oldest_beyond_the_bytes_go(self, store, connection):
        store(*range(1, 11), errors=[])
        each = Trace.objects.first().stored_bytes + maintenance.TRACE_BYTES
        prune(connection, Limits(age_s=DAY_S, traces=100, stored_bytes=each * 3 + 10))
        assert ages_s() == [1, 2, 3]

    def test_limits_hold_over_many_pages(self, store, connection, monkeypatch):
        monkeypatch.setattr(maintenance, "MAX_ROWS_WALKED", 3)
        store(*range(1, 21), errors=[])
        prune(connection, Limits(age_s=DAY_S, traces=7, stored_bytes=2**40))
        assert ages_s() == [1, 2, 3, 4, 5, 6, 7]

    def test_within_the_limits_nothing_goes(self, store, connection):
        store(1, 2, 3)
        assert prune(connection) == 0

    def test_an_empty_table_is_left_alone(self, connection):
        assert prune(connection) == 0

    def test_pinned_traces_stay(self, store, connection):
        store(1, 30 * DAY_S, 31 * DAY_S, errors=[])
        Trace.objects.filter(id=Trace.objects.order_by("started")[0].id).update(
            pinned_at=from_microseconds(NOW_S * 1_000_000)
        )
        prune(connection)
        assert ages_s() == [1, 31 * DAY_S]

    def test_the_first_trace_of_an_open_error_group_stays(self, store, connection):
        store(31 * DAY_S)
        store(30 * DAY_S)
        prune(connection)
        assert ages_s() == [31 * DAY_S]

    def test_the_first_trace_of_a_resolved_group_goes(self, store, connection):
        store(31 * DAY_S)
        ErrorGroup.objects.update(state="resolved")
        prune(connection)
        assert ages_s() == []

    def test_a_step_removes_a_bounded_number(self, store, connection, monkeypatch):
        monkeypatch.setattr(maintenance, "MAX_ROWS_AT_ONCE", 3)
        store(*range(1, 11), errors=[])
        assert list(maintenance.prune_traces(connection, NOW_S * 1_000_000)) == [3, 3, 3, 1]

    def test_what_is_spared_does_not_stop_the_rest(self, store, connection, monkeypatch):
        monkeypatch.setattr(maintenance, "MAX_ROWS_AT_ONCE", 2)
        store(*range(1, 8), errors=[])
        oldest = list(Trace.objects.order_by("started").values_list("id", flat=True)[:4])
        Trace.objects.filter(id__in=oldest).update(pinned_at=from_microseconds(1))
        maintenance_count = maintenance.count_before(connection, NOW_S * 1_000_000)
        assert (
            sum(maintenance.prune_traces(connection, NOW_S * 1_000_000)) == maintenance_count == 3
        )

    def test_rollups_past_their_time_go(self, exporter, connection):
        count(exporter, 401 * DAY_S)
        count(exporter, 399 * DAY_S)
        list(maintenance.compact(connection, NOW_S))
        prune(connection)
        assert (Rollup.objects.count(), ErrorRollup.objects.count()) == (1, 1)

    def test_the_oldest_rollups_beyond_their_share_go(self, exporter, connection):
        for day in range(10, 14):
            count(exporter, day * DAY_S, statements=[], errors=[])
        list(maintenance.compact(connection, NOW_S))
        prune(connection, Limits(age_s=DAY_S, traces=1, stored_bytes=maintenance.ROLLUP_BYTES * 6))
        assert [(NOW_S - row.start.timestamp()) // DAY_S for row in Rollup.objects.all()] == [
            12.0,
            11.0,
            10.0,
        ]

    def test_silent_workers_go(self, exporter, connection):
        exporter.heartbeat({"worker": "new"})
        exporter.heartbeat({"worker": "old"})
        Worker.objects.filter(name="new").update(seen=from_microseconds(NOW_S * 1_000_000))
        Worker.objects.filter(name="old").update(seen=from_microseconds(1))
        prune(connection)
        assert [worker.name for worker in Worker.objects.all()] == ["new"]

    def test_what_nothing_uses_any_more_goes(self, store, connection):
        store(30 * DAY_S)
        ErrorGroup.objects.update(state="resolved")
        prune(connection)
        assert (Route.objects.count(), ErrorGroup.objects.count(), Statement.objects.count()) == (
            0,
        ) * 3

    def test_what_is_used_stays(self, store, exporter, connection):
        store(30 * DAY_S)
        exporter.write([full_trace(id=0, started_ns=NOW_S * 10**9)])
        count(exporter, 3_600, statements=[("00000000000000aa", 1, 1, False)])
        ErrorGroup.objects.update(state="resolved")
        prune(connection)
        assert Route.objects.filter(name="shop/orders/<int:pk>/").exists()
        assert (ErrorGroup.objects.count(), Statement.objects.count()) == (1, 1)


class Ticks:
    """A monotonic clock that the test moves on."""

    def __init__(self):
        self.now_s = 1_000.0

    def __call__(self):
        return self.now_s


class TestHousekeeper:
    @pytest.fixture
    def ticks(self):
        return Ticks()

    @pytest.fixture
    def keeper(self, connection, ticks):
        return Housekeeper(connection, ticks)

    def round(self, keeper, ticks, now_s=NOW_S):
        ticks.now_s += maintenance.ROUND_S
        assert keeper.is_due
        keeper.run_slice(now_s)

    def test_nothing_is_due_at_first(self, keeper):
        assert not keeper.is_due

    def test_a_second_round_removes_what_is_old(self, keeper, ticks, store):
        store(1, 30 * DAY_S, errors=[])
        self.round(keeper, ticks)
        assert len(ages_s()) == 2
        self.round(keeper, ticks, NOW_S + maintenance.ROUND_S)
        assert ages_s() == [1]

    def test_a_clock_that_jumps_removes_nothing_at_once(self, keeper, ticks, store):
        store(1, 2, errors=[])
        self.round(keeper, ticks)
        self.round(keeper, ticks, NOW_S + 365 * DAY_S)
        assert len(ages_s()) == 2

    def test_a_slice_ends_and_the_next_goes_on(self, keeper, ticks, exporter, monkeypatch):
        for hour in range(1, 6):
            count(exporter, hour * 3_600, statements=[], errors=[])
        monkeypatch.setattr(maintenance, "SLICE_S", 0.0)
        self.round(keeper, ticks)
        assert keeper.is_due
        slices = 1
        while keeper.is_due:
            keeper.run_slice(NOW_S)
            slices += 1
        assert slices > 5
        assert not Rollup.objects.filter(stage=Stage.PARTIAL).exists()

    def test_who_is_not_elected_does_nothing(self, keeper, ticks, connection, exporter):
        count(exporter, 3_600)
        maintenance.elect(connection, maintenance.ROUND_LEASE, "another")
        self.round(keeper, ticks)
        assert Rollup.objects.get().stage == Stage.PARTIAL

    def test_pruning_steps_aside_for_another(self, keeper, ticks, connection, store):
        store(1, 30 * DAY_S, errors=[])
        maintenance.elect(connection, maintenance.PRUNING_LEASE, "command")
        self.round(keeper, ticks)
        self.round(keeper, ticks, NOW_S + maintenance.ROUND_S)
        assert len(ages_s()) == 2

    def test_a_round_that_fails_is_over(self, keeper, ticks, monkeypatch):
        def fail(*args):
            raise ZeroDivisionError
            yield

        monkeypatch.setattr(maintenance, "compact", fail)
        ticks.now_s += maintenance.ROUND_S
        with pytest.raises(ZeroDivisionError):
            keeper.run_slice(NOW_S)
        assert not keeper.is_due

    def test_the_exporter_does_a_round_between_batches(self, exporter, connection):
        count(exporter, 3_600)
        exporter._housekeeper._next_round_s = 0
        exporter.maintain(NOW_S)
        assert Rollup.objects.get().stage == Stage.FIVE_MINUTES


def test_ids_of_many_rows_are_deleted_in_portions(store, connection):
    store(*range(1, 4))
    missing = [str(uuid.uuid4()) for _ in range(600)]
    ids = [one.id for one in Trace.objects.all()]
    TracePayload.objects.all().delete()
    if connection.vendor == "sqlite":
        ids, missing = [one.hex for one in ids], [one.replace("-", "") for one in missing]
    assert maintenance.delete_ids(connection, "debugpanel_trace", "id", [*missing, *ids]) == 3
