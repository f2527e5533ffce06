"""What every exporter does, whatever it does it with."""

from __future__ import annotations

import time

import pytest

from debugpanel import testing
from debugpanel.exporters.database import DatabaseExporter
from debugpanel.exporters.memory import MemoryExporter
from debugpanel.metrics.rollup import Measurement, Rollup, Rollups
from debugpanel.models import Rollup as RollupRow
from debugpanel.models import Trace as TraceRow
from tests.trace.examples import TRACE_ID, described, full_trace

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])


@pytest.fixture(params=[DatabaseExporter, MemoryExporter])
def exporter(request):
    made = request.param()
    with testing.raise_internal_errors():
        yield made
    made.close()


def counted(exporter):
    """Return how many requests an exporter was told of."""
    if isinstance(exporter, MemoryExporter):
        return sum(bucket.count for one in exporter.rollups for bucket in one.buckets)
    return sum(row.count for row in RollupRow.objects.all())


def stored(exporter):
    if isinstance(exporter, MemoryExporter):
        return len(exporter.traces)
    return TraceRow.objects.count()


def rollups():
    sums = Rollup()
    sums.add(
        Measurement(
            started_s=1_760_000_000,
            kind="request",
            route="shop/",
            method="GET",
            release="",
            status=200,
            unhandled=False,
            duration_ns=1,
            cpu_ns=None,
            recorded=True,
            query_count=0,
            query_ns=0,
            self_ns={},
            trace_id=None,
        )
    )
    return sums.drain()


def test_a_batch_is_stored_and_counted(exporter):
    batch = [full_trace(id=TRACE_ID + number) for number in range(5)]
    assert exporter.write(batch) == 5
    assert stored(exporter) == 5


def test_an_empty_batch_is_nothing(exporter):
    assert exporter.write([]) == 0
    assert stored(exporter) == 0


def test_writing_leaves_the_traces_as_they_were(exporter):
    trace = full_trace()
    exporter.write([trace])
    assert described(trace) == described(full_trace())


def test_a_bare_trace_is_stored(exporter):
    trace = full_trace(spans=[], events=[], stacks={}, overflow={}, facts={}, errors=[])
    assert exporter.write([trace]) == 1


def test_counts_add_up(exporter):
    exporter.count(rollups())
    exporter.count(rollups())
    assert counted(exporter) == 2


def test_empty_counts_are_nothing(exporter):
    exporter.count(Rollups())
    assert counted(exporter) == 0


def test_a_process_may_say_anything_of_itself(exporter):
    exporter.heartbeat({})
    exporter.heartbeat(
        {"worker": "web:1", "dropped": {"full": 3}, "odd": object(), "nan": float("nan")}
    )


def test_housekeeping_may_come_at_any_time(exporter):
    for _ in range(3):
        exporter.maintain(time.time())


def test_closing_twice_is_fine(exporter):
    exporter.write([full_trace()])
    exporter.close()
    exporter.close()


def test_an_exporter_goes_on_after_it_was_closed(exporter):
    exporter.close()
    assert exporter.write([full_trace()]) == 1
