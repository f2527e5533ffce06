"""Log records: the template filled with those arguments that may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import MASK, fails_closed
from debugpanel.redaction.text import mask_text
from debugpanel.redaction.values import describe, mask_value

MAX_LOG = 1024

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
    at = 0
    waiting = iter((args,) if type(args) is dict else args)
    for found in _CONVERSION.finditer(template):
        before = template[at : found.start()]
        at = found.end()
        yield before
        yield "%" if found["type"] == "%" else _argument(found, before, args, waiting, extra_keys)
    yield template[at:]
    if type(args) is not dict and next(waiting, _NOTHING) is not _NOTHING:
        raise _DoesNotFitError


_NOTHING = object()


def _argument(
    found: re.Match[str], before: str, args: Any, waiting: Iterator[Any], extra_keys: frozenset[str]
) -> str:
    if found["type"] not in _TEXT_TYPES + _NUMBER_TYPES or "*" in found["format"]:
        raise _DoesNotFitError
    named = found["name"] is not None
    value = _named(args, found["name"]) if named else next(waiting, _NOTHING)
    if value is _NOTHING:
        raise _DoesNotFitError
    name = found["name"] if named else _name_before(before)
    if key_is_sensitive(name, extra_keys=extra_keys):
        return MASK
    return _format(found, value, extra_keys)


def _named(args: Any, name: str) -> Any:
    if type(args) is not dict or name not in args:
        raise _DoesNotFitError
    return args[name]


def _name_before(text: str) -> str:
    """Return the word in front of a placeholder: `password %s` names its argument too."""
    found = _NAME_BEFORE.search(text[-100:])
    return found[1] if found else ""


def _format(found: re.Match[str], value: Any, extra_keys: frozenset[str]) -> str:
    if found["type"] in _NUMBER_TYPES and type(value) in (int, float):
        return _format_number(found, value)
    return describe(value, extra_keys=extra_keys)


def _format_number(found: re.Match[str], value: float) -> str:
    masked = mask_value("", value)
    sizes = (found["width"], found["precision"] or "")
    if type(masked) not in (int, float) or max(map(len, sizes)) > _MAX_WIDTH_DIGITS:
        return str(masked)
    try:
        return str(f"%{found['format']}{found['type']}" % masked)
    except (TypeError, ValueError, OverflowError):
        return str(masked)
