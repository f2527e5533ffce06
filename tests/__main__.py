"""Run the whole suite on this machine: `python3 -m tests [arguments for pytest]`.

Makes an environment of its own in `.envs/`, installs the package and what its tests need, then runs
pytest once for each database: SQLite always, PostgreSQL and MariaDB where a server answers.
`DEBUGPANEL_TEST_DB=sqlite` (or postgres, or mariadb) keeps to that one. With `CI` set, a database
that does not answer is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.environment import PYTHON, ROOT, make_environment, say

DATABASES = ["sqlite", "postgres", "mariadb"]
PASSED, NOTHING_SELECTED = 0, 5


def main(arguments: list[str]) -> int:
    make_environment()
    return worst([run_on(database, arguments) for database in chosen_databases()])


def chosen_databases() -> list[str]:
    only = os.environ.get("DEBUGPANEL_TEST_DB")
    return [only] if only else DATABASES


def run_on(database: str, arguments: list[str]) -> int:
    """Run pytest on one database; one that is not there is skipped in words, and fails CI."""
    if database != "sqlite" and not answers(database):
        say(f"Skipped: the suite on {database} (the line above says why).")
        return 1 if os.environ.get("CI") else PASSED
    say(f"Running the suite on {database}")
    command = [PYTHON, "-m", "pytest", *arguments]
    environ = os.environ | {"DEBUGPANEL_TEST_DB": database}
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


def answers(database: str) -> bool:
    command = [PYTHON, "-m", "tests.services", database]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def worst(codes: list[int]) -> int:
    """Arguments may select tests of one database only, which is no failure on the others."""
    failures = [code for code in codes if code not in {PASSED, NOTHING_SELECTED}]
    if failures:
        return failures[0]
    return PASSED if PASSED in codes else NOTHING_SELECTED


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
