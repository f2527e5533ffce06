"""Masking what a URL pattern captured under a sensitive name.

route  accounts/confirm/<str:key>/      path  /accounts/confirm/hunter2/
                                        to    /accounts/confirm/[masked]/
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import MASK, fails_closed

# Shorter ones are parts of words and numbers that have nothing to do with them.
_MIN_VALUE = 6

_CAPTURE = re.compile(r"(\(\?P)?<(?:(?P<converter>\w+):)?(?P<name>\w+)>")


@fails_closed(to=MASK)
def mask_captured(path: str, route: str, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Mask captures in a path. Where the route is a regular expression, mask it as a whole."""
    if "<" not in route:
        return path
    pattern, names = _pattern(route, extra_keys)
    if not names:
        return path
    found = pattern.search(path) if pattern is not None else None
    if found is None:
        return MASK
    for name in reversed(names):
        path = path[: found.start(name)] + MASK + path[found.end(name) :]
    return path


def captured_values(
    path: str, route: str, *, extra_keys: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Return what a route captured under sensitive names, and what may stand in its place.

    The same values turn up in log records and messages, most often as the whole path.
    """
    masked = mask_captured(path, route, extra_keys=extra_keys)
    if masked == path:
        return {}
    replaced = {path: masked, quote(path): masked}
    pattern, names = _pattern(route, extra_keys)
    found = pattern.search(path) if pattern is not None else None
    values = [found[name] for name in names] if found is not None else []
    return replaced | {value: MASK for value in values if len(value) >= _MIN_VALUE}


def without_values(value: Any, replaced: dict[str, str]) -> Any:
    """Return a value, which holds builtins, with the texts in it replaced."""
    kind = type(value)
    if kind is str:
        for text, masked in replaced.items():
            value = value.replace(text, masked)
        return value
    if kind is list or kind is tuple:
        return kind(without_values(item, replaced) for item in value)
    if kind is dict:
        return {key: without_values(item, replaced) for key, item in value.items()}
    return value


@lru_cache(maxsize=512)
def _pattern(route: str, extra_keys: frozenset[str]) -> tuple[re.Pattern[str] | None, list[str]]:
    """Return a pattern for the end of a path, and its sensitive names in order."""
    captures = list(_CAPTURE.finditer(route))
    names = [c["name"] for c in captures if key_is_sensitive(c["name"], extra_keys=extra_keys)]
    if not names or any(capture[1] for capture in captures):
        return None, names
    parts, at = [], 0
    for capture in captures:
        inside = ".+" if capture["converter"] == "path" else "[^/]+"
        parts += [re.escape(route[at : capture.start()]), f"(?P<{capture['name']}>{inside})"]
        at = capture.end()
    return re.compile("".join([*parts, re.escape(route[at:]), r"\Z"]), re.DOTALL), names
