"""The page of one trace: its panels in order, each on its own if another fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from debugpanel import conf, guard
from debugpanel.models import Trace as Row
from debugpanel.panels.base import Panel
from debugpanel.panels.rendering import numbers
from debugpanel.trace.model import Trace
from debugpanel.viewer import pages, stored

FAILED = "debugpanel/panels/failed.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPanel:
    name: str
    title: str
    summary: str
    html: SafeString


def show(model_admin: ModelAdmin[Row], request: HttpRequest, object_id: str) -> HttpResponse:
    trace_id = stored.identity(unquote(object_id))
    if trace_id is None:
        return _no_id(model_admin, request)
    found = stored.find(trace_id)
    if found is None:
        return _not_stored(model_admin, request, trace_id)
    return pages.page(
        model_admin,
        request,
        "debugpanel/trace.html",
        title=heading(found.trace),
        stored=found,
        panels=list(_shown(found.trace, request)),
    )


def find(model_admin: ModelAdmin[Row], request: HttpRequest, text: str) -> HttpResponse:
    """Follow the stable link to where the trace is shown now."""
    trace_id = stored.identity(text)
    if trace_id is None:
        return _no_id(model_admin, request)
    if not stored.is_stored(trace_id):
        return _not_stored(model_admin, request, trace_id)
    site = model_admin.admin_site.name
    url = reverse("admin:debugpanel_trace_change", args=[trace_id], current_app=site)
    return HttpResponseRedirect(url)


def heading(trace: Trace) -> str:
    """`GET shop/orders/<int:id>/ · 200 · 870 ms`."""
    what = f"{trace.method} {trace.name or trace.path or trace.kind}".strip()
    result = str(trace.status) if trace.status else trace.state
    return f"{what} · {result} · {numbers.duration(trace.duration_ns)}"


def _shown(trace: Trace, request: HttpRequest) -> Iterator[ShownPanel]:
    for path in conf.get().PANELS:
        try:
            panel = _panel(path)
            if panel.is_for(trace):
                yield _render(panel, trace, request)
        except Exception as error:
            guard.report(f"panel {path}", error)
            yield _failed(path, error, request)


def _panel(path: str) -> Panel:
    panel: Panel = import_string(path)()
    return panel


def _render(panel: Panel, trace: Trace, request: HttpRequest) -> ShownPanel:
    html = render_to_string(panel.template, panel.context(trace), request)
    summary = panel.summary(trace)
    return ShownPanel(name=panel.name, title=str(panel.title), summary=summary, html=html)


def _failed(path: str, error: Exception, request: HttpRequest) -> ShownPanel:
    name = path.rpartition(".")[2]
    context = {"path": path, "error": guard.describe(error)}
    html = render_to_string(FAILED, context, request)
    return ShownPanel(name=name.lower(), title=name, summary="failed", html=html)


def _no_id(model_admin: ModelAdmin[Row], request: HttpRequest) -> HttpResponse:
    return pages.sentence(
        model_admin,
        request,
        title="This is not a trace id",
        lines=["A trace id has 32 hexadecimal digits."],
        status=404,
    )


def _not_stored(model_admin: ModelAdmin[Row], request: HttpRequest, trace_id: UUID) -> HttpResponse:
    settings = conf.get()
    return pages.sentence(
        model_admin,
        request,
        title="This trace is not stored",
        lines=[
            f"Trace {trace_id.hex} is not here.",
            "It may not have been kept: errors, slow requests and repeated statements are, up to "
            f"a number each minute, and {settings.SAMPLE_RATE:.4g} of all others (SAMPLE_RATE).",
            f"It may have been removed: traces are kept for {settings.RETENTION_DAYS:g} days, up "
            f"to {settings.RETENTION_TRACES:,} of them.",
        ],
        status=404,
    )
