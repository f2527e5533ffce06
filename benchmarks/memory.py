"""What a process holds in memory after 20,000 requests, with debugpanel and without.

Default settings, 1 % of the requests kept at random and the others that stand out, traces in
an SQLite file of their own. Two processes for each round, one after the other; what they hold
is read when the first requests are served and at the end. A third makes the tables before, as a
server finds them.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import site

ROOT = Path(__file__).parent.parent
REQUESTS = 20_000
WARM_UP = 200
ROUNDS = 3
KIB = 1024
MIB = 1024 * KIB

# Of twenty requests one shows a product; the others are small.
CYCLE = ("shop", *["bare"] * 12, *["micro"] * 7)


def resident_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * KIB


def serve(handler: Any, first: int, last: int) -> None:
    from benchmarks import shop

    for number in range(first, last):
        page = CYCLE[number % len(CYCLE)]
        environ = shop.environ(number)
        if page != "shop":
            environ["PATH_INFO"] = f"/{page}/"
        response = handler(environ, lambda status, headers: None)
        if response.status_code != 200:
            raise SystemExit(f"{page} answered {response.status_code}.")
        response.close()


def measure(requests: int, directory: str, *, with_panel: bool) -> dict[str, int]:
    _configure(directory, with_panel=with_panel)
    site.fill_cache()
    from django.core.handlers.wsgi import WSGIHandler

    handler = WSGIHandler()
    serve(handler, 0, WARM_UP)
    early_bytes = _settled_bytes(with_panel)
    serve(handler, WARM_UP, WARM_UP + requests)
    return {"early": early_bytes, "late": _settled_bytes(with_panel)}


def _configure(directory: str, *, with_panel: bool) -> None:
    ours = f"{directory}/debugpanel.sqlite3"
    site.configure({} if with_panel else None, [], ours, host=f"{directory}/host.sqlite3")


def _settled_bytes(with_panel: bool) -> int:
    if with_panel:
        import debugpanel

        debugpanel.flush(30)
    gc.collect()
    return resident_bytes()


def report(options: argparse.Namespace) -> Iterator[str]:
    rounds, requests = (1, 100) if options.smoke else (ROUNDS, REQUESTS)
    yield table(requests, [_pair(requests) for _ in range(rounds)])


def _pair(requests: int) -> tuple[dict[str, int], dict[str, int]]:
    with tempfile.TemporaryDirectory() as directory:
        _run("tables", requests, directory)
        return _run("without", requests, directory), _run("with", requests, directory)


def _run(variant: str, requests: int, directory: str) -> dict[str, int]:
    command = [sys.executable, "-m", "benchmarks.memory", variant, str(requests), directory]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit("The benchmark of the memory failed; its error stands above.")
    return dict(json.loads(done.stdout))


def table(requests: int, pairs: list[tuple[dict[str, int], dict[str, int]]]) -> str:
    early = [ours["early"] - bare["early"] for bare, ours in pairs]
    late = [ours["late"] - bare["late"] for bare, ours in pairs]
    grown = [end - begin for begin, end in zip(early, late, strict=True)]
    whole = statistics.median(bare["late"] for bare, _ in pairs) / MIB
    lines = [
        f"### memory: a process of {whole:.0f} MiB without debugpanel, {requests:,} requests",
        "",
        "| | MiB, median (least to most) | at most |",
        "|---|---|---|",
        f"| added, after {requests:,} requests | {_spread(late)} | 8 |",
        f"| of it at the start, modules and hooks | {_spread(early)} | |",
        f"| of it by requests | {_spread(grown)} | |",
    ]
    return "\n".join(lines)


def _spread(values: list[int]) -> str:
    shown = [statistics.median(values), min(values), max(values)]
    middle, least, most = (f"{value / MIB:.1f}" for value in shown)
    return f"{middle} ({least} to {most})"


def main(variant: str, requests: str, directory: str) -> None:
    if variant == "tables":
        _configure(directory, with_panel=True)
        site.fill()
        print("{}")
        return
    print(json.dumps(measure(int(requests), directory, with_panel=variant == "with")))


if __name__ == "__main__":
    main(*sys.argv[1:])
