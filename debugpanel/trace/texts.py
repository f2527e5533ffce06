"""Texts of statements that many traces share.

A framework writes each statement anew, so the traces that wait to be counted would hold one
copy each. The writer puts in what it has read; recording only looks up.
"""

from __future__ import annotations

MAX_TEXTS = 4_096
MAX_LENGTH = 1_024

SHARED: dict[str, str] = {}


def share(text: str) -> None:
    """Keep one copy for all. When full, everything goes: the busy ones are soon back."""
    if text in SHARED or len(text) > MAX_LENGTH:
        return
    if len(SHARED) >= MAX_TEXTS:
        SHARED.clear()
    SHARED[text] = text
