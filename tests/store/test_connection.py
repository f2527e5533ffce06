from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from django.db import DatabaseError, OperationalError, connections
from django.test import override_settings

from debugpanel.store.connection import PrivateConnection

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])


@pytest.fixture
def connection():
    made = PrivateConnection("debugpanel")
    yield made
    made.close()


def test_it_opens_when_it_is_first_needed(connection):
    assert not connection.is_open
    connection.fetch("SELECT 1")
    assert connection.is_open


def test_the_applications_connection_stays_closed(connection):
    connections["debugpanel"].close()
    connection.fetch("SELECT 1")
    assert connections["debugpanel"].connection is None


def test_a_transaction_is_committed(connection):
    with connection.transaction():
        insert(connection, "a")
    assert names(connection) == ["a"]


def test_a_transaction_that_fails_leaves_nothing(connection):
    with suppress(ZeroDivisionError), connection.transaction():
        insert(connection, "a")
        raise ZeroDivisionError
    assert names(connection) == []


def test_a_transaction_that_fails_in_the_database_leaves_nothing(connection):
    with suppress(DatabaseError), connection.transaction():
        insert(connection, "a")
        connection.execute("INSERT INTO nowhere VALUES (1)")
    assert names(connection) == []
    with connection.transaction():
        insert(connection, "b")
    assert names(connection) == ["b"]


@override_settings(DEBUG=True)
def test_debug_keeps_none_of_our_statements(connection):
    connection.fetch("SELECT 1")
    assert list(connection._wrapper.queries_log) == []


def test_nobody_else_sees_our_statements(connection):
    connection.fetch("SELECT 1")
    assert connection._wrapper.execute_wrappers == []


def test_it_may_be_closed_by_another_thread(connection):
    connection.fetch("SELECT 1")
    thread = threading.Thread(target=connection.close)
    thread.start()
    thread.join()
    assert not connection.is_open


def test_the_databases_clock_counts_microseconds(connection):
    with connection.transaction():
        [(now,)] = connection.fetch(f"SELECT {connection.now_sql}", ())
    assert 1_700_000_000_000_000 < int(now) < 4_000_000_000_000_000


@pytest.mark.only_on("postgres")
def test_time_outs_hold_inside_a_transaction_only(connection):
    inside = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
    with connection.transaction():
        assert connection.fetch(inside) == [("1s", "5s")]
    assert connection.fetch(inside) == [("0", "0")]


@pytest.mark.only_on("postgres")
def test_the_server_knows_whose_connection_it_is(connection):
    assert connection.fetch("SELECT current_setting('application_name')") == [("debugpanel",)]


@pytest.mark.only_on("postgres")
def test_it_takes_no_place_in_the_pool(monkeypatch):
    options = {"pool": {"min_size": 1}, "isolation_level": 4, "sslmode": "prefer"}
    monkeypatch.setitem(connections["debugpanel"].settings_dict, "OPTIONS", options)
    own = PrivateConnection("debugpanel")._wrapper.settings_dict["OPTIONS"]
    assert own == {
        "application_name": "debugpanel",
        "connect_timeout": 3,
        "tcp_user_timeout": 6000,
        "sslmode": "prefer",
    }


@pytest.mark.only_on("mariadb")
def test_time_outs_hold_for_the_session(connection):
    names = "@@innodb_lock_wait_timeout, @@lock_wait_timeout, @@max_statement_time, @@sql_mode"
    assert connection.fetch(f"SELECT {names}") == [(1, 1, 5.0, "")]


@pytest.mark.only_on("sqlite")
def test_a_lock_is_waited_for_briefly(connection):
    assert connection._wrapper.settings_dict["OPTIONS"]["timeout"] == 0.25


def test_a_lock_of_somebody_else_ends_in_an_error_and_not_in_waiting(connection):
    other = PrivateConnection("debugpanel")
    try:
        with connection.transaction():
            insert(connection, "a")
        with other.transaction():
            other.execute("UPDATE debugpanel_lease SET owner = 'other'")
            with pytest.raises(OperationalError), connection.transaction():
                connection.execute("UPDATE debugpanel_lease SET owner = 'us'")
    finally:
        other.close()


def insert(connection, name):
    connection.execute(
        "INSERT INTO debugpanel_lease (name, owner, until) VALUES (%s, '', 0)", [name]
    )


def names(connection):
    return [row[0] for row in connection.fetch("SELECT name FROM debugpanel_lease ORDER BY name")]
