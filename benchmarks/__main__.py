"""Measure what debugpanel costs: `python3 -m benchmarks`. The standard library only: the
environment with Django in it, the suite's own, is made when it is missing.
"""

from __future__ import annotations

import subprocess
import sys

from tests.environment import PYTHON, ROOT, make_environment


def main(arguments: list[str]) -> int:
    make_environment()
    command = [PYTHON, "-m", "benchmarks.report", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
