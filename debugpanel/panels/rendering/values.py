"""Values as data: always escaped, masks told apart from text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from debugpanel.redaction.markers import MASK

MAX_CHARACTERS = 4_000
_MASK = re.compile(rf"{re.escape(MASK[:-1])}(?::\w+)?\]")


def shown(value: Any) -> SafeString:
    """Return a value as HTML: nothing for None, masks in a colour of their own."""
    text = as_text(value)
    if len(text) > MAX_CHARACTERS:
        return format_html("{}… ({} characters)", text[:MAX_CHARACTERS], f"{len(text):,}")
    return mark_safe(_with_masks(text))  # noqa: S308 - escaped piece by piece


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {as_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(as_text(item) for item in value)
    return str(value)


def pairs(values: Any) -> list[tuple[str, SafeString]]:
    """Names and values for a table, from a mapping or from pairs."""
    items = values.items() if isinstance(values, Mapping) else values or ()
    return [(str(name), shown(value)) for name, value in items]


def _with_masks(text: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _MASK.finditer(text):
        parts.append(escape(text[end : found.start()]))
        parts.append(f'<span class="dp-masked">{escape(found[0])}</span>')
        end = found.end()
    return "".join([*parts, escape(text[end:])])
