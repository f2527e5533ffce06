"""Short words for spans and frames, as they stand in a row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from debugpanel.panels.rendering import numbers, tree
from debugpanel.trace.model import Frame, Span, Trace

MAX_LABEL_CHARACTERS = 160

LETTERS = {
    "view": "V",
    "render": "R",
    "stream": "D",
    "sql": "S",
    "template": "T",
    "cache": "C",
    "http": "H",
    "mail": "M",
    "signal": "G",
    "span": "B",
    "exception": "x",
    "event": "E",
}
"""A letter beside the colour, so that nothing is told by colour alone."""

_NAMELESS = {"render": "render the response", "stream": "stream the response"}
_SELECT_LIST = re.compile(r"^SELECT (?:DISTINCT )?.+? FROM ", re.DOTALL)
_SPACE = re.compile(r"\s+")


def label(span: Span) -> str:
    """Name a span in one short line."""
    if span.kind == "sql":
        return shortened(statement(span.name))
    if span.kind == "template":
        count = tree.renders(span)
        return shortened(f"{span.name} {numbers.TIMES}{count}" if count > 1 else span.name)
    if span.kind in ("cache", "http"):
        return shortened(f"{span.name} {_detail(span)}".strip())
    return shortened(span.name or _NAMELESS.get(span.kind, span.kind))


def statement(sql: str) -> str:
    """A statement without its list of columns: what it reads from says more."""
    return _SELECT_LIST.sub("SELECT … FROM ", sql[:20_000], count=1)


def shortened(text: str) -> str:
    line = _SPACE.sub(" ", text[: 4 * MAX_LABEL_CHARACTERS]).strip()
    return line if len(line) <= MAX_LABEL_CHARACTERS else line[: MAX_LABEL_CHARACTERS - 1] + "…"


def letter(kind: str) -> str:
    return LETTERS.get(kind) or kind[:1].upper()


def kind_class(kind: str) -> str:
    """The class that colours a kind; kinds of other people's instruments share one."""
    return f"dp-k-{kind}" if kind in LETTERS else "dp-k-other"


def place(frame: Frame | Sequence[object]) -> str:
    """`shop/views.py:88 in get_lines`."""
    file, function, line = frame[:3]
    return f"{file}:{line} in {function}"


def caller(trace: Trace, index: int) -> str:
    """The line of the project that sent a statement, "" where no stack was taken."""
    stack = trace.stacks.get(index) or ()
    frames = [Frame(*frame) for frame in stack]
    own = next((frame for frame in frames if frame.in_app), None)
    chosen = own or (frames[0] if frames else None)
    return place(chosen) if chosen else ""


def _detail(span: Span) -> str:
    """The key of a cache operation, the address of an outgoing request."""
    position = 1 if span.kind == "cache" else 0
    value = span.values[position] if len(span.values) > position else ""
    return str(value or "")
