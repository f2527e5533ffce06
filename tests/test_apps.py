from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished

from debugpanel import apps, conf, guard
from debugpanel.instruments.base import DidNotEnable, Instrument

HERE = "tests.test_apps"


class Recorder(Instrument):
    kind = "recorder"
    label = "Recorder"
    turns: list[str] = []

    def install(self) -> None:
        self.turns.append("on")

    def uninstall(self) -> None:
        self.turns.append("off")


class Missing(Recorder):
    kind = "missing"

    def install(self) -> None:
        raise DidNotEnable("the library is too old")


class Half(Recorder):
    kind = "half"

    def install(self) -> None:
        super().install()
        raise RuntimeError("the other half failed")


class Stuck(Recorder):
    kind = "stuck"

    def uninstall(self) -> None:
        raise RuntimeError("stuck")


@pytest.fixture(autouse=True)
def _own_instruments(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Recorder, "turns", [])
    monkeypatch.setattr(guard, "breakers", {})
    apps.uninstall()
    yield
    apps.uninstall()
    apps.refused.clear()
    conf.reset()
    apps.install()


def install(settings: Any, *names: str) -> None:
    settings.DEBUGPANEL = {"INSTRUMENTS": [f"{HERE}.{name}" for name in names]}
    apps.install()


def test_instruments_are_installed_once_and_removed_once(settings: Any) -> None:
    install(settings, "Recorder")
    apps.install()
    apps.uninstall()
    apps.uninstall()
    assert Recorder.turns == ["on", "off"]


def test_one_that_cannot_work_here_says_why_and_is_no_fault(settings: Any) -> None:
    install(settings, "Missing", "Recorder")
    assert apps.refused == {f"{HERE}.Missing": "the library is too old"}
    assert list(apps.installed) == [f"{HERE}.Recorder"]
    assert guard.breakers.keys() == {"instrument recorder"}


@pytest.mark.parametrize("name", ["Half", "Nothing"])
def test_one_that_fails_does_not_keep_the_others_out(settings: Any, name: str) -> None:
    install(settings, name, "Recorder")
    assert list(apps.refused) == [f"{HERE}.{name}"]
    assert list(apps.installed) == [f"{HERE}.Recorder"]


def test_what_was_half_installed_is_removed_again(settings: Any) -> None:
    install(settings, "Half")
    assert Recorder.turns == ["on", "off"]


def test_one_that_cannot_be_removed_does_not_keep_the_others_in(settings: Any) -> None:
    install(settings, "Recorder", "Stuck")
    apps.uninstall()
    assert (Recorder.turns, apps.installed) == (["on", "on", "off"], {})


def test_a_failing_instrument_is_switched_off_and_on_by_its_breaker(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(guard, "clock", lambda: now_s)
    install(settings, "Recorder")
    for _ in range(guard.FAILURES_TO_OPEN):
        guard.report("instrument recorder", ValueError())
    assert Recorder.turns == ["on", "off"]
    now_s += guard.OPEN_S
    guard.recover()
    assert Recorder.turns == ["on", "off", "on"]


def test_a_removed_instrument_is_not_switched_on_by_its_breaker(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(guard, "clock", lambda: now_s)
    install(settings, "Recorder")
    for _ in range(guard.FAILURES_TO_OPEN):
        guard.report("instrument recorder", ValueError())
    apps.uninstall()
    now_s += guard.OPEN_S
    guard.recover()
    assert Recorder.turns[-1] == "off"


def test_signals_are_left_as_they_were(settings: Any) -> None:
    before = list(request_finished.receivers)
    install(settings, "Recorder")
    assert len(request_finished.receivers) == len(before) + 1
    apps.uninstall()
    assert request_finished.receivers == before


START = """
    import gc, signal, sys, threading, warnings
    threads = threading.enumerate()
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook, list(warnings.filters))
    import os
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    from django.db.backends.base.base import BaseDatabaseWrapper
    opened = []
    connect = BaseDatabaseWrapper.connect
    BaseDatabaseWrapper.connect = lambda self: (opened.append(self.alias), connect(self))[1]
    import django, random
    random.seed(7)
    state = random.getstate()
    django.setup()
    from debugpanel import apps, recorder
    import debugpanel.middleware
    from django.core.handlers.wsgi import WSGIHandler
    WSGIHandler()
    print(sorted(apps.installed) != [], apps.refused)
    print(opened, threading.enumerate() == threads, recorder.writer._thread)
    now = {number: signal.getsignal(number) for number in signal.valid_signals()}
    print(now == handlers, random.getstate() == state)
    print(hooks == (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.filters))
"""


def run(code: str, **environment: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return done.stdout, done.stderr


def test_starting_up_opens_no_thread_and_no_connection_and_changes_no_hook() -> None:
    assert run(START) == ("True {}\n[] True None\nTrue True\nTrue\n", "")


def test_the_kill_switch_leaves_nothing_installed() -> None:
    code = """
        import os
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        from django.core.handlers.base import BaseHandler
        from django.db.backends.base.base import BaseDatabaseWrapper
        from django.db.backends.signals import connection_created
        originals = (BaseHandler.make_view_atomic, BaseDatabaseWrapper.commit)
        import django
        django.setup()
        from debugpanel import apps
        from django.core.handlers.wsgi import WSGIHandler
        from django.core.signals import request_finished
        WSGIHandler()
        print(originals == (BaseHandler.make_view_atomic, BaseDatabaseWrapper.commit))
        ours = [key for key, *_ in request_finished.receivers if key[0] == "debugpanel"]
        print(apps.installed, ours)
    """
    assert run(code, DEBUGPANEL_ENABLED="0") == ("True\n{} []\n", "")
