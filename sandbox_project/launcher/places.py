"""Where the sandbox keeps its things."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
DATA = Path(os.environ.get("SANDBOX_DATA", ROOT / ".sandbox"))


def last_lines(file: Path, count: int = 12) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-count:])
