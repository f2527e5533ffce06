"""What debugpanel adds to a request, on the request's thread.

Every variant runs in a process of its own. Blocks of all variants alternate, so that what
disturbs the machine disturbs all alike; the figure is the median of the paired differences
to the variant without us, with its quartiles.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.site import PAGES, VARIANTS

ROOT = Path(__file__).parent.parent
BASE = "off"
REQUESTS = {"micro": 100, "bare": 400, "typical": 60, "queries": 15}


class Worker:
    """One process that serves a page in one variant."""

    def __init__(self, variant: str, page: str, directory: str) -> None:
        command = [sys.executable, "-m", "benchmarks.worker", variant, page, directory]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def wait_until_ready(self) -> None:
        if self._read() != "ready":
            raise SystemExit("A worker of the benchmark did not start; its error stands above.")

    def run(self, requests: int) -> float:
        """Return the CPU microseconds of one request, on the request's thread."""
        assert self.process.stdin is not None
        print(requests, file=self.process.stdin, flush=True)
        return float(json.loads(self._read())["cpu_s"]) * 1_000_000

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def measure(
    page: str, rounds: int, requests: int, variants: Iterable[str] = VARIANTS
) -> dict[str, list[float]]:
    """Return the microseconds a request of each variant, one figure a round."""
    with tempfile.TemporaryDirectory() as directory:
        workers = {name: Worker(name, page, directory) for name in variants}
        try:
            for worker in workers.values():
                worker.wait_until_ready()
            times: dict[str, list[float]] = {name: [] for name in workers}
            for number in range(rounds):
                order = list(workers) if number % 2 else list(reversed(workers))
                for name in order:
                    times[name].append(workers[name].run(requests))
            return times
        finally:
            for worker in workers.values():
                worker.stop()


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return low, middle, high


def table(page: str, times: dict[str, list[float]]) -> str:
    """Return one page's figures as a markdown table."""
    base = times[BASE]
    added = {
        name: quartiles([one - other for one, other in zip(values, base, strict=True)])
        for name, values in times.items()
        if name != BASE
    }
    floor_us = added["floor"][1]
    lines = [
        f"### {page}: {statistics.median(base):.0f} us of CPU without debugpanel",
        "",
        "| variant | added us (quartiles) | times the floor |",
        "|---|---|---|",
    ]
    for name, (low, middle, high) in added.items():
        ratio = f"{middle / floor_us:.1f}" if floor_us > 0 else "-"
        lines.append(f"| {name} | {middle:+.1f} ({low:+.1f} to {high:+.1f}) | {ratio} |")
    return "\n".join(lines)


def report(options: argparse.Namespace) -> Iterator[str]:
    for page in options.page or PAGES:
        rounds, requests = (2, 3) if options.smoke else (options.rounds, REQUESTS[page])
        yield table(page, measure(page, rounds, requests))
