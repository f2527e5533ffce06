"""Values as every database takes them: text without NUL or lone surrogates, plain numbers."""

from __future__ import annotations

import math
import re

from debugpanel.redaction.markers import MASK, fails_closed

ELLIPSIS = "…"

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_STORED_BITS = 63
_PRINTED_BITS = 1024


@fails_closed(to=MASK)
def storable(text: str) -> str:
    """Replace visibly what a database refuses."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


@fails_closed(to=MASK)
def storable_number(number: int | float) -> int | float | str:
    """Return a number that JSON and every database take, else its text."""
    if isinstance(number, float):
        return number if math.isfinite(number) else str(number)
    bits = number.bit_length()
    if bits <= _STORED_BITS:
        return number
    return str(number) if bits <= _PRINTED_BITS else f"<int: {bits} bits>"


def cut(text: str, limit: int) -> str:
    """Cut visibly. Comes after masking, never before."""
    if len(text) <= limit:
        return text
    return text[: limit - 1] + ELLIPSIS if limit > 0 else ""
