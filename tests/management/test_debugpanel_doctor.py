from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import override_settings

from debugpanel import conf
from debugpanel.models import Worker, from_microseconds
from tests.settings import MIDDLEWARE

pytestmark = pytest.mark.django_db(databases=["default", "debugpanel"])


def diagnosis() -> tuple[int, str]:
    """Return the exit code and everything that the doctor said."""
    output = io.StringIO()
    try:
        call_command("debugpanel_doctor", stdout=output, no_color=True)
    except CommandError as error:
        return error.returncode, output.getvalue()
    return 0, output.getvalue()


def report(**state: Any) -> None:
    now = from_microseconds(2_000_000_000_000_000)
    Worker.objects.create(name="web:1", started=now, seen=now, state=json.dumps(state))


def test_a_healthy_site_has_nothing_in_the_way() -> None:
    report(counted=12, stored=3)
    code, said = diagnosis()
    assert (code, "Nothing stands in the way" in said) == (0, True)
    assert "web:1: 12 requests counted, 3 traces stored" in said


def test_silence_is_said_but_is_no_fault() -> None:
    code, said = diagnosis()
    assert (code, "No process reported" in said) == (0, True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"ENABLED": False}, "'ENABLED'] is False"),
        ({"RECORD_RATE": 0.0}, "'RECORD_RATE'] is 0"),
        (
            {
                "SAMPLE_RATE": 0.0,
                "KEEP_ERRORS": False,
                "KEEP_SLOW": False,
                "KEEP_PATTERN": False,
                "KEEP_SLOWEST": False,
            },
            "no trace is kept",
        ),
        ({"SAMPEL_RATE": 1.0}, "Did you mean 'SAMPLE_RATE'?"),
        ({"DATABASE": "nowhere"}, "no database 'nowhere'"),
    ],
)
def test_settings_that_keep_traces_away_are_named(options: dict[str, Any], sentence: str) -> None:
    with override_settings(DEBUGPANEL=options):
        code, said = diagnosis()
    assert (code, sentence in said) == (1, True), said


def test_a_rate_of_zero_alone_is_said_but_is_no_fault() -> None:
    with override_settings(DEBUGPANEL={"SAMPLE_RATE": 0.0}):
        code, said = diagnosis()
    assert (code, "SAMPLE_RATE is 0" in said) == (0, True)


def test_the_kill_switch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUGPANEL_ENABLED", "0")
    conf.reset()
    code, said = diagnosis()
    monkeypatch.delenv("DEBUGPANEL_ENABLED")
    conf.reset()
    assert (code, "DEBUGPANEL_ENABLED switches debugpanel off" in said) == (1, True)


@pytest.mark.parametrize(
    ("middleware", "sentence"),
    [
        (MIDDLEWARE[1:], "The middleware is missing"),
        ([MIDDLEWARE[3], *MIDDLEWARE[:3]], "Move 'debugpanel.middleware"),
    ],
)
def test_a_missing_or_misplaced_middleware_is_named(middleware: list[str], sentence: str) -> None:
    with override_settings(MIDDLEWARE=middleware):
        code, said = diagnosis()
    assert (code, sentence in said) == (1, True), said


def test_a_paused_or_failing_process_is_named() -> None:
    report(paused="the disk is full", failing={"exporter database": "OSError in write"})
    code, said = diagnosis()
    assert code == 1
    assert "web:1 stores nothing for now: the disk is full" in said
    assert "web:1: exporter database keeps failing (OSError in write)" in said


@pytest.fixture
def _without_tables(transactional_db: None) -> Iterator[None]:
    connection = connections["debugpanel"]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE debugpanel_worker RENAME TO away")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO debugpanel_worker")


@pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])
@pytest.mark.usefixtures("_without_tables")
def test_missing_tables_are_named_with_their_cure() -> None:
    code, said = diagnosis()
    assert (code, "migrate debugpanel --database debugpanel" in said) == (1, True), said
