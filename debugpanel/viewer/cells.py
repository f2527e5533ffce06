"""The cells of the trace list. Signs of what is wrong are text, never only a colour."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from debugpanel.models import Trace
from debugpanel.panels.rendering import numbers
from debugpanel.panels.rendering.visible import visible

_BEHIND_SLASHES = re.compile(r"(?<=[^/]/)(?=.)")


def when(admin: Any, row: Trace) -> SafeString:
    moment = timezone.localtime(row.started)
    is_today = moment.date() == timezone.localtime(datetime.now(UTC)).date()
    shown = date_format(moment, "H:i:s" if is_today else "M j, H:i:s")
    exact = moment.isoformat(" ", "milliseconds")
    return format_html(
        '<time class="dp-when" datetime="{}" title="{}">{}</time>', exact, exact, shown
    )


def request(admin: Any, row: Trace) -> SafeString:
    """Method and route, and below them the path that was asked for."""
    what = visible(row.method or row.kind)
    first = format_html("{} <bdi>{}</bdi>", what, breakable(row.route.name))
    if not row.path:
        return format_html('<span class="dp-cell">{}</span>', first)
    below = format_html('<bdi class="dp-quiet">{}</bdi>', breakable(row.path))
    return format_html('<span class="dp-cell">{}<br>{}</span>', first, below)


def breakable(address: str) -> SafeString:
    """Let a long address break behind its slashes, as a reader would break it."""
    parts = ((part,) for part in _BEHIND_SLASHES.split(visible(address)))
    return format_html_join(mark_safe("<wbr>"), "{}", parts)


def status(admin: Any, row: Trace) -> SafeString | str:
    shown = str(row.status) if row.status else "none"
    return _with_sign(shown, "x", "It failed", is_signed=row.error_at is not None)


def duration(admin: Any, row: Trace) -> SafeString | str:
    shown = numbers.duration(row.duration_ns)
    return _with_sign(shown, "!", "It was slow", is_signed=row.slow_at is not None)


def queries(admin: Any, row: Trace) -> SafeString | str:
    is_pattern = row.reason == Trace.Reason.PATTERN
    return _with_sign(
        numbers.count(row.query_count), "=", "It repeats statements", is_signed=is_pattern
    )


def user(admin: Any, row: Trace) -> str:
    return visible(row.user or "-")


def _with_sign(shown: str, sign: str, meaning: str, *, is_signed: bool) -> SafeString | str:
    if not is_signed:
        return shown
    return format_html('{} <b class="dp-sign" title="{}">{}</b>', shown, meaning, sign)
