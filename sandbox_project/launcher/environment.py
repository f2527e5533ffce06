"""The virtual environment: made once, installed again when pyproject.toml changes."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from sandbox_project.launcher.checks import check_writable
from sandbox_project.launcher.console import Trouble, say
from sandbox_project.launcher.places import DATA, ROOT, VENV, last_lines

VENV_PYTHON = VENV / "bin" / "python"
OURS = VENV / "made-by-sandbox.txt"
INSTALLED = VENV / "installed-by-sandbox.txt"
LOG = DATA / "install.log"
HALF, WHOLE = "half\n", "whole\n"

NEEDED = "import django, gunicorn, httpx, jinja2, pygments, requests, sqlparse"
USABLE = "import sys, pip; sys.exit(sys.version_info < (3, 11))"


def python(*, own: bool) -> Path:
    """The interpreter that has the shop's packages; its own environment is made when missing."""
    if not own:
        return check_packages(Path(sys.executable))
    if not is_installed():
        check_writable(ROOT)
        make()
        install()
    return VENV_PYTHON


def check_packages(interpreter: Path) -> Path:
    if not succeeds(interpreter, NEEDED):
        raise Trouble(
            f"{interpreter} lacks packages the shop needs.\n"
            'Install them with: pip install -e ".[sandbox]"; or leave --no-venv out.'
        )
    return interpreter


def is_installed() -> bool:
    return INSTALLED.exists() and INSTALLED.read_text() == fingerprint() and is_usable()


def fingerprint() -> str:
    """Changes with the dependencies and when the repository is moved."""
    digest = sha256((ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode())
    return f"{digest.hexdigest()}\n"


def is_usable() -> bool:
    return VENV_PYTHON.exists() and succeeds(VENV_PYTHON, USABLE)


def succeeds(interpreter: Path, program: str) -> bool:
    try:
        command = [str(interpreter), "-c", program]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make() -> None:
    if is_usable() and not is_half_made():
        return
    check_venv_module()
    remove_ours()
    say("Making .venv")
    VENV.mkdir()
    OURS.write_text(HALF)
    run([sys.executable, "-m", "venv", str(VENV)], "Making the virtual environment failed.")
    OURS.write_text(WHOLE)


def is_half_made() -> bool:
    return OURS.exists() and OURS.read_text() == HALF


def check_venv_module() -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Trouble(
                f"This Python has no module {module}, which makes virtual environments.\n"
                "On Debian and Ubuntu: apt install python3-venv"
            )


def remove_ours() -> None:
    """An environment somebody else made is theirs to remove."""
    if VENV.exists() and not OURS.exists():
        raise Trouble(
            f"{VENV} has no working Python 3.11 or newer with pip, and the sandbox did not"
            " make it.\nRemove or repair it, or start with --no-venv."
        )
    shutil.rmtree(VENV, ignore_errors=True)


def install() -> None:
    say("Installing debugpanel, the shop's packages and gunicorn into .venv (about a minute)")
    pip = [str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    run([*pip, "--editable", ".[sandbox]"], "Installing failed. Is there a network?")
    INSTALLED.write_text(fingerprint())


def run(command: list[str], sentence: str) -> None:
    with LOG.open("w") as log:
        done = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False)
    if done.returncode:
        raise Trouble(f"{sentence} The end of {LOG}:\n{last_lines(LOG)}")
