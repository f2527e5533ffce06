"""`manage.py debugpanel_prune`: remove what is too old or too much, now."""

from __future__ import annotations

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.connection import ConnectionDoesNotExist

from debugpanel import conf, maintenance
from debugpanel.maintenance import Limits, Progress
from debugpanel.models import from_microseconds
from debugpanel.store.connection import PrivateConnection, UnsupportedDatabaseError

EXIT_BUSY = 2
PAUSE_S = 0.01
BAR_WIDTH = 30


class Command(BaseCommand):
    help = (
        "Removes traces beyond RETENTION_DAYS, RETENTION_TRACES and RETENTION_BYTES, and what "
        "only they used. A running site does the same by itself. Exits with 0 when done, 1 "
        "when the database cannot be used, 2 when another process is at it already."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Only say how many traces would be removed."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = conf.database_alias()
        try:
            connection = PrivateConnection(alias)
        except (ConnectionDoesNotExist, UnsupportedDatabaseError) as error:
            raise CommandError(f"The database {alias!r} cannot be used: {error}") from error
        try:
            self._prune(connection, dry_run=options["dry_run"])
        except DatabaseError as error:
            raise CommandError(_complaint(alias, error)) from error
        finally:
            connection.close()

    def _prune(self, connection: PrivateConnection, *, dry_run: bool) -> None:
        limits, now_s = Limits.from_settings(), time.time()
        cutoff = maintenance.find_cutoff(connection, limits, now_s)
        count = maintenance.count_before(connection, cutoff)
        if dry_run:
            moment = f"{from_microseconds(cutoff):%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{count:,} traces from before {moment} would be removed.")
            return
        owner = maintenance.own_name()
        if not maintenance.elect(connection, maintenance.PRUNING_LEASE, owner):
            message = "Another process is removing traces at this moment; nothing was done."
            raise CommandError(message, returncode=EXIT_BUSY)
        removed = self._follow(maintenance.prune_traces(connection, cutoff), count)
        others = self._follow(maintenance.prune_others(connection, limits, now_s), 0)
        maintenance.release(connection, maintenance.PRUNING_LEASE, owner)
        self.stdout.write(f"{removed:,} traces and {others:,} other rows were removed.")

    def _follow(self, work: Progress, expected: int) -> int:
        """Do the work in small steps with pauses, so that the site gets its turn."""
        done = 0
        for step in work:
            done += step
            self._draw(done, expected)
            time.sleep(PAUSE_S)
        return done

    def _draw(self, done: int, expected: int) -> None:
        if not expected or not sys.stderr.isatty():
            return
        share = min(done / expected, 1.0)
        bar = ("#" * round(share * BAR_WIDTH)).ljust(BAR_WIDTH, ".")
        end = "\n" if done >= expected else "\r"
        self.stderr.write(f"[{bar}] {done:,} of {expected:,} traces", ending=end)
        self.stderr.flush()


def _complaint(alias: str, error: DatabaseError) -> str:
    return (
        f"The database {alias!r} could not be used ({type(error).__name__}). "
        f"Does it run, and did you run `manage.py migrate --database {alias}`?"
    )
