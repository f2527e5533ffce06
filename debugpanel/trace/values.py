"""Taking values on the request thread without running any code of the application.

Builtin values pass; everything else becomes its type's name at once, so that no reference
to an object of the application is kept and none of its methods is called. Types are told
apart by identity: comparing or hashing one may run code of its metaclass.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
import zoneinfo
from itertools import islice
from typing import Any

MAX_TEXT = 16_384
MAX_ITEMS = 50
MAX_TOTAL_ITEMS = 500
MAX_DEPTH = 4
MAX_INT_BITS = 1_024

_SCALARS = frozenset(
    id(kind)
    for kind in (float, bool, type(None), decimal.Decimal, uuid.UUID, dt.date, dt.timedelta)
)
_SEQUENCES = frozenset(id(kind) for kind in (list, tuple, set, frozenset))
_ZONES = frozenset(id(kind) for kind in (type(None), dt.timezone, zoneinfo.ZoneInfo))
_type_name = type.__dict__["__name__"].__get__


def type_name(value: object) -> str:
    """Name a value's type without asking its metaclass."""
    return f"<{name_of(type(value))}>"


def name_of(kind: type) -> str:
    """Return a type's own name without asking its metaclass."""
    return str.__str__(_type_name(kind))


def cut(text: str) -> str:
    """Keep the first `MAX_TEXT` characters, without an unfinished last word."""
    if len(text) <= MAX_TEXT:
        return text
    head = text[:MAX_TEXT]
    return head[: head.rfind(" ") + 1] or head


def plain(value: Any) -> Any:
    """Return the value if it is builtin, a bounded copy of a container, or a type's name."""
    kind = type(value)
    if kind is str:
        return value if len(value) <= MAX_TEXT else cut(value)
    if id(kind) in _SCALARS:
        return value
    if kind is int:
        bits = value.bit_length()
        return value if bits <= MAX_INT_BITS else f"<int: {bits} bits>"
    return _Copy().take(value, 0)


def plain_key(key: Any) -> str:
    kind = type(key)
    if kind is str:
        return cut(key)
    return str(plain(key)) if kind is int else type_name(key)


def size_bytes(value: Any) -> int:
    """Weigh a plain value, about."""
    kind = type(value)
    if kind is str:
        return len(value)
    if kind is list:
        return sum(map(size_bytes, value))
    if kind is dict:
        return sum(len(key) + size_bytes(item) for key, item in value.items())
    return 8


class _Copy:
    """One walk through nested containers, with what is left of its limits."""

    __slots__ = ("items_left", "text_left")

    def __init__(self) -> None:
        self.items_left = MAX_TOTAL_ITEMS
        self.text_left = MAX_TEXT

    def take(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if issubclass(kind, str):
            return self.text(str.__str__(value))
        if kind is bytes:
            return f"<bytes: {len(value)}>"
        if kind is dt.datetime or kind is dt.time:
            # A zone of the application's own would run its code when it is printed.
            return value if id(type(value.tzinfo)) in _ZONES else type_name(value)
        if depth < MAX_DEPTH and id(kind) in _SEQUENCES:
            return [self.item(item, depth) for item in self.first(value)]
        if depth < MAX_DEPTH and kind is dict:
            return {
                plain_key(key): self.item(item, depth) for key, item in self.first(value.items())
            }
        return type_name(value)

    def item(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is int or id(kind) in _SCALARS:
            return plain(value)
        return self.take(value, depth + 1)

    def text(self, text: str) -> str:
        taken = cut(text)
        if len(taken) > self.text_left:
            # Half a secret might pass the masks that know the whole one.
            return f"<str: {len(text)}>"
        self.text_left -= len(taken)
        return taken

    def first(self, container: Any) -> list[Any]:
        # A container may change under us in another thread: the copy is one C call.
        most = min(MAX_ITEMS, self.items_left)
        taken = list(islice(container, most)) if len(container) > most else list(container)
        self.items_left -= len(taken)
        return taken
