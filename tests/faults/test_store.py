from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.faults.conftest import Site
from tests.realworld.postgres import Cluster, control

Serve = Callable[..., Site]


def test_a_stopped_postgresql_changes_no_answer_and_recording_comes_back(
    cluster: Cluster, serve: Serve
) -> None:
    site = serve(cluster.environment)
    as_usual = site.answers()
    before = site.wait_until_stored(lambda stored: stored >= len(as_usual))
    control(cluster, "stop", "-m", "immediate")
    for _ in range(5):
        assert site.answers() == as_usual
    control(cluster, "start", "-l", str(cluster.folder / "startup.log"))
    site.wait_until_stored(lambda stored: stored > before)
    assert site.answers() == as_usual


def test_a_site_starts_while_its_trace_database_is_down(cluster: Cluster, serve: Serve) -> None:
    site = serve(cluster.environment)
    as_usual = site.answers()
    control(cluster, "stop", "-m", "immediate")
    for worker in site.server.worker_ids():
        os.kill(worker, signal.SIGKILL)
    site.wait_for_workers()
    assert site.answers() == as_usual
    control(cluster, "start", "-l", str(cluster.folder / "startup.log"))
    site.wait_until_stored(lambda stored: stored > 0)


def test_a_dropped_table_changes_no_answer_and_recording_comes_back(serve: Serve) -> None:
    site = serve({})
    as_usual = site.answers()
    site.wait_until_stored(lambda stored: stored >= len(as_usual))
    site.shell(
        "from django.db import connections\n"
        "with connections['debugpanel'].cursor() as cursor:\n"
        "    cursor.execute('DROP TABLE debugpanel_tracepayload')\n"
        "    cursor.execute('DROP TABLE debugpanel_trace')\n"
        "    cursor.execute(\"DELETE FROM django_migrations WHERE app = 'debugpanel'\")\n"
    )
    for _ in range(3):
        assert site.answers() == as_usual
    site.shell(
        "from django.db import connections\n"
        "from django.core.management import call_command\n"
        "with connections['debugpanel'].cursor() as cursor:\n"
        "    for table in connections['debugpanel'].introspection.table_names():\n"
        "        if table.startswith('debugpanel_'):\n"
        "            cursor.execute(f'DROP TABLE {table}')\n"
        "call_command('migrate', database='debugpanel', verbosity=0)\n"
    )
    site.wait_until_stored(lambda stored: stored > 0)
    assert site.answers() == as_usual


def test_a_killed_worker_under_load_changes_no_answer_of_the_others(serve: Serve) -> None:
    site = serve({})
    as_usual = site.answers()
    answers: list[object] = []
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            try:
                answers.append(site.get("queries/7"))
            except (OSError, HTTPException):
                # The killed worker held this request.
                continue

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before = len(answers)
        os.kill(site.server.worker_ids()[0], signal.SIGKILL)
        while len(answers) < before + 50:
            done.wait(0.05)
    done.set()
    for thread in threads:
        thread.join()
    assert {repr(answer) for answer in answers} == {repr(as_usual[2])}
    before = site.stored()
    site.wait_until_stored(lambda stored: stored > before)
    assert site.shell(CHECK_PAYLOADS).split()[-1] == "whole"


CHECK_PAYLOADS = """
from debugpanel.models import Trace, TracePayload
from debugpanel.trace import codec
for payload in TracePayload.objects.iterator():
    codec.decode(payload.data)
half = Trace.objects.filter(payload__isnull=True).count()
print("whole" if not half else f"{half} without payload")
"""


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_end_loses_no_trace(serve: Serve, signal_number: int) -> None:
    site = serve({})
    for _ in range(20):
        site.get("text")
    workers = site.server.worker_ids()
    site.server.process.send_signal(signal_number)
    for worker in workers:
        wait_for_end(worker)
    assert site.stored() == 20


def test_a_server_that_dies_of_its_signal_loses_nothing_when_wrapped(serve: Serve) -> None:
    site = serve({}, "uvicorn")
    for _ in range(20):
        site.get("text")
    assert site.server.stop() == -signal.SIGTERM
    assert site.stored() == 20
    code = "from debugpanel.models import Rollup; print(sum(r.count for r in Rollup.objects.all()))"
    assert int(site.shell(code).split()[-1]) == 20


def wait_for_end(pid: int) -> None:
    for _ in range(600):
        if not Path(f"/proc/{pid}").exists():
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"process {pid} did not end")
