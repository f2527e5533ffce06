"""What a kept trace of 60 spans costs the writer's thread, and how many bytes it is stored in.

counting    every request, kept or not
steps       normalise, redact, analyse
storing     encode, insert and commit, in batches of 100

In a process of its own: the page of `benchmarks.shop` is served and kept, then its batch goes
through the writer's own functions on this thread, and this thread's CPU time is read.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import thread_time_ns
from typing import Any

from benchmarks import site

ROOT = Path(__file__).parent.parent
SETTINGS = {"SAMPLE_RATE": 1.0}
BATCH = 100
PARTS = ("counting", "steps", "storing")

Figures = dict[str, list[float]]


class Bench:
    """Serves, then lets the writer work, one batch after the other."""

    def __init__(self, directory: str) -> None:
        site.configure(SETTINGS, [], f"{directory}/writer.sqlite3")
        site.fill()
        from django.core.handlers.wsgi import WSGIHandler

        from debugpanel import recorder
        from debugpanel.exporters.database import DatabaseExporter

        self.handler = WSGIHandler()
        self.writer = recorder.writer
        self.writer._stopping = True  # Its own thread would take what is measured here.
        self.exporter = DatabaseExporter()
        self.served = 0
        self.statements: Counter[str] = Counter()
        count_statements(self.exporter, self.statements)

    def run(self, traces: int) -> tuple[dict[str, float], list[Any], int]:
        """Return the microseconds of each part for one trace, the traces, and the statements."""
        self._serve(traces)
        counting_us, _ = _timed(self.writer.counter.fold)
        batch = self.writer.queue.take(traces)
        steps_us, finished = _timed(lambda: self.writer._finish(batch))
        self.statements.clear()
        storing_us, stored = _timed(lambda: self.exporter.write(finished))
        if stored != traces:
            raise SystemExit(f"{stored} traces of {traces} were stored.")
        times = zip(PARTS, (counting_us, steps_us, storing_us), strict=True)
        most = max(self.statements.values())
        return {name: time_us / traces for name, time_us in times}, finished, most

    def _serve(self, requests: int) -> None:
        from benchmarks import shop

        for number in range(self.served, self.served + requests):
            response = self.handler(shop.environ(number), lambda status, headers: None)
            if response.status_code != 200:
                raise SystemExit(f"The page answered {response.status_code}.")
            response.close()
        self.served += requests


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start_ns = thread_time_ns()
    result = work()
    return (thread_time_ns() - start_ns) / 1_000, result


def count_statements(exporter: Any, counts: Counter[str]) -> None:
    """Count what the exporter sends, by table."""
    connection = exporter._connection

    def counting(send: Callable[..., Any]) -> Callable[..., Any]:
        def call(sql: str, *rest: Any) -> Any:
            table = sql.partition("INSERT INTO ")[2].partition(" ")[0]
            counts[table.strip('"`')] += 1
            return send(sql, *rest)

        return call

    connection.execute = counting(connection.execute)
    connection.execute_many = counting(connection.execute_many)


def measure(rounds: int, traces: int, directory: str) -> Figures:
    """Return one figure a round for each part, and what is the same each time."""
    from debugpanel.trace import codec

    bench = Bench(directory)
    figures: Figures = {name: [] for name in (*PARTS, "encoding", "bytes", "spans", "statements")}
    for _ in range(rounds + 1):
        times, finished, most = bench.run(traces)
        encoding_us, blobs = _timed(partial(list, map(codec.encode, finished)))
        figures["statements"].append(most)
        if bench.served == traces:
            continue  # The first batch fills the memos, and puts the dictionary rows in.
        for name, time_us in times.items():
            figures[name].append(time_us)
        figures["encoding"].append(encoding_us / traces)
        figures["bytes"].append(statistics.mean(map(len, blobs)))
        figures["spans"].append(statistics.mean(len(trace.spans) for trace in finished))
    return figures


def report(options: argparse.Namespace) -> Iterator[str]:
    rounds, traces = (2, 5) if options.smoke else (options.rounds, BATCH)
    command = [sys.executable, "-m", "benchmarks.writer", str(rounds), str(traces)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit("The benchmark of the writer failed; its error stands above.")
    yield table(json.loads(done.stdout))


def table(figures: Figures) -> str:
    work_us = [
        steps + storing for steps, storing in zip(figures["steps"], figures["storing"], strict=True)
    ]
    lines = [
        f"### writer: a kept trace of {statistics.mean(figures['spans']):.0f} spans",
        "",
        "| | median (quartiles) | at most |",
        "|---|---|---|",
        f"| writer's CPU time, us | {_spread(work_us)} | 300 |",
        f"| its steps, us | {_spread(figures['steps'])} | |",
        f"| encoding, inserting, committing, us | {_spread(figures['storing'])} | |",
        f"| encoding alone, us | {_spread(figures['encoding'])} | |",
        f"| counting, every request, us | {_spread(figures['counting'])} | |",
        f"| stored bytes | {_spread(figures['bytes'])} | 4096 |",
        f"| statements per table and batch | {max(figures['statements']):.0f} | 2 |",
    ]
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def main(rounds: str, traces: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps(measure(int(rounds), int(traces), directory)))


if __name__ == "__main__":
    main(*sys.argv[1:])
