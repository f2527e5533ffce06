"""A database connection of our own: never the application's, with our time-outs.

It is a private copy of the alias's settings without its pool, its isolation level and its
debug cursor (with DEBUG on, Django would keep every statement of ours). Times out after:

    PostgreSQL      connect 3 s; `SET LOCAL` in each transaction, for pgbouncer: lock 1 s,
                    statement 5 s; its name in `pg_stat_activity` is debugpanel
    MariaDB, MySQL  connect 3 s; for the session, which is ours alone: lock 1 s, statement
                    5 s (MariaDB), network 6 s. Its `sql_mode` is empty, so that a table in
                    latin1 stores a question mark where strictness would refuse the row
    SQLite          waits 0.25 s for a lock; transactions are IMMEDIATE
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

CONNECT_TIMEOUT_S = 3
LOCK_TIMEOUT_S = 1
STATEMENT_TIMEOUT_S = 5
NETWORK_TIMEOUT_S = STATEMENT_TIMEOUT_S + 1
SQLITE_BUSY_TIMEOUT_S = 0.25
APPLICATION_NAME = "debugpanel"

POSTGRESQL = "postgresql"
MYSQL = "mysql"
SQLITE = "sqlite"

_BEGIN = {
    POSTGRESQL: (
        "BEGIN",
        f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_S * 1000}",
        f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_S * 1000}",
    ),
    MYSQL: ("START TRANSACTION",),
    SQLITE: ("BEGIN IMMEDIATE",),
}
_NOW = {
    POSTGRESQL: "(extract(epoch from clock_timestamp()) * 1000000)::bigint",
    MYSQL: "UNIX_TIMESTAMP() * 1000000",
    SQLITE: "CAST(strftime('%%s', 'now') AS INTEGER) * 1000000",
}


class UnsupportedDatabaseError(Exception):
    """Raised for a database that is neither SQLite, PostgreSQL, MariaDB nor MySQL."""


class PrivateConnection:
    """One connection, opened when it is first needed. Used by one thread at a time."""

    def __init__(self, alias: str = DEFAULT_DB_ALIAS) -> None:
        self.alias = alias
        self.used_at_s = 0.0
        self._wrapper = _private_copy(alias)
        self.vendor = self._wrapper.vendor
        if self.vendor not in _BEGIN:
            raise UnsupportedDatabaseError(f"debugpanel cannot store in {self.vendor}.")

    @property
    def is_open(self) -> bool:
        return self._wrapper.connection is not None

    @property
    def now_sql(self) -> str:
        """Return the database's own clock as an expression: microseconds since 1970."""
        return _NOW[self.vendor]

    @property
    def has_uuid_type(self) -> bool:
        """Say whether ids have a type of their own. MySQL is asked for its version."""
        return bool(self._wrapper.features.has_native_uuid_field)

    def quote(self, name: str) -> str:
        return self._wrapper.ops.quote_name(name)

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Return how many rows changed."""
        with self._cursor() as cursor:
            cursor.execute(sql, params)
            return int(cursor.rowcount)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._cursor() as cursor:
            cursor.executemany(sql, rows)

    def fetch(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or take all of it back."""
        try:
            self._begin()
            yield
            self._run("COMMIT")
        except BaseException as error:
            self._roll_back(error)
            raise
        finally:
            self.used_at_s = time.monotonic()

    def close(self) -> None:
        with suppress(DatabaseError):
            self._wrapper.close()

    def close_if_idle(self, idle_s: float) -> None:
        if self.is_open and time.monotonic() - self.used_at_s > idle_s:
            self.close()

    def _begin(self) -> None:
        self._open()
        self._run("; ".join(_BEGIN[self.vendor]))

    def _open(self) -> None:
        if self.is_open:
            return
        self._wrapper.connect()
        # Instruments, ours included, put themselves into every new connection.
        self._wrapper.execute_wrappers.clear()
        if self.vendor == MYSQL:
            self._run(self._mysql_session())

    def _mysql_session(self) -> str:
        is_mariadb = getattr(self._wrapper, "mysql_is_mariadb", False)
        limit = f"max_statement_time = {STATEMENT_TIMEOUT_S}"
        return (
            f"SET SESSION innodb_lock_wait_timeout = {LOCK_TIMEOUT_S},"
            f" lock_wait_timeout = {LOCK_TIMEOUT_S}, sql_mode = ''"
            f"{f', {limit}' if is_mariadb else ''}"
        )

    def _cursor(self) -> Any:
        self._open()
        return self._wrapper.cursor()

    def _run(self, sql: str) -> None:
        with self._wrapper.cursor() as cursor:
            cursor.execute(sql)

    def _roll_back(self, error: BaseException) -> None:
        if not self.is_open:
            return
        try:
            self._run("ROLLBACK")
        except Exception:
            self.close()
        if isinstance(error, OperationalError | InterfaceError):
            # A connection that failed once is not trusted with the next attempt.
            self.close()


def _private_copy(alias: str) -> BaseDatabaseWrapper:
    wrapper: Any = connections[alias].copy()
    settings = wrapper.settings_dict
    settings["OPTIONS"] = _options(wrapper.vendor, dict(settings.get("OPTIONS") or {}))
    settings.update(CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=False, AUTOCOMMIT=True)
    wrapper.inc_thread_sharing()
    wrapper.make_debug_cursor = wrapper.make_cursor
    return wrapper  # type: ignore[no-any-return]


def _options(vendor: str, options: dict[str, Any]) -> dict[str, Any]:
    if vendor == POSTGRESQL:
        return _postgresql_options(options)
    if vendor == MYSQL:
        return _mysql_options(options)
    if vendor == SQLITE:
        options["timeout"] = SQLITE_BUSY_TIMEOUT_S
    return options


def _postgresql_options(options: dict[str, Any]) -> dict[str, Any]:
    for name in ("pool", "isolation_level", "server_side_binding"):
        options.pop(name, None)
    own = {
        "application_name": APPLICATION_NAME,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": NETWORK_TIMEOUT_S * 1000,
    }
    return {**options, **own}


def _mysql_options(options: dict[str, Any]) -> dict[str, Any]:
    options.pop("isolation_level", None)
    own = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "read_timeout": NETWORK_TIMEOUT_S,
        "write_timeout": NETWORK_TIMEOUT_S,
    }
    return {**options, **own}
