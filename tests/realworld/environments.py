"""One virtual environment per site, as its owner would have: the site's packages and our wheel.

The environments stay in `.envs/`; only the wheel is installed anew in each run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = Path(__file__).resolve().parent / "projects"

# A host must not find the repository's copy of debugpanel, nor the settings of this suite.
HIDDEN = ("PYTHON", "DJANGO_", "DEBUGPANEL_", "VIRTUAL_ENV", "COVERAGE_")


def make_environment(site_name: str) -> Path:
    """The interpreter of the site's environment, with the packages of its requirements file."""
    requirements = PROJECTS / site_name / "requirements.txt"
    folder = ROOT / ".envs" / "realworld-{}-{}.{}".format(site_name, *sys.version_info[:2])
    stamp, wanted = folder / "installed", f"{sys.version}\n{requirements.read_text()}"
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        _pip(folder / "bin" / "python", "install", "-r", str(requirements))
        stamp.write_text(wanted)
    return folder / "bin" / "python"


def build_wheel(python: Path, folder: Path) -> Path:
    _pip(python, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_wheel(python: Path, wheel: Path) -> None:
    _pip(python, "install", str(wheel))
    _pip(python, "install", "--no-deps", "--force-reinstall", str(wheel))


def run(python: Path, *arguments: str, cwd: Path, env: dict[str, str]) -> str:
    """What the command printed; its whole output is in the failure when it fails."""
    done = subprocess.run(
        [python, *arguments],
        cwd=cwd,
        env=own_environment() | env,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{' '.join(arguments)}:\n{done.stdout}"
    return done.stdout


def own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}


def _pip(python: Path, *arguments: str) -> None:
    quiet = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")
    run(python, *quiet, *arguments, cwd=ROOT, env={})
