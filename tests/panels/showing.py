"""Rendering a panel as the page does."""

from __future__ import annotations

import html
import re

from django.template.loader import render_to_string

from debugpanel.panels.base import Panel
from debugpanel.trace import codec
from debugpanel.trace.model import Trace


def stored(trace: Trace) -> Trace:
    """Return the trace as it comes out of the store."""
    return codec.decode(codec.encode(trace))


def markup(panel: Panel, trace: Trace) -> str:
    return render_to_string(panel.template, panel.context(stored(trace)))


def words(panel: Panel, trace: Trace) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup(panel, trace))).split())
