from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.only_on("sqlite")

SHOP_TESTS = Path(__file__).parent / "shop"


def test_the_shop_passes_its_tests_under_its_own_settings(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", SHOP_TESTS, "--ds", "sandbox_project.settings"]
    done = subprocess.run(
        [*command, "--confcutdir", SHOP_TESTS, "-q", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
