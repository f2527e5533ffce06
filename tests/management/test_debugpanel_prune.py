from __future__ import annotations

import io
import sys
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from debugpanel import maintenance
from debugpanel.exporters.database import DatabaseExporter
from debugpanel.models import Lease, Trace, TracePayload
from debugpanel.store.connection import PrivateConnection
from tests.trace.examples import full_trace

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])

DAY_S = 86_400


@pytest.fixture
def traces(transactional_db):
    """Store a trace of today and three of last month."""
    exporter = DatabaseExporter()
    now_s = time.time()
    for age_s in (60, 30 * DAY_S, 31 * DAY_S, 32 * DAY_S):
        exporter.write([full_trace(id=0, errors=[], started_ns=int((now_s - age_s) * 1e9))])
    exporter.close()


def run(**options):
    out = io.StringIO()
    call_command("debugpanel_prune", stdout=out, **options)
    return out.getvalue()


def test_it_removes_what_is_too_old_and_says_so(traces):
    assert run().startswith("3 traces and ")
    assert Trace.objects.count() == TracePayload.objects.count() == 1


def test_a_dry_run_only_says_what_would_go(traces):
    assert run(dry_run=True).startswith("3 traces from before ")
    assert Trace.objects.count() == 4


def test_a_second_run_finds_nothing(traces):
    run()
    assert run().startswith("0 traces and 0 other rows")


def test_settings_decide(traces, settings):
    settings.DEBUGPANEL = {"RETENTION_DAYS": 31.5}
    run()
    assert Trace.objects.count() == 3


def test_it_steps_aside_for_another_process(traces):
    connection = PrivateConnection("debugpanel")
    maintenance.elect(connection, maintenance.PRUNING_LEASE, "another")
    connection.close()
    with pytest.raises(CommandError, match="Another process") as raised:
        run()
    assert raised.value.returncode == 2
    assert Trace.objects.count() == 4


def test_it_gives_its_lease_back(traces):
    run()
    assert Lease.objects.get().until.year == 1970


def test_missing_tables_end_in_a_sentence():
    connection = connections["debugpanel"]
    with connection.schema_editor() as editor:
        editor.alter_db_table(Trace, "debugpanel_trace", "debugpanel_away")
    try:
        with pytest.raises(CommandError, match="migrate --database debugpanel"):
            run()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Trace, "debugpanel_away", "debugpanel_trace")


def test_an_unknown_alias_ends_in_a_sentence(settings):
    settings.DEBUGPANEL = {"DATABASE": "nowhere"}
    with pytest.raises(CommandError, match="'nowhere' cannot be used"):
        run()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_how_far_it_is(traces, monkeypatch):
    monkeypatch.setattr(maintenance, "MAX_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(sys, "stderr", Terminal())
    shown = io.StringIO()
    call_command("debugpanel_prune", stdout=io.StringIO(), stderr=shown)
    assert "2 of 3 traces\r" in shown.getvalue()
    assert "3 of 3 traces\n" in shown.getvalue()


def test_a_pipe_sees_no_bar(traces):
    shown = io.StringIO()
    call_command("debugpanel_prune", stdout=io.StringIO(), stderr=shown)
    assert shown.getvalue() == ""
