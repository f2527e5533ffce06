"""What servers and databases wrote, and what of it is new when debugpanel is there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.realworld.postgres import LogEntry
from tests.realworld.runs import Run

BAD_SEVERITIES = {"WARNING", "ERROR", "FATAL", "PANIC"}

# What differs from process to process: times, process ids, ports, addresses of objects.
CHANGING = re.compile(r"\d{4}-\d\d-\d\d[ T][\d:.,]+(?: \+0000)?|0x[0-9a-f]+|\[\d+\]|\b\d{4,}\b")


def new_lines(run: Run, others: Iterable[Run]) -> set[str]:
    """Lines of the server that no other run had, without the frames of debugpanel itself."""
    usual = {line for other in others for line in lines_of(other)}
    return lines_of(run) - usual


def lines_of(run: Run) -> set[str]:
    text = run.server_log.replace(str(run.place.folder), "").replace(run.place.database, "")
    return {CHANGING.sub("~", line).strip() for line in text.splitlines()}


def new_complaints(run: Run, others: Iterable[Run]) -> set[str]:
    """Warnings and errors of the database, of whatever connection, that no other run had."""
    usual = {entry.message for other in others for entry in complaints(other.database_log)}
    return {entry.message for entry in complaints(run.database_log)} - usual


def complaints(log: Iterable[LogEntry]) -> list[LogEntry]:
    return [entry for entry in log if entry.severity in BAD_SEVERITIES]
