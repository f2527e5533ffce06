from __future__ import annotations

import pytest

from debugpanel.exporters.database import DatabaseExporter
from debugpanel.models import Trace
from debugpanel.store import inserts
from debugpanel.store.connection import PrivateConnection
from debugpanel.store.inserts import Insert
from tests.exporters.sending import noted
from tests.trace.examples import full_trace

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])

LEASES = Insert(table="debugpanel_lease", columns=("name", "owner", "until"), key="name")
RENEWED = Insert(
    table="debugpanel_lease", columns=("name", "owner", "until"), key="name", updates=("owner",)
)


@pytest.fixture
def connection():
    made = PrivateConnection("debugpanel")
    yield made
    made.close()


def leases(connection):
    return connection.fetch("SELECT name, owner FROM debugpanel_lease ORDER BY name")


def test_many_rows_are_one_statement(connection):
    with noted(connection) as sent:
        LEASES.run(connection, [(f"{number:03}", "a", 0) for number in range(300)])
    assert len(sent) == 1
    assert len(leases(connection)) == 300


def test_no_rows_are_no_statement(connection):
    with noted(connection) as sent:
        LEASES.run(connection, [])
    assert sent == []


def test_rows_that_are_there_stay_as_they_are(connection):
    LEASES.run(connection, [("a", "one", 0)])
    LEASES.run(connection, [("a", "two", 0), ("b", "two", 0)])
    assert leases(connection) == [("a", "one"), ("b", "two")]


def test_rows_that_are_there_are_updated_where_that_is_wanted(connection):
    LEASES.run(connection, [("a", "one", 0)])
    RENEWED.run(connection, [("a", "two", 0)])
    assert leases(connection) == [("a", "two")]


@pytest.mark.only_on("postgres", "mariadb")
def test_a_long_statement_is_cut_between_rows(connection, monkeypatch):
    monkeypatch.setattr(inserts, "MAX_STATEMENT_BYTES", 1_000)
    with noted(connection) as sent:
        LEASES.run(connection, [(f"{number}", "x" * 60, 0) for number in range(30)])
    assert 3 <= len(sent) <= 10
    assert len(leases(connection)) == 30


@pytest.mark.only_on("postgres", "mariadb")
def test_a_row_that_is_too_long_alone_is_a_statement_of_its_own(connection, monkeypatch):
    monkeypatch.setattr(inserts, "MAX_STATEMENT_BYTES", 50)
    LEASES.run(connection, [("a", "x" * 60, 0), ("b", "x" * 60, 0)])
    assert len(leases(connection)) == 2


@pytest.mark.only_on("postgres", "mariadb")
def test_parameters_of_a_statement_are_limited(connection, monkeypatch):
    monkeypatch.setattr(inserts, "MAX_PARAMETERS", 30)
    with noted(connection) as sent:
        LEASES.run(connection, [(f"{number}", "", 0) for number in range(25)])
    assert len(sent) == 3


def test_bytes_stay_bytes(connection):
    every = bytes(range(256)) * 20
    exporter = DatabaseExporter()
    exporter.write([full_trace()])
    exporter.close()
    payloads = Insert(
        table="debugpanel_tracepayload",
        columns=("trace_id", "data"),
        key="trace_id",
        updates=("data",),
        binary=frozenset({1}),
    )
    payloads.run(connection, [(Trace.objects.get().id.hex, every)])
    [(data,)] = connection.fetch("SELECT data FROM debugpanel_tracepayload")
    assert bytes(data) == every
