"""Masking single values: attributes of spans, notes of the user's own, arguments of logs.

Only builtin types are looked at, by `type(value) is ...`: no method of a foreign type is
called, its type's name is all that is kept.
"""

from __future__ import annotations

import decimal
import json
import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from debugpanel.redaction.detectors import is_card
from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import CARD, MASK, fails_closed
from debugpanel.redaction.storable import cut, storable, storable_number
from debugpanel.redaction.text import mask_name, mask_text
from debugpanel.trace.values import MAX_TEXT, type_name

MAX_DEPTH = 16
MAX_ITEMS = 1000
MAX_KEY = 64
MAX_VALUE = 1024

_SEQUENCES = (list, tuple, set, frozenset)
_SIZED = (bytes, bytearray, dict, *_SEQUENCES)
_MOMENTS = (date, datetime, time, timedelta)
_PRINTED = (decimal.Decimal, uuid.UUID)
_SHORTEST_CARD = 10**12


class _Walk:
    """One walk through nested data: what is left of its limits, and whose rules it follows."""

    __slots__ = ("extra_keys", "items_left", "limit")

    def __init__(self, extra_keys: frozenset[str], limit: int) -> None:
        self.extra_keys = extra_keys
        self.limit = limit
        self.items_left = MAX_ITEMS

    def mask(self, key: str, value: Any, depth: int = 0) -> Any:
        if key and key_is_sensitive(key, extra_keys=self.extra_keys):
            return MASK
        kind = type(value)
        if kind is str:
            return self.mask_text(key, value, depth)
        if kind in _SEQUENCES or kind is dict:
            return self.mask_container(key, value, depth) if depth < MAX_DEPTH else MASK
        return _mask_scalar(value, self.limit, self.extra_keys)

    def mask_text(self, key: str, text: str, depth: int) -> str:
        nested = _parse_json(text)
        if nested is None:
            return mask_text(text, self.limit, extra_keys=self.extra_keys)
        masked = self.mask(key, nested, depth + 1)
        return cut(storable(json.dumps(masked, ensure_ascii=False)), self.limit)

    def mask_container(self, key: str, value: Any, depth: int) -> Any:
        if type(value) is dict:
            return self.mask_dict(value, depth)
        if self.is_pair(value):
            return [mask_name(value[0], MAX_KEY), MASK]
        return [item for item, _ in self.mask_items([(key, item) for item in value], depth)]

    def is_pair(self, value: Any) -> bool:
        """Say whether this is a sensitive name and its value, as `dict.items` gives them."""
        if type(value) not in (tuple, list) or len(value) != 2 or type(value[0]) is not str:
            return False
        return key_is_sensitive(value[0], extra_keys=self.extra_keys)

    def mask_dict(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        pairs = [(_key_text(key), item) for key, item in value.items()]
        masked = self.mask_items(pairs, depth)
        return {mask_name(key, MAX_KEY): item for item, key in masked}

    def mask_items(self, pairs: list[tuple[str, Any]], depth: int) -> list[tuple[Any, str]]:
        masked: list[tuple[Any, str]] = []
        for key, item in pairs:
            if self.items_left <= 0:
                return [*masked, (MASK, MASK)]
            self.items_left -= 1
            masked.append((self.mask(key, item, depth + 1), key))
        return masked


def _key_text(key: object) -> str:
    return key if type(key) is str else describe(key)


def _parse_json(text: str) -> Any:
    """Return the list or object a text holds as JSON, else None."""
    if len(text) >= MAX_TEXT or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _mask_scalar(value: Any, limit: int, extra_keys: frozenset[str]) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int or kind is float:
        return mask_number(value)
    if kind in _MOMENTS:
        return str(value)
    if kind in _PRINTED:
        return mask_text(str(value), limit, extra_keys=extra_keys)
    return f"<{kind.__name__}: {len(value)}>" if kind in _SIZED else type_name(value)


def mask_number(value: int | float) -> int | float | str:
    """Return the number, or what may be shown of one that could be a card's."""
    if -_SHORTEST_CARD < value < _SHORTEST_CARD:
        return value
    number = storable_number(value)
    if type(number) is int:
        return CARD if is_card(str(abs(number))) else number
    return mask_text(str(number), MAX_VALUE)


@fails_closed(to=MASK)
def mask_value(
    key: str, value: object, *, limit: int = MAX_VALUE, extra_keys: frozenset[str] = frozenset()
) -> Any:
    """Return plain data that may be stored under this key."""
    return _Walk(extra_keys, limit).mask(key, value)


@fails_closed(to=MASK)
def describe(
    value: object, limit: int = MAX_VALUE, *, extra_keys: frozenset[str] = frozenset()
) -> str:
    """Return a masked text for a builtin scalar, type and size for the rest."""
    if type(value) is str:
        return mask_text(value, limit, extra_keys=extra_keys)
    return str(_mask_scalar(value, limit, extra_keys))
