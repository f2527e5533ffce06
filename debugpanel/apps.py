"""Start-up: checks and instruments. No thread, no connection, no query."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core import signals
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from debugpanel import conf, guard
from debugpanel.instruments.base import DidNotEnable, Instrument
from debugpanel.trace import source

installed: dict[str, Instrument] = {}
refused: dict[str, str] = {}
"""Why instruments could not be installed here, by dotted path."""


class DebugPanelConfig(AppConfig):
    name = "debugpanel"
    verbose_name = _("Debug panel")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from debugpanel import checks  # noqa: F401 - registers them

        folder = getattr(settings, "BASE_DIR", None)
        if isinstance(folder, str | Path):
            source.set_project(folder)
        if conf.get().ENABLED:
            install()


def install() -> None:
    """Install the instruments that the settings name, each once."""
    from debugpanel import recorder

    for path in conf.get().INSTRUMENTS:
        if path not in installed:
            _install(path)
    signals.request_finished.connect(recorder.close_current, dispatch_uid="debugpanel")


def uninstall() -> None:
    """Put everything back as it was, the last installed first."""
    signals.request_finished.disconnect(dispatch_uid="debugpanel")
    for path, instrument in reversed(list(installed.items())):
        guard.disconnect_switch(f"instrument {instrument.kind}")
        _remove(path, instrument)
        del installed[path]


def _install(path: str) -> None:
    try:
        instrument: Instrument = import_string(path)()
    except Exception as fault:
        _refuse(path, fault)
        return
    try:
        instrument.install()
    except Exception as fault:
        _refuse(path, fault)
        _remove(path, instrument)
        return
    installed[path] = instrument
    refused.pop(path, None)
    guard.connect_switch(
        f"instrument {instrument.kind}", off=instrument.uninstall, on=instrument.install
    )


def _refuse(path: str, fault: Exception) -> None:
    if isinstance(fault, DidNotEnable):
        refused[path] = str(fault)
        return
    refused[path] = type(fault).__name__
    guard.report(f"instrument {path}", fault)


def _remove(path: str, instrument: Instrument) -> None:
    try:
        instrument.uninstall()
    except Exception as fault:
        guard.report(f"instrument {path}", fault)
