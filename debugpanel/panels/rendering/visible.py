r"""Invisible characters, and those that turn the direction of others, in a visible notation.

A right-to-left override can make `gpj.exe` read as `exe.jpg`; what is shown here reads `\u202e`.
"""

from __future__ import annotations

import re
from typing import Any

from debugpanel.trace.model import Frame, Trace

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Return a text without hidden characters. Line breaks and tabs stay."""
    return text if text.isascii() and text.isprintable() else _HIDDEN.sub(_notation, text)


def _notation(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


def with_visible_text(trace: Trace) -> Trace:
    """Make every text of a trace visible, in the trace itself."""
    for name, value in trace.__dict__.items():
        setattr(trace, name, _visible_in(value))
    return trace


def _visible_in(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return visible(value)
    if kind is list or kind is tuple:
        return kind(_visible_in(item) for item in value)
    if kind is dict:
        return {_visible_in(key): _visible_in(item) for key, item in value.items()}
    return Frame(*map(_visible_in, value)) if kind is Frame else value
