"""Run the whole suite on this machine: `python3 -m tests [arguments for pytest]`.

Makes an environment of its own in `.envs/`, installs the package and what its tests need, then runs
pytest once for each database: SQLite always, PostgreSQL and MariaDB where a server answers.
`DEBUGPANEL_TEST_DB=sqlite` (or postgres, or mariadb) keeps to that one. With `CI` set, a database
that does not answer is a failure.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".envs" / "tests-{}.{}".format(*sys.version_info[:2])
PYTHON = ENVIRONMENT / "bin" / "python"
INSTALLED = ENVIRONMENT / "installed"
DATABASES = ["sqlite", "postgres", "mariadb"]
PASSED, NOTHING_SELECTED = 0, 5


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets a sentence, not a traceback
        sys.exit("The suite needs Python 3.11 or later; this is {}.{}.".format(*sys.version_info))
    make_environment()
    return worst([run_on(database, arguments) for database in chosen_databases()])


def make_environment() -> None:
    if is_up_to_date():
        return
    say(f"Making {ENVIRONMENT.relative_to(ROOT)} (kept for the next run)")
    create_environment()
    install_package()
    INSTALLED.write_text(fingerprint())


def is_up_to_date() -> bool:
    return PYTHON.exists() and INSTALLED.exists() and INSTALLED.read_text() == fingerprint()


def fingerprint() -> str:
    project = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return "\n".join([sys.version, str(ROOT), project, extras()])


def extras() -> str:
    """The driver of MariaDB is compiled, so it is asked for only where that can work."""
    tools = ("mariadb_config", "pkg-config", "cc")
    has_headers = Path(sysconfig.get_path("include"), "Python.h").exists()
    can_compile = has_headers and all(shutil.which(tool) for tool in tools)
    return "test,mariadb" if can_compile else "test"


def create_environment() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        sys.exit(
            "This Python cannot make environments: its venv module is missing. "
            "On Debian and Ubuntu: apt install python3-venv"
        )
    try:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
    except OSError as exc:
        sys.exit(f"{ENVIRONMENT} cannot be written: {exc.strerror}.")
    except subprocess.CalledProcessError as exc:
        sys.exit(f"pip could not be set up in {ENVIRONMENT} (exit code {exc.returncode}).")


def install_package() -> None:
    install = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*install, "--editable", f"{ROOT}[{extras()}]"], check=False).returncode:
        sys.exit("pip could not install what the suite needs; its own message is above.")


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


def say(line: str) -> None:
    print(f"\n=== {line}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
