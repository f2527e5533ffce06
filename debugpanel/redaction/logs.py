"""Log records: the template filled with those arguments that may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import MASK, fails_closed
from debugpanel.redaction.text import mask_text
from debugpanel.redaction.values import describe, mask_number

MAX_LOG = 1024
MAX_KNOWN_TEMPLATE = 512

_CONVERSION = re.compile(
    r"%(?:\((?P<name>[^()]{0,64})\))?"
    r"(?P<format>[#0 +-]{0,5}(?P<width>\*|[0-9]{0,9})(?:\.(?P<precision>\*|[0-9]{0,9}))?)"
    r"[hlL]?(?P<type>[A-Za-z%])"
)
_TEXT_TYPES = "sra"
_NUMBER_TYPES = "diouxXeEfFgGc"
_MAX_WIDTH_DIGITS = 2
_NAME_BEFORE = re.compile(r"([\w.%-]+)\W{0,4}\Z")


class _DoesNotFitError(Exception):
    """The arguments do not fit the template."""


class _Slot(NamedTuple):
    """A place for an argument. `format` is "" where the argument stands as it is."""

    name: str | None
    format: str
    is_number: bool
    is_sensitive: bool


_Piece = str | _Slot


@fails_closed(to=MASK)
def mask_log(
    template: object,
    args: object,
    limit: int = MAX_LOG,
    *,
    extra_keys: frozenset[str] = frozenset(),
) -> str:
    """Return a record's text; one that is ready-made or does not fit is masked as text."""
    if type(template) is not str:
        return describe(template, limit, extra_keys=extra_keys)
    if type(args) not in (tuple, list, dict) or not args:
        return mask_text(template, limit, extra_keys=extra_keys)
    try:
        filled = "".join(_fill(template, args, extra_keys))
    except _DoesNotFitError:
        filled = template
    return mask_text(filled, limit, extra_keys=extra_keys)


def _fill(template: str, args: Any, extra_keys: frozenset[str]) -> Iterator[str]:
    is_known = len(template) <= MAX_KNOWN_TEMPLATE
    pieces = (_pieces if is_known else _pieces.__wrapped__)(template, extra_keys)
    waiting = iter((args,) if type(args) is dict else args)
    for piece in pieces:
        yield piece if isinstance(piece, str) else _argument(piece, args, waiting, extra_keys)
    if type(args) is not dict and next(waiting, _NOTHING) is not _NOTHING:
        raise _DoesNotFitError


_NOTHING: Any = object()


@lru_cache(maxsize=512)
def _pieces(template: str, extra_keys: frozenset[str]) -> list[_Piece]:
    """Take a template apart. A program has few of them."""
    pieces: list[_Piece] = []
    at = 0
    for found in _CONVERSION.finditer(template):
        before = template[at : found.start()]
        at = found.end()
        pieces.append(before)
        pieces.append("%" if found["type"] == "%" else _slot(found, before, extra_keys))
    return [*pieces, template[at:]]


def _slot(found: re.Match[str], before: str, extra_keys: frozenset[str]) -> _Slot:
    if found["type"] not in _TEXT_TYPES + _NUMBER_TYPES or "*" in found["format"]:
        raise _DoesNotFitError
    name = found["name"]
    sizes = (found["width"], found["precision"] or "")
    is_short = max(map(len, sizes)) <= _MAX_WIDTH_DIGITS
    return _Slot(
        name=name,
        format=f"%{found['format']}{found['type']}" if is_short else "",
        is_number=found["type"] in _NUMBER_TYPES,
        is_sensitive=key_is_sensitive(
            _name_before(before) if name is None else name, extra_keys=extra_keys
        ),
    )


def _name_before(text: str) -> str:
    """Return the word in front of a placeholder: `password %s` names its argument too."""
    found = _NAME_BEFORE.search(text[-100:])
    return found[1] if found else ""


def _argument(slot: _Slot, args: Any, waiting: Iterator[Any], extra_keys: frozenset[str]) -> str:
    value = next(waiting, _NOTHING) if slot.name is None else _named(args, slot.name)
    if value is _NOTHING:
        raise _DoesNotFitError
    if slot.is_sensitive:
        return MASK
    if slot.is_number and type(value) in (int, float):
        return _format_number(slot.format, value)
    return describe(value, extra_keys=extra_keys)


def _named(args: Any, name: str) -> Any:
    if type(args) is not dict or name not in args:
        raise _DoesNotFitError
    return args[name]


def _format_number(form: str, value: float) -> str:
    masked = mask_number(value)
    if type(masked) not in (int, float) or not form:
        return str(masked)
    try:
        return str(form % masked)
    except (TypeError, ValueError, OverflowError):
        return str(masked)
