"""Rollups: every measurement counts once, everything stays bounded, partial sums add up."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debugpanel.metrics.histogram import Histogram
from debugpanel.metrics.rollup import (
    FIVE_MINUTES_S,
    HOUR_S,
    MAX_ERROR_GROUPS,
    MAX_ROUTES,
    MAX_STATEMENTS,
    MAX_STATEMENTS_HELD,
    OTHER,
    Bucket,
    BucketKey,
    ErrorBucket,
    Measurement,
    Rollup,
    StatementBucket,
    merge_buckets,
    merge_errors,
    merge_statements,
)

MS = 1_000_000


def measurement(**values: Any) -> Measurement:
    defaults: dict[str, Any] = {
        "started_s": 0.0,
        "kind": "request",
        "route": "shop:product",
        "method": "GET",
        "release": "1.0",
        "status": 200,
        "unhandled": False,
        "duration_ns": 5 * MS,
        "cpu_ns": None,
        "recorded": True,
        "query_count": 0,
        "query_ns": 0,
        "self_ns": {},
        "trace_id": None,
    }
    return Measurement(**{**defaults, **values})


def bucket_of(*measurements: Measurement) -> Bucket:
    rollup = Rollup(resolution_s=10**9)
    for one in measurements:
        rollup.add(one)
    (bucket,) = rollup.drain().buckets
    return bucket


def test_a_bucket_sums_up_its_measurements() -> None:
    bucket = bucket_of(
        measurement(duration_ns=4 * MS, query_count=2, query_ns=MS, self_ns={"sql": 7}, cpu_ns=3),
        measurement(duration_ns=9 * MS, query_count=1, query_ns=MS, self_ns={"sql": 1, "view": 2}),
        measurement(duration_ns=2 * MS, status=404, recorded=False),
    )

    assert (bucket.count, bucket.recorded) == (3, 2)
    assert (bucket.sum_ns, bucket.min_ns, bucket.max_ns) == (15 * MS, 2 * MS, 9 * MS)
    assert (bucket.query_count, bucket.query_ns) == (3, 2 * MS)
    assert (bucket.cpu_sum_ns, bucket.cpu_count) == (3, 1)
    assert bucket.self_ns == {"sql": 8, "view": 2}
    assert bucket.histogram.count == 3


def test_statuses_are_counted_by_class() -> None:
    statuses = [100, 204, 200, 302, 404, 500, 503, 0, 999, -1]

    bucket = bucket_of(*(measurement(status=status) for status in statuses))

    assert bucket.status_classes == [3, 1, 2, 1, 1, 2]


def test_an_unhandled_exception_and_its_status_are_one_error() -> None:
    request = bucket_of(measurement(status=500, unhandled=True), measurement(status=503))
    task = bucket_of(measurement(status=0, unhandled=True), measurement(status=0))

    assert (request.errors, task.errors) == (2, 1)


def test_each_stretch_kind_route_method_and_release_has_its_bucket() -> None:
    rollup = Rollup()
    changes = [{}, {"started_s": 60.0}, {"kind": "task"}, {"route": "x"}, {"method": "POST"}]
    for change in [*changes, {"release": "2.0"}, {"started_s": 59.9}]:
        rollup.add(measurement(**change))

    buckets = rollup.drain().buckets
    assert len(buckets) == 6
    assert buckets[0].key == BucketKey(0, "request", "shop:product", "GET", "1.0")
    assert buckets[0].count == 2


def test_draining_starts_anew() -> None:
    rollup = Rollup()
    rollup.add(measurement(statements=[("a", 1, None, False)], errors=["b"]))

    assert rollup.drain()
    assert not rollup.drain()


def test_statements_can_stay_until_a_later_drain() -> None:
    rollup = Rollup()
    rollup.add(measurement(statements=[("a", 1, None, False)]))

    assert not rollup.drain(with_statements=False).statements
    assert [one.fingerprint for one in rollup.drain().statements] == ["a"]


def test_routes_past_the_cap_are_counted_under_other() -> None:
    rollup = Rollup()
    for number in range(MAX_ROUTES + 7):
        rollup.add(measurement(route=f"route-{number}"))
    rollup.add(measurement(route="route-0"))

    buckets = {bucket.key.route: bucket.count for bucket in rollup.drain().buckets}
    assert len(buckets) == MAX_ROUTES + 1
    assert (buckets[OTHER], buckets["route-0"], rollup.beyond_routes) == (7, 2, 7)


def test_the_cap_on_routes_outlives_a_drain() -> None:
    rollup = Rollup()
    for number in range(MAX_ROUTES):
        rollup.add(measurement(route=f"route-{number}"))
    rollup.drain()
    rollup.add(measurement(route="one more"))

    assert rollup.drain().buckets[0].key.route == OTHER


def test_invented_methods_share_a_bucket() -> None:
    rollup = Rollup()
    for number in range(50):
        rollup.add(measurement(method=f"HACK{number}"))

    (bucket,) = rollup.drain().buckets
    assert (bucket.key.method, bucket.count) == ("OTHER", 50)


def test_the_slowest_the_typical_and_the_newest_failed_trace_are_shown() -> None:
    bucket = bucket_of(
        *(measurement(duration_ns=10 * MS) for _ in range(20)),
        measurement(duration_ns=90 * MS, trace_id=1),
        measurement(duration_ns=11 * MS, trace_id=2),
        measurement(duration_ns=1 * MS, trace_id=3, status=500, started_s=7.0),
        measurement(duration_ns=2 * MS, trace_id=4, status=500, started_s=5.0),
        measurement(duration_ns=99 * MS, trace_id=None, status=500, started_s=9.0),
    )

    assert bucket.slowest.trace_id == 1
    assert bucket.typical.trace_id == 2
    assert bucket.newest_error.trace_id == 3


def test_percentiles_of_a_bucket_are_exact_at_its_ends() -> None:
    bucket = bucket_of(measurement(duration_ns=12_345), measurement(duration_ns=67_891))

    assert (bucket.percentile(0.5), bucket.percentile(0.99)) == (12_345, 67_891)


def test_a_statement_is_summed_over_the_traces_of_its_hour() -> None:
    rollup = Rollup()
    slow, quick = ("a", 9, 3, False), ("a", 2, None, True)
    rollup.add(measurement(statements=[slow], trace_id=5))
    rollup.add(measurement(statements=[quick, quick], trace_id=6, route="x"))
    rollup.add(measurement(statements=[quick], started_s=HOUR_S + 1.0))

    first, second = rollup.drain().statements
    assert (first.calls, first.total_ns, first.max_ns) == (3, 13, 9)
    assert (first.rows, first.errors, first.exemplar.trace_id) == (3, 2, 5)
    assert (second.hour_start_s, second.calls, second.exemplar) == (HOUR_S, 1, None)


def test_the_costliest_statements_keep_their_name_and_the_rest_is_summed() -> None:
    rollup = Rollup()
    calls = [(f"s{n}", n + 1, 1, False) for n in range(MAX_STATEMENTS + 50)]
    rollup.add(measurement(statements=calls))

    *named, other = rollup.drain().statements
    assert [one.fingerprint for one in named[:2]] == ["s349", "s348"]
    assert len(named) == MAX_STATEMENTS
    assert (other.fingerprint, other.calls, other.total_ns) == (OTHER, 50, sum(range(1, 51)))


def test_statements_held_are_bounded_and_no_call_is_lost() -> None:
    rollup = Rollup()
    number = MAX_STATEMENTS_HELD * 3
    for n in range(number):
        rollup.add(measurement(statements=[(f"s{n}", 1, 1, False)]))
        assert len(rollup._statements[0]) <= MAX_STATEMENTS_HELD

    assert sum(one.calls for one in rollup.drain().statements) == number


def test_errors_are_counted_by_group_and_five_minutes() -> None:
    rollup = Rollup()
    rollup.add(measurement(errors=["a", "b"], trace_id=1, started_s=10.0))
    rollup.add(measurement(errors=["a"], trace_id=2, started_s=20.0))
    rollup.add(measurement(errors=["a"], started_s=310.0))

    first, second, third = rollup.drain().errors
    assert (first.fingerprint, first.count, first.exemplar.trace_id) == ("a", 2, 2)
    assert (second.fingerprint, second.count) == ("b", 1)
    assert (third.start_s, third.count, third.exemplar) == (300, 1, None)


def test_error_groups_past_the_cap_are_counted_under_other() -> None:
    rollup = Rollup()
    rollup.add(measurement(errors=[f"e{n}" for n in range(MAX_ERROR_GROUPS + 9)]))

    errors = {one.fingerprint: one.count for one in rollup.drain().errors}
    assert (len(errors), errors[OTHER]) == (MAX_ERROR_GROUPS + 1, 9)


def test_a_clock_that_runs_backwards_makes_no_negative_duration() -> None:
    bucket = bucket_of(measurement(duration_ns=-5))

    assert (bucket.sum_ns, bucket.min_ns, bucket.max_ns) == (0, 0, 0)


# Merging

MEASUREMENTS = st.builds(
    measurement,
    started_s=st.integers(0, 5_000).map(float),
    route=st.sampled_from(["a", "b"]),
    status=st.sampled_from([0, 200, 404, 500]),
    unhandled=st.booleans(),
    duration_ns=st.integers(1_000, 10**11),
    cpu_ns=st.none() | st.integers(0, 10**9),
    recorded=st.booleans(),
    query_count=st.integers(0, 50),
    query_ns=st.integers(0, 10**9),
    self_ns=st.dictionaries(st.sampled_from(["sql", "view"]), st.integers(0, 10**9)),
    trace_id=st.none() | st.integers(1, 2**127),
)
BUCKETS = st.lists(
    MEASUREMENTS.map(lambda one: one._replace(route="a")), min_size=1, max_size=5
).map(lambda measurements: bucket_of(*measurements))
CALLS = st.tuples(
    st.just("a"), st.integers(0, 10**9), st.none() | st.integers(0, 100), st.booleans()
)


def statement_of(calls: list[tuple[Any, int | None]]) -> StatementBucket:
    bucket = StatementBucket(0, "a")
    for call, trace_id in calls:
        bucket.add(call, trace_id)
    return bucket


def error_of(measurements: list[Measurement]) -> ErrorBucket:
    bucket = ErrorBucket(0, "a")
    for one in measurements:
        bucket.add(one)
    return bucket


STATEMENTS = st.lists(st.tuples(CALLS, st.none() | st.integers(1, 9)), max_size=5).map(statement_of)
ERRORS = st.lists(MEASUREMENTS, max_size=5).map(error_of)
THREE_OF_A_KIND = st.one_of(
    *(st.tuples(kind, kind, kind) for kind in (BUCKETS, STATEMENTS, ERRORS))
)


def merged(*buckets: Any) -> Any:
    first, *others = deepcopy(buckets)
    for other in others:
        first.merge(other)
    return first


@given(THREE_OF_A_KIND)
def test_merging_is_associative_and_commutative(three: Any) -> None:
    a, b, c = three

    assert merged(merged(a, b), c) == merged(a, merged(b, c))
    assert merged(a, b) == merged(b, a)


@given(BUCKETS)
def test_merging_with_an_empty_bucket_changes_nothing(bucket: Bucket) -> None:
    assert merged(Bucket(bucket.key), bucket) == bucket


@given(st.lists(MEASUREMENTS, max_size=20), st.sampled_from([FIVE_MINUTES_S, HOUR_S]))
def test_coarser_buckets_hold_the_same_sums(measurements: list[Measurement], resolution_s) -> None:
    fine, coarse = Rollup(), Rollup(resolution_s=resolution_s)
    for one in measurements:
        fine.add(one._replace(trace_id=None))
        coarse.add(one._replace(trace_id=None))

    expected = sorted(coarse.drain().buckets, key=lambda bucket: bucket.key)
    assert merge_buckets(fine.drain().buckets, resolution_s=resolution_s) == expected


@pytest.mark.parametrize("resolution_s", [60, 300, 3600])
def test_merging_leaves_the_given_buckets_alone(resolution_s: int) -> None:
    buckets = [bucket_of(measurement(self_ns={"sql": 1}, trace_id=1)) for _ in range(3)]
    before = deepcopy(buckets)

    (total,) = merge_buckets(buckets, resolution_s=resolution_s)

    assert (buckets, total.count, total.histogram) == (before, 3, Histogram({178: 3}))


def test_partial_statements_of_an_hour_become_one() -> None:
    partial = [StatementBucket(hour, name, calls=1) for hour in (0, 3600) for name in "aab"]

    found = [(one.hour_start_s, one.fingerprint, one.calls) for one in merge_statements(partial)]

    assert found == [(0, "a", 2), (0, "b", 1), (3600, "a", 2), (3600, "b", 1)]


def test_merging_statements_keeps_to_the_cap() -> None:
    partial = [StatementBucket(0, f"s{n}", calls=1, total_ns=n) for n in range(400)]

    *named, other = merge_statements([*partial, StatementBucket(0, OTHER, calls=5)])

    assert (len(named), other.fingerprint, other.calls) == (MAX_STATEMENTS, OTHER, 105)


def test_partial_errors_become_one_per_stretch() -> None:
    partial = [ErrorBucket(start_s, "a", count=1) for start_s in (0, 300, 3600)]

    found = [(one.start_s, one.count) for one in merge_errors(partial, resolution_s=HOUR_S)]

    assert found == [(0, 2), (3600, 1)]
