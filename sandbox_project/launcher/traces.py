"""Waits until the panel has written what the visitors caused, and counts it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from sandbox_project.launcher.console import say
from sandbox_project.launcher.places import DATA

# The writer of each worker sends a batch every two seconds.
WRITING_S = 3.0


def wait_for_writing() -> None:
    time.sleep(WRITING_S)
    say(f"The debug panel kept {count_traces()} of these requests as traces.")


def count_traces() -> int:
    file = DATA / "debugpanel.sqlite3"
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        count: int = database.execute("SELECT count(*) FROM debugpanel_trace").fetchone()[0]
        return count
