"""What was measured, as markdown: the machine first, then a table for each part.

pages   time added to a request, on its thread
writer  time and bytes of a trace that is kept, statements of a batch
memory  what the process holds after 20,000 requests
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
from pathlib import Path

import django

from benchmarks import memory, pages, writer

PARTS = {"pages": pages.report, "writer": writer.report, "memory": memory.report}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--smoke", action="store_true", help="a few requests, to show it runs")
    parser.add_argument("--page", choices=pages.PAGES, action="append", help="only this page")
    parser.add_argument("--rounds", type=int, default=31, help="blocks a variant")
    options = parser.parse_args()
    print(machine(), end="\n\n", flush=True)
    for name in options.only or PARTS:
        for table in PARTS[name](options):
            print(table, end="\n\n", flush=True)


def machine() -> str:
    """Say where the figures come from, and how busy it was there."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};"
        f" Python {platform.python_version()}, Django {django.get_version()},"
        f" SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
