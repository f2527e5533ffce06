"""Say in plain words whether traces are recorded and stored, and if not, why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections
from django.utils.connection import ConnectionDoesNotExist

from debugpanel import checks, conf
from debugpanel.exporters.database import sharing_problem
from debugpanel.models import Trace, Worker

SILENT_AFTER = dt.timedelta(minutes=3)


class Command(BaseCommand):
    help = "Say why nothing is recorded or stored, if so. Exits with 1 when something is wrong."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        problems = list(find_problems())
        for problem in problems:
            self.stdout.write(self.style.ERROR(f"x  {problem}"))
        for line in (*describe_sampling(), *describe_workers()):
            self.stdout.write(f"-  {line}")
        if problems:
            raise CommandError(f"{len(problems)} reason(s) why traces are missing.", returncode=1)
        self.stdout.write(self.style.SUCCESS("Nothing stands in the way of recording."))


def find_problems() -> Iterator[str]:
    """Yield one sentence for each thing that keeps traces from being recorded or stored."""
    yield from _about_settings()
    yield from _about_middleware()
    yield from _about_store()
    yield from _about_workers()


def _about_settings() -> Iterator[str]:
    for problem in conf.problems():
        yield f"{problem.message} {problem.hint}"
    settings = conf.get()
    if conf.is_killed():
        yield f"The environment variable {conf.KILL_SWITCH} switches debugpanel off. Unset it."
    elif not settings.ENABLED:
        yield "DEBUGPANEL['ENABLED'] is False: nothing is recorded. Set it to True."
    if settings.RECORD_RATE == 0:
        yield "DEBUGPANEL['RECORD_RATE'] is 0: requests are counted, none is recorded."
    kept = (settings.KEEP_ERRORS, settings.KEEP_SLOW, settings.KEEP_PATTERN, settings.KEEP_SLOWEST)
    if settings.SAMPLE_RATE == 0 and not any(kept):
        yield "SAMPLE_RATE is 0 and every KEEP_ setting is off: no trace is kept."


def _about_middleware() -> Iterator[str]:
    middleware = list(getattr(django_settings, "MIDDLEWARE", None) or [])
    if checks.MIDDLEWARE not in middleware:
        yield f"The middleware is missing. Put {checks.MIDDLEWARE!r} first in MIDDLEWARE."
        return
    for message in checks.check_middleware_is_first(None):
        yield f"{message.msg} {message.hint}"


def _about_store() -> Iterator[str]:
    alias = conf.database_alias()
    try:
        connection = connections[alias]
        tables = set(connection.introspection.table_names())
    except ConnectionDoesNotExist:
        yield f"There is no database {alias!r} in DATABASES."
        return
    except DatabaseError as error:
        yield f"The database {alias!r} does not answer ({type(error).__name__})."
        return
    wanted = (Trace._meta.db_table, Worker._meta.db_table)  # noqa: SLF001
    missing = [table for table in wanted if table not in tables]
    if missing:
        extra = "" if alias == "default" else f" --database {alias}"
        yield f"Tables are missing in {alias!r}. Run: manage.py migrate debugpanel{extra}"
        return
    problem = sharing_problem(alias)
    if problem:
        yield problem


def _recent_workers() -> list[Worker]:
    try:
        since = dt.datetime.now(dt.UTC) - SILENT_AFTER
        return list(Worker.objects.using(conf.database_alias()).filter(seen__gte=since))
    except (DatabaseError, ConnectionDoesNotExist):
        return []


def _about_workers() -> Iterator[str]:
    for worker in _recent_workers():
        details = worker.details
        if details.get("paused"):
            yield f"{worker.name} stores nothing for now: {details['paused']}"
        for part, error in details.get("failing", {}).items():
            yield f"{worker.name}: {part} keeps failing ({error}) and is switched off for a while."


def describe_sampling() -> Iterator[str]:
    """Yield what the rates mean, where they may surprise."""
    if conf.get().SAMPLE_RATE == 0:
        yield "SAMPLE_RATE is 0: only what a KEEP_ setting asks for is kept, nothing at random."


def describe_workers() -> Iterator[str]:
    """Yield what the live processes said of themselves last."""
    workers = _recent_workers()
    if not workers:
        yield "No process reported in the last three minutes: none is serving, or none stores."
    for worker in workers:
        details = worker.details
        yield (
            f"{worker.name}: {details.get('counted', 0)} requests counted, "
            f"{details.get('stored', 0)} traces stored, {details.get('queued', 0)} waiting"
        )
