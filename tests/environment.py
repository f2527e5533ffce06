"""The environment of the suite and of the benchmarks: made once, in `.envs/`, for each Python.

Only the standard library is used here: it is what makes the rest available.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".envs" / "tests-{}.{}".format(*sys.version_info[:2])
PYTHON = ENVIRONMENT / "bin" / "python"
INSTALLED = ENVIRONMENT / "installed"


def make_environment() -> None:
    """Make it, or make it anew when the dependencies changed."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets a sentence, not a traceback
        sys.exit("Python 3.11 or later is needed; this is {}.{}.".format(*sys.version_info))
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
        sys.exit("pip could not install what is needed; its own message is above.")


def say(line: str) -> None:
    print(f"\n=== {line}", flush=True)
