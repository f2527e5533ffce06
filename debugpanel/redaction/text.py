"""Masking free text: made storable, then masked, and only then cut to its limit."""

from __future__ import annotations

import re
from functools import lru_cache

from debugpanel.redaction.detectors import is_harmless, mask_pairs, mask_secrets
from debugpanel.redaction.markers import MASK, fails_closed
from debugpanel.redaction.server_messages import mask_server_messages
from debugpanel.redaction.storable import cut, storable
from debugpanel.redaction.urls import mask_urls_in
from debugpanel.trace.values import MAX_TEXT

# An apostrophe inside a word opens no quotation: can't, user's, l'objet.
_QUOTED = re.compile(
    r"(?P<word>\w'(?:t|s|re|ve|ll|d|m)\b|\b(?:[lLdD]|[qQ]u)'(?=\w))"
    r"|\"(?:[^\"\\]|\\.)*+\"?+"
    r"|'(?:[^'\\]|\\.|'(?=\w))*+'?+"
    r"|`[^`]*+`?+"
    r"|[\u201c\u201e][^\u201d\u201c]*+[\u201d\u201c]?+"
    r"|\u2018[^\u2019]*+\u2019?+"
    r"|\u00ab[^\u00bb]*+\u00bb?+",
    re.DOTALL,
)
MAX_REMEMBERED = 256
_CLOSING = "\"'`\u201d\u201c\u2019\u00bb"


def first_part(text: str) -> tuple[str, str]:
    """Return what detectors may read, and the marker for the rest.

    Capture keeps `MAX_TEXT` characters, so a text of that length may have been cut there:
    its last word is unfinished, and half a secret is not recognised.
    """
    if len(text) < MAX_TEXT:
        return text, ""
    head = text[:MAX_TEXT]
    end = max(head.rfind(" "), head.rfind("\n"), head.rfind("\t")) + 1
    return head[:end], MASK


def mask_all(text: str, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Run every mask over a text that `first_part` has bounded."""
    text = mask_server_messages(text)
    if not is_harmless(text):
        text = mask_secrets(mask_urls_in(storable(text), extra_keys=extra_keys))
    return mask_pairs(text, extra_keys=extra_keys)


def mask_quoted(text: str) -> str:
    """Mask what stands in quotes; a quotation that never ends is masked to the end."""
    return _QUOTED.sub(_mask_quotation, text)


def _mask_quotation(found: re.Match[str]) -> str:
    if found["word"]:
        return found[0]
    last = found[0][1:][-1:]
    return found[0][0] + MASK + (last if last in _CLOSING else "")


@fails_closed(to=MASK)
def mask_text(text: str, limit: int, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Mask what looks secret in a text and the values of sensitive keys; cut to `limit`."""
    head, rest = first_part(text)
    return cut(mask_all(head, extra_keys=extra_keys) + rest, limit)


@fails_closed(to=MASK)
def mask_message(text: str, limit: int, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Mask a text that may quote its data, as messages of exceptions do."""
    head, rest = first_part(text)
    return cut(mask_all(mask_quoted(head), extra_keys=extra_keys) + rest, limit)


@fails_closed(to=MASK)
def mask_name(name: str, limit: int, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Mask as `mask_text` does what comes again and again: names, most headers. Remembered."""
    if len(name) > MAX_REMEMBERED:
        return mask_text(name, limit, extra_keys=extra_keys)
    return _remembered(name, limit, extra_keys)


@lru_cache(maxsize=1024)
def _remembered(name: str, limit: int, extra_keys: frozenset[str]) -> str:
    return mask_text(name, limit, extra_keys=extra_keys)
