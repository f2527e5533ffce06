"""Visitors: many at once before the user comes, one now and then afterwards."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from random import Random

from sandbox_project.launcher.console import Progress, Trouble
from sandbox_project.launcher.journeys import JOURNEYS
from sandbox_project.launcher.servers import SERVER_LOG
from sandbox_project.launcher.visitor import Visitor

AT_ONCE = 4
LOOK_EVERY_S = 0.2


class Crowd:
    """A few threads that take journeys from one list until it is empty."""

    def __init__(self, url: str, visits: int) -> None:
        self.url = url
        self.waiting = iter(range(visits))
        self.taking = threading.Lock()
        self.done = 0
        self.statuses: Counter[int] = Counter()
        self.broken: Trouble | None = None

    def work(self) -> None:
        try:
            for number in iter(self.take, None):
                self.visit(number)
        except Trouble as trouble:
            self.broken = trouble

    def take(self) -> int | None:
        with self.taking:
            return next(self.waiting, None)

    def visit(self, number: int) -> None:
        visitor = Visitor(self.url, Random(number))
        try:
            JOURNEYS[number % len(JOURNEYS)](visitor)
        except OSError as error:
            raise Trouble(f"A visitor got no answer: {error}; see {SERVER_LOG}") from error
        with self.taking:
            self.statuses += visitor.statuses
            self.done += 1

    def remark(self) -> str:
        return f"({self.statuses.total()} requests, {failures(self.statuses)} ended in an error)"


def failures(statuses: Counter[int]) -> int:
    return sum(count for status, count in statuses.items() if status >= 500)


def send(url: str, visits: int) -> None:
    crowd, progress = Crowd(url, visits), Progress("Visitors in the shop:", visits)
    threads = [threading.Thread(target=crowd.work, daemon=True) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        threads[0].join(LOOK_EVERY_S)
        progress.show(crowd.done, crowd.remark())
    progress.end(crowd.done, crowd.remark())
    if crowd.broken:
        raise crowd.broken


def endless(url: str) -> Iterator[None]:
    """One more journey each time it is asked."""
    crowd = Crowd(url, 0)
    for number in itertools.count():
        crowd.visit(number)
        yield
