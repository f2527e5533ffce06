"""Taking values on the request thread without running any code of the application.

Builtin values pass; everything else becomes its type's name at once, so that no reference
to an object of the application is kept and none of its methods is called.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any

MAX_TEXT = 16_384
MAX_ITEMS = 50
MAX_DEPTH = 4

_SCALARS = frozenset(
    {
        int,
        float,
        bool,
        type(None),
        decimal.Decimal,
        uuid.UUID,
        dt.date,
        dt.datetime,
        dt.time,
        dt.timedelta,
    }
)
_type_name = type.__dict__["__name__"].__get__


def type_name(value: object) -> str:
    """Name a value's type without asking its metaclass."""
    return f"<{_type_name(type(value))}>"


def cut(text: str) -> str:
    """Keep the first `MAX_TEXT` characters, without an unfinished last word."""
    if len(text) <= MAX_TEXT:
        return text
    head = text[:MAX_TEXT]
    return head[: head.rfind(" ") + 1] or head


def plain(value: Any, depth: int = 0) -> Any:
    """Return the value if it is builtin, a bounded copy of a container, or a type's name."""
    kind = type(value)
    if kind is str:
        return value if len(value) <= MAX_TEXT else cut(value)
    if kind in _SCALARS:
        return value
    if kind is bytes:
        return f"<bytes: {len(value)}>"
    if depth < MAX_DEPTH and kind in (list, tuple, set, frozenset):
        return [plain(item, depth + 1) for item in _first(value)]
    if depth < MAX_DEPTH and kind is dict:
        return {plain_key(key): plain(value[key], depth + 1) for key in _first(value)}
    if issubclass(kind, str):
        return cut(str.__str__(value))
    return type_name(value)


def plain_key(key: Any) -> str:
    kind = type(key)
    if kind is str:
        return cut(key)
    return str(key) if kind is int else type_name(key)


def _first(container: Any) -> list[Any]:
    # A container may change under us in another thread: the copy is one C call.
    if len(container) <= MAX_ITEMS:
        return list(container)
    return [item for item, _ in zip(container, range(MAX_ITEMS), strict=False)]
