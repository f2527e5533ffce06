"""The servers and programs that some tests need: where they are looked for, if they answer.

Each is found through one environment variable; the defaults are what a local installation has:

    DEBUGPANEL_TEST_POSTGRES   postgresql://debugpanel:debugpanel@127.0.0.1:5432
    DEBUGPANEL_TEST_MARIADB    mysql://debugpanel:debugpanel@127.0.0.1:3306
    DEBUGPANEL_TEST_REDIS      redis://127.0.0.1:6379
    DEBUGPANEL_TEST_CHROMIUM   the program's path

`python -m tests.services postgres` says in one line whether the service answers.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

CONNECT_TIMEOUT_S = 3

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
]
"""For Debian's own Chromium under root, which makes no connection except to the tested site."""


class NotAnsweringError(Exception):
    """The service cannot be used; the message says why in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    label: str
    variable: str
    default: str
    probe: Callable[[str], None]

    @property
    def address(self) -> str:
        return os.environ.get(self.variable) or self.default

    def why_not(self) -> str | None:
        """Why it cannot be used, or None when it answers."""
        return _why_not(self, self.address)


@cache
def _why_not(service: Service, address: str) -> str | None:
    try:
        service.probe(address)
    except NotAnsweringError as exc:
        return f"{service.label} is not there ({exc}); {service.variable} says where it is."
    return None


def _probe_postgres(address: str) -> None:
    _connect(address)
    try:
        import psycopg
    except ImportError:
        raise NotAnsweringError("its driver psycopg is not installed") from None
    try:
        psycopg.connect(
            address, dbname="postgres", connect_timeout=CONNECT_TIMEOUT_S, autocommit=True
        ).close()
    except psycopg.Error as exc:
        raise NotAnsweringError(_first_line(exc)) from None


def _probe_mariadb(address: str) -> None:
    _connect(address)
    try:
        import MySQLdb
    except ImportError:
        raise NotAnsweringError(
            "its driver mysqlclient is not installed, which is built with "
            "libmariadb-dev, pkg-config and gcc"
        ) from None
    url = urlsplit(address)
    try:
        MySQLdb.connect(
            host=url.hostname,
            port=_port(url),
            user=unquote(url.username or ""),
            password=unquote(url.password or ""),
            connect_timeout=CONNECT_TIMEOUT_S,
        ).close()
    except MySQLdb.Error as exc:
        raise NotAnsweringError(_first_line(exc)) from None


def _probe_redis(address: str) -> None:
    with _connect(address) as connection:
        connection.sendall(b"PING\r\n")
        answer = connection.recv(64)
    if not answer.startswith(b"+PONG"):
        raise NotAnsweringError(f"it answers {answer!r}")


def _probe_program(path: str) -> None:
    if shutil.which(path) is None:
        raise NotAnsweringError(f"no program {path}")


def _connect(address: str) -> socket.socket:
    url = urlsplit(address)
    host, port = url.hostname or "127.0.0.1", _port(url)
    try:
        return socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
    except OSError as exc:
        raise NotAnsweringError(f"{host}:{port}: {exc.strerror or exc}") from None


def _port(url: SplitResult) -> int:
    return url.port or {"postgresql": 5432, "mysql": 3306, "redis": 6379}[url.scheme]


def _first_line(exc: Exception) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0]


POSTGRES = Service(
    label="PostgreSQL",
    variable="DEBUGPANEL_TEST_POSTGRES",
    default="postgresql://debugpanel:debugpanel@127.0.0.1:5432",
    probe=_probe_postgres,
)
MARIADB = Service(
    label="MariaDB",
    variable="DEBUGPANEL_TEST_MARIADB",
    default="mysql://debugpanel:debugpanel@127.0.0.1:3306",
    probe=_probe_mariadb,
)
REDIS = Service(
    label="Redis",
    variable="DEBUGPANEL_TEST_REDIS",
    default="redis://127.0.0.1:6379",
    probe=_probe_redis,
)
CHROMIUM = Service(
    label="Chromium",
    variable="DEBUGPANEL_TEST_CHROMIUM",
    default="chromium",
    probe=_probe_program,
)

# Else Django sends a statement of its own whenever it connects, and tests count statements.
WITHOUT_SET_UP = {"isolation_level": None}

SERVICES = {"postgres": POSTGRES, "mariadb": MARIADB, "redis": REDIS, "chromium": CHROMIUM}


def database(kind: str, name: str) -> dict[str, Any]:
    """One entry for DATABASES; `kind` is sqlite, postgres or mariadb, `name` a file for SQLite."""
    if kind == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "TEST": {"NAME": name}}
    engine = {"postgres": "postgresql", "mariadb": "mysql"}[kind]
    url = urlsplit(SERVICES[kind].address)
    return {
        "ENGINE": f"django.db.backends.{engine}",
        "NAME": name,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname,
        "PORT": _port(url),
        "OPTIONS": {} if kind == "postgres" else WITHOUT_SET_UP,
        "TEST": {"NAME": name},
    }


def main(name: str) -> int:
    service = SERVICES[name]
    reason = service.why_not()
    print(reason or f"{service.label} answers at {service.address}.")
    return 0 if reason is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
