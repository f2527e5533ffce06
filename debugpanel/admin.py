"""Registers the trace list and page in the admin; `viewer` does the work.

A project with an admin site of its own calls `register(site)`.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import AdminSite

from debugpanel.models import Trace
from debugpanel.viewer.trace_admin import TraceAdmin


def register(site: AdminSite) -> None:
    """Add our pages to an admin site; a second call changes nothing."""
    if not site.is_registered(Trace):
        site.register(Trace, TraceAdmin)


register(admin.site)
