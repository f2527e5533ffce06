from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from debugpanel import checks, conf
from debugpanel.router import DebugPanelRouter

FIRST = checks.MIDDLEWARE
SECURITY = "django.middleware.security.SecurityMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    conf.reset()
    yield
    conf.reset()


def manage_check() -> str:
    """What `manage.py check` prints, whether it fails or not."""
    errors = StringIO()
    try:
        call_command("check", "--tag", checks.TAG, stdout=StringIO(), stderr=errors)
    except SystemCheckError as failed:
        return f"{failed}"
    return errors.getvalue()


def ids() -> list[str]:
    found = re.findall(r"\(debugpanel\.([A-Z]\d{3})\)", manage_check())
    assert all(message.hint for message in run_checks(tags=[checks.TAG]))
    return found


def test_an_ordinary_project_has_nothing_to_correct() -> None:
    assert manage_check() == ""


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"SAMPLERATE": 1}, ["E001"]),
        ({"SAMPLE_RATE": "1"}, ["E002"]),
        ({"SAMPLE_RATE": 7}, ["E003"]),
        ({"SAMPLE_RATE": 7, "SLOWMS": 1, "MAX_SPANS": "x"}, ["E003", "E001", "E002"]),
        ({"INSTRUMENTS": ["shop.debug.Missing"]}, ["E005"]),
        ({"EXPORTERS": ["debugpanel.exporters.memory.Missing"]}, ["E005"]),
        ({"PANELS": ["tests.test_checks.broken.Panel"]}, ["E005"]),
        ({"DATABASE": "elsewhere"}, ["E007"]),
    ],
)
def test_settings_are_checked(settings: Any, options: dict[str, Any], expected: list[str]) -> None:
    settings.DEBUGPANEL = options
    assert sorted(ids()) == sorted(expected)


def test_settings_that_are_no_dictionary_are_an_error(settings: Any) -> None:
    settings.DEBUGPANEL = ["SAMPLE_RATE"]
    assert "E002" in ids()


class Unreadable(dict[str, Any]):
    def keys(self) -> Any:
        raise RuntimeError

    __iter__ = keys


def test_settings_that_raise_are_an_error(settings: Any) -> None:
    settings.DEBUGPANEL = Unreadable()
    assert "E004" in ids()


def test_the_text_names_the_key_and_the_hint_the_cure(settings: Any) -> None:
    settings.DEBUGPANEL = {"SAMPEL_RATE": 1, "MAX_SPANS": -1}
    printed = manage_check()
    assert "DEBUGPANEL has no key 'SAMPEL_RATE'" in printed
    assert "Did you mean 'SAMPLE_RATE'?" in printed
    assert "Until then 500 is used." in printed


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ([FIRST], []),
        ([SECURITY, FIRST], []),
        ((FIRST, SESSIONS), []),
        ([SESSIONS], ["W001"]),
        ([], ["W001"]),
        ([SESSIONS, FIRST], ["W002"]),
        ([FIRST, SESSIONS, FIRST], ["E006"]),
    ],
)
def test_the_place_of_the_middleware_is_checked(
    settings: Any, middleware: Any, expected: list[str]
) -> None:
    settings.MIDDLEWARE = middleware
    assert ids() == expected


def test_a_missing_middleware_is_right_when_switched_off(settings: Any) -> None:
    settings.MIDDLEWARE = []
    settings.DEBUGPANEL = {"ENABLED": False}
    assert ids() == []


@pytest.mark.parametrize("routers", [[], ["tests.test_checks.Unreadable"]])
def test_an_alias_of_its_own_needs_the_router(settings: Any, routers: Any) -> None:
    settings.DATABASE_ROUTERS = routers
    assert ids() == ["W003"]


class Own(DebugPanelRouter):
    pass


@pytest.mark.parametrize("router", [DebugPanelRouter(), Own(), f"{__name__}.Own"])
def test_a_router_may_be_an_object_or_an_own_one(settings: Any, router: Any) -> None:
    settings.DATABASE_ROUTERS = [router]
    assert ids() == []


@pytest.mark.only_on("sqlite")
def test_sharing_a_sqlite_file_is_warned_of(settings: Any) -> None:
    settings.DEBUGPANEL = {"DATABASE": "default"}
    assert ids() == ["W004"]


def test_a_project_without_the_admin_is_told(settings: Any) -> None:
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "django.contrib.admin"
    ]
    assert ids() == ["W005"]


def test_checks_need_no_database(settings: Any) -> None:
    """pytest-django would refuse the connection: no mark asks for one."""
    settings.DEBUGPANEL = {"DATABASE": "default"}
    manage_check()


def test_every_check_has_its_case_here() -> None:
    declared = set(re.findall(r"debugpanel\.([EW]\d{3})", Path(checks.__file__).read_text()))
    declared |= set(checks._IDS_OF_PROBLEMS.values())
    tested = set(re.findall(r'"([EW]\d{3})"', Path(__file__).read_text()))
    assert declared == tested
