"""The shape of a cache key: variable parts replaced, so that the keys of all users group.

views.cache_page.GET.5f4dcc3b5aa765d61d8327deb882cf99.en   views.cache_page.GET.[masked].en
cart:42:items                                              cart:{n}:items
"""

from __future__ import annotations

import re
from functools import lru_cache

from debugpanel.redaction.detectors import mask_secrets
from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import EMAIL, MASK, fails_closed
from debugpanel.redaction.storable import cut
from debugpanel.redaction.text import first_part, mask_all

MAX_CACHE_KEY = 250
MAX_WORD = 24

# Short words and numbers only: their masking does not depend on the digits, and most are so.
_SIMPLE = re.compile(r"(?:(?:[A-Za-z_]{1,19}+|[0-9]{1,11}+)(?:[:./]++|\Z))++")
_ANY_DIGIT = re.compile(r"[0-9]")
_SESSION = re.compile(r"django\.contrib\.sessions\.cache(?:d_db)?[0-9a-z]{8,}+")
_EMAIL_DOMAIN = re.compile(re.escape(EMAIL) + r"@[\w.-]*+")
_PART = re.compile(r"\[masked(?::[a-z]{1,8})?\]|[^\W_]++")
_HEX = re.compile(r"(?=[A-Fa-f]*+[0-9])(?=[0-9]*+[A-Fa-f])[0-9A-Fa-f]{8,}+")
_DIGITS = re.compile(r"\d+")
_MAX_NUMBERS_IN_WORD = 2


@fails_closed(to=MASK)
def mask_cache_key(key: str, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Return the key with what varies from user to user or object to object replaced."""
    if len(key) <= MAX_CACHE_KEY and _SIMPLE.fullmatch(key):
        return _simple_shape(_ANY_DIGIT.sub("0", key), extra_keys)
    if _SESSION.fullmatch(key):
        return f"django.contrib.sessions.{MASK}"
    head, rest = first_part(key)
    masked = _EMAIL_DOMAIN.sub(EMAIL, mask_all(head, extra_keys=extra_keys))
    return cut(_shape(masked, extra_keys) + rest, MAX_CACHE_KEY)


@lru_cache(maxsize=1024)
def _simple_shape(key: str, extra_keys: frozenset[str]) -> str:
    return cut(_shape(mask_secrets(key), extra_keys), MAX_CACHE_KEY)


def _shape(text: str, extra_keys: frozenset[str]) -> str:
    shown, at, name = [], 0, ""
    for found in _PART.finditer(text):
        shown += [text[at : found.start()], _shape_of(found[0], name, extra_keys)]
        at, name = found.end(), "" if found[0].startswith("[") else found[0]
    return "".join([*shown, text[at:]])


def _shape_of(word: str, name: str, extra_keys: frozenset[str]) -> str:
    if word.startswith("[masked"):
        return word
    if word.isdecimal():
        return "{n}"
    if key_is_sensitive(name, extra_keys=extra_keys):
        return MASK
    if word.isalpha():
        return word if len(word) <= MAX_WORD else "{word}"
    if _HEX.fullmatch(word):
        return "{hex}"
    is_token = len(_DIGITS.findall(word)) > _MAX_NUMBERS_IN_WORD
    return "{word}" if is_token or len(word) > MAX_WORD else _DIGITS.sub("{n}", word)
