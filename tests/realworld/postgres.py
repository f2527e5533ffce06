"""A PostgreSQL cluster of our own, on loopback, which logs every statement with who sent it.

It is made in a temporary folder and removed afterwards. PostgreSQL refuses to run as root, so under
root it runs as `postgres`, or as `nobody` where that user is missing. `DEBUGPANEL_POSTGRES_BIN`
names the folder of `initdb` and `postgres` where they are not found by themselves.
"""

from __future__ import annotations

import csv
import io
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.realworld.servers import free_port

csv.field_size_limit(sys.maxsize)

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = {port}
max_connections = 60
fsync = off
full_page_writes = off
logging_collector = on
log_destination = 'csvlog'
log_directory = 'log'
log_filename = 'statements.log'
log_rotation_size = 0
log_rotation_age = 0
log_statement = 'all'
"""

# https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
DATABASE_COLUMN, SEVERITY_COLUMN, MESSAGE_COLUMN, APPLICATION_COLUMN = 2, 11, 13, 22
STATEMENT_PREFIXES = ("statement: ", "execute ")
LOG_DELAY_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    database: str
    application: str
    severity: str
    message: str

    @property
    def is_statement(self) -> bool:
        return self.message.startswith(STATEMENT_PREFIXES)

    @property
    def sql(self) -> str:
        """What was sent, without the name under which it was prepared."""
        return self.message.partition(": ")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    folder: Path
    binaries: Path
    port: int
    password: str

    @property
    def environment(self) -> dict[str, str]:
        """How libpq and the sites' settings find it."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.password,
        }

    def execute(self, sql: str, *, database: str = "postgres") -> str:
        command = [self.binaries / "psql", "-XqtA", "-vON_ERROR_STOP=1", "-c", sql]
        environment = os.environ | self.environment | {"PGDATABASE": database}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_database(self, name: str, *, copy_of: str = "template1") -> None:
        self.execute(f"CREATE DATABASE {name} TEMPLATE {copy_of}")

    def mark(self) -> int:
        """Where the log is now, once the server has written all that came before."""
        marker = secrets.token_hex(8)
        start = self._log_file.stat().st_size
        self.execute(f"SELECT '{marker}'")
        deadline = time.monotonic() + LOG_DELAY_S
        while time.monotonic() < deadline:
            before, found, after = self._log_from(start).partition(marker.encode())
            if b"\n" in after:
                return start + len(before + found) + after.index(b"\n") + 1
            time.sleep(0.1)
        raise AssertionError("PostgreSQL did not write its log")

    def _log_from(self, start: int) -> bytes:
        with self._log_file.open("rb") as log:
            log.seek(start)
            return log.read()

    def log_between(self, start: int, end: int) -> list[LogEntry]:
        text = self._log_from(start)[: end - start].decode()
        rows = csv.reader(io.StringIO(text, newline=""))
        return [_log_entry(row) for row in rows if len(row) > APPLICATION_COLUMN]

    @property
    def _log_file(self) -> Path:
        return self.folder / "data" / "log" / "statements.csv"


def _log_entry(row: list[str]) -> LogEntry:
    return LogEntry(
        database=row[DATABASE_COLUMN],
        application=row[APPLICATION_COLUMN],
        severity=row[SEVERITY_COLUMN],
        message=row[MESSAGE_COLUMN],
    )


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(
        folder=folder, binaries=binaries(), port=free_port(), password=secrets.token_hex()
    )
    _initialise(cluster)
    control(cluster, "start", "-l", str(folder / "startup.log"))
    try:
        yield cluster
    finally:
        control(cluster, "stop", "-m", "immediate")


def _initialise(cluster: Cluster) -> None:
    cluster.folder.mkdir()
    password_file = cluster.folder / "password"
    password_file.write_text(cluster.password)
    for path in (cluster.folder, password_file):
        shutil.chown(path, _user())
    _run(
        cluster,
        "initdb",
        *("--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}"),
        *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
    )
    with (cluster.folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION.format(port=cluster.port))


def control(cluster: Cluster, *arguments: str) -> None:
    _run(cluster, "pg_ctl", "-w", *arguments)


def _run(cluster: Cluster, program: str, *arguments: str) -> None:
    command = [cluster.binaries / program, "-D", cluster.folder / "data", *arguments]
    output = cluster.folder / f"{program}.log"
    with output.open("a") as stdout:
        done = subprocess.run(
            command,
            check=False,
            cwd=cluster.folder,
            user=_user(),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stdout,
        )
    assert done.returncode == 0, output.read_text()


def _user() -> str:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def binaries() -> Path:
    folders = [Path(name) for name in (os.environ.get("DEBUGPANEL_POSTGRES_BIN"),) if name]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise AssertionError(
        "initdb of PostgreSQL was not found: "
        "install it, or name its folder in DEBUGPANEL_POSTGRES_BIN"
    )
