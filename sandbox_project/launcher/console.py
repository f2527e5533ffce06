"""What the launcher says on the screen."""

from __future__ import annotations

import sys


class Trouble(Exception):  # noqa: N818
    """The sandbox cannot go on; the message is the sentence to show."""


def say(text: str) -> None:
    print(text, flush=True)


class Progress:
    """One line that is rewritten on a terminal; in a file, a line at the end."""

    def __init__(self, label: str, whole: int) -> None:
        self.label = label
        self.whole = whole
        self.moving = sys.stdout.isatty()

    def show(self, done: int, remark: str = "") -> None:
        if self.moving:
            sys.stdout.write(f"\r\033[K{self.line(done, remark)}")
            sys.stdout.flush()

    def end(self, done: int, remark: str = "") -> None:
        self.show(done, remark)
        say("" if self.moving else self.line(done, remark))

    def line(self, done: int, remark: str) -> str:
        return f"{self.label} {done} of {self.whole} {remark}".rstrip()
