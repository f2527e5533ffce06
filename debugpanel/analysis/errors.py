"""Which errors are the same: type, place of the raise and shape of the message.

Numbers, identifiers, quoted parts and addresses in a message do not count, nor does the line:
a group outlives an edit of its file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b

from debugpanel.trace.model import Frame

MAX_MESSAGE_CHARS = 2_048
MAX_WORDS = 12
MAX_WORD_CHARS = 40

_QUOTED = re.compile(
    r"(?<!\w)'[^']{0,500}'(?!\w)|\"[^\"]{0,500}\"|`[^`]{0,500}`"
    r"|\u2018[^\u2019]{0,500}\u2019|\u201c[^\u201d]{0,500}\u201d|<[^<>]{0,500}>|\[masked[^\]]{0,40}\]"
)
_VARYING = re.compile(r"[\d@]|://|\?")


def fingerprint_error(exception_type: str, frames: Sequence[Frame], message: str) -> str:
    """Return 16 hex digits. `frames` are those of the traceback, the raising one last."""
    place = _raising_frame(frames)
    where = (place.file, place.function) if place else ("", "")
    text = "\x1f".join([exception_type, *where, message_shape(message)])
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def message_shape(message: str) -> str:
    """Return the first words of a message, `?` for each part that differs from case to case."""
    text = _QUOTED.sub(" ? ", message[:MAX_MESSAGE_CHARS])
    words = ["?" if _is_varying(word) else word for word in text.split()]
    return " ".join(_without_doubles(words)[:MAX_WORDS])


def _is_varying(word: str) -> bool:
    return len(word) > MAX_WORD_CHARS or _VARYING.search(word) is not None


def _without_doubles(words: list[str]) -> list[str]:
    """`? ? ?` is one `?`: lists of values differ in length."""
    return [
        word
        for word, before in zip(words, ["", *words], strict=False)
        if word != "?" or before != "?"
    ]


def _raising_frame(frames: Sequence[Frame]) -> Frame | None:
    """Return the project's own frame nearest to the raise, else the raising one."""
    own = next((frame for frame in reversed(frames) if frame.in_app), None)
    return own or (frames[-1] if frames else None)
