"""What recording may cost, as counts and ratios: seconds belong into `benchmarks`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import debugpanel
from benchmarks import pages, writer
from debugpanel import recorder
from debugpanel.exporters.database import DatabaseExporter
from debugpanel.testing import deliver_in_tests
from debugpanel.trace.ids import new_trace_id
from tests.environment import ROOT
from tests.trace.examples import STARTED_NS, full_trace

MAX_STORED_BYTES = 4_096
MAX_TIMES_THE_FLOOR = 8
# Less than this share of the page is lost in what a busy machine does to both.
LEAST_FLOOR = 0.05


@pytest.fixture
def _delivery(settings: Any) -> Iterator[None]:
    settings.DEBUGPANEL = {"SAMPLE_RATE": 1.0}
    with deliver_in_tests():
        yield
        recorder.writer.reset_for_tests()


@pytest.mark.only_on("sqlite")
def test_a_trace_of_60_spans_is_stored_in_4_kilobytes() -> None:
    command = [sys.executable, "-m", "benchmarks.writer", "1", "5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    assert min(figures["spans"]) >= 60
    assert max(figures["bytes"]) <= MAX_STORED_BYTES


@pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])
def test_a_batch_costs_at_most_two_statements_for_each_table() -> None:
    exporter = DatabaseExporter()
    sent: Counter[str] = Counter()
    writer.count_statements(exporter, sent)
    try:
        assert exporter.write([full_trace(id=new_trace_id(STARTED_NS)) for _ in range(100)]) == 100
    finally:
        exporter.close()
    assert {"debugpanel_trace", "debugpanel_tracepayload"} <= set(sent)
    assert max(sent.values()) <= 2


@pytest.mark.usefixtures("_delivery")
@pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])
def test_no_statement_is_added_to_the_connection_of_the_request(client: Client) -> None:
    with CaptureQueriesContext(connection) as sent:
        client.get("/host/queries/7/")
        flushed = debugpanel.flush(20)
    assert flushed.stored == 1
    assert len(sent) == 7


@pytest.mark.only_on("sqlite")
def test_a_recorded_request_stays_near_the_floor() -> None:
    times = pages.measure("micro", rounds=20, requests=25, variants=("off", "floor", "dropped"))
    off, floor, dropped = (min(times[name]) for name in ("off", "floor", "dropped"))
    assert dropped - off <= MAX_TIMES_THE_FLOOR * max(floor - off, off * LEAST_FLOOR)
