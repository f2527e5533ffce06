"""What a user downloads: the wheel holds every file of the package, and nothing else."""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def files_of_the_package() -> set[str]:
    paths = (ROOT / "debugpanel").rglob("*")
    return {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    assert files_of_the_package() - set(wheel.namelist()) == set()


def test_the_wheel_holds_nothing_else_but_its_metadata(wheel: zipfile.ZipFile) -> None:
    others = set(wheel.namelist()) - files_of_the_package()
    assert {name.split("/")[0] for name in others} == {f"debugpanel-{installed()}.dist-info"}


@pytest.mark.parametrize(
    "pattern", ["py.typed", "migrations/0001_*.py", "templates/*.html", "static/*.css"]
)
def test_the_wheel_holds_what_the_admin_pages_need(wheel: zipfile.ZipFile, pattern: str) -> None:
    assert fnmatch.filter(wheel.namelist(), f"debugpanel/{pattern}")


def installed() -> str:
    return version("debugpanel")


def test_the_version_is_the_one_of_the_project_file(metadata: Message) -> None:
    assert metadata["Version"] == installed()


def test_installing_brings_in_nothing_but_the_four_documented_packages(metadata: Message) -> None:
    wanted = metadata.get_all("Requires-Dist") or []
    names = {line.split(">")[0] for line in wanted if "extra ==" not in line}
    assert names == {"django", "pygments", "python-ipware", "sqlparse"}
