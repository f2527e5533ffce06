"""Masking what a URL pattern captured under a sensitive name.

route  accounts/confirm/<str:key>/      path  /accounts/confirm/hunter2/
                                        to    /accounts/confirm/[masked]/
"""

from __future__ import annotations

import re
from functools import lru_cache

from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import MASK, fails_closed

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
