from __future__ import annotations

import pytest
from django.db import connections
from django.test import override_settings

from debugpanel.exporters.base import ExporterPaused
from debugpanel.exporters.database import DatabaseExporter
from debugpanel.exporters.database.sharing import is_shared, sharing_problem
from tests.trace.examples import full_trace


@pytest.fixture
def alias(tmp_path, monkeypatch):
    """Put an SQLite alias of some name and file into the project's settings."""

    def add(name, file="app.sqlite3", **options):
        entry = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(tmp_path / file),
            "OPTIONS": options,
        }
        configured = connections.configure_settings({"default": {}, name: entry})
        monkeypatch.setitem(connections.settings, name, configured[name])
        monkeypatch.setattr(
            connections._connections, name, connections.create_connection(name), raising=False
        )
        return name

    return add


def test_a_file_of_its_own_is_fine(alias):
    alias("default", "app.sqlite3")
    assert sharing_problem(alias("debugpanel", "traces.sqlite3")) == ""


def test_the_applications_file_is_a_problem(alias):
    problem = sharing_problem(alias("default"))
    assert 'DATABASES["debugpanel"] = {' in problem
    assert 'DATABASE_ROUTERS = ["debugpanel.router.DebugPanelRouter"]' in problem
    assert "migrate --database debugpanel" in problem


def test_another_alias_of_the_same_file_is_a_problem_too(alias):
    alias("default", "app.sqlite3")
    assert sharing_problem(alias("debugpanel", "../" * 0 + "./app.sqlite3"))


@pytest.mark.parametrize("mode", ["IMMEDIATE", "exclusive"])
def test_transactions_that_wait_make_sharing_fine(alias, mode):
    assert sharing_problem(alias("default", transaction_mode=mode)) == ""


def test_deferred_transactions_do_not(alias):
    assert sharing_problem(alias("default", transaction_mode="DEFERRED"))


@override_settings(DEBUG=True)
def test_in_development_sharing_is_fine(alias):
    assert sharing_problem(alias("default")) == ""


def test_what_is_shared_stays_shared_in_development(alias):
    assert is_shared(alias("default"))


@pytest.mark.only_on("postgres", "mariadb")
def test_a_server_may_be_shared():
    assert sharing_problem("default") == ""


def test_nothing_is_written_to_the_applications_file(alias):
    exporter = DatabaseExporter()
    exporter._alias = alias("default")
    with pytest.raises(ExporterPaused, match="a file of their own"):
        exporter.write([full_trace()])
