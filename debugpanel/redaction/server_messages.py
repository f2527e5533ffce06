"""What a database server quotes of rows and statements, where its message is passed on as text.

Key (name)=(ada) already exists.            Key (name)=([masked]
Duplicate entry 'ada' for key 'shop.name'   Duplicate entry [masked]
"""

from __future__ import annotations

import re

from debugpanel.redaction.markers import MASK

# What can be looked for quickly, and what stands in front of the values, to the line's end.
_BEFORE_VALUES = {
    "Key (": r"Key \([^\n]{1,300}?\)=\(",
    "row contains (": r"row contains \(",
    "Duplicate entry ": r"Duplicate entry ",
    "invalid input ": r"invalid input (?:syntax|value) for [^:\n]{1,80}: ",
    "out of range: ": r"out of range: ",
    "ncorrect ": r"[Ii]ncorrect [\w ]{1,30}value: ",
    "LINE ": r"LINE [0-9]{1,6}: ",
    "CONTEXT: ": r"CONTEXT: ",
}
_PATTERNS = {sign: re.compile(rf"({before})[^\n]++") for sign, before in _BEFORE_VALUES.items()}


def mask_server_messages(text: str) -> str:
    for sign, pattern in _PATTERNS.items():
        if sign in text:
            text = pattern.sub(rf"\g<1>{MASK}", text)
    return text
