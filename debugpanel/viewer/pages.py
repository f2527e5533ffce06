"""The frame of our pages inside the admin, and the pages that only say a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django
from django.contrib.admin import ModelAdmin
from django.db import DatabaseError, connections
from django.http import HttpRequest
from django.template.response import TemplateResponse

from debugpanel import conf
from debugpanel.models import Trace

STYLE = "debugpanel/debugpanel.css"
BREADCRUMBS_ARE_A_LIST = django.VERSION >= (6, 1)


def page(
    model_admin: ModelAdmin[Trace],
    request: HttpRequest,
    template: str,
    *,
    title: str,
    status: int = 200,
    **context: Any,
) -> TemplateResponse:
    """Render one of our templates in the frame of the admin site it is asked from."""
    site = model_admin.admin_site
    request.current_app = site.name
    frame = {
        **site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "subtitle": None,
        "style": STYLE,
        "breadcrumbs_are_a_list": BREADCRUMBS_ARE_A_LIST,
    }
    return TemplateResponse(request, template, {**frame, **context}, status=status)


def sentence(
    model_admin: ModelAdmin[Trace],
    request: HttpRequest,
    *,
    title: str,
    lines: Sequence[str],
    status: int,
    command: str = "",
) -> TemplateResponse:
    """A page that says what is the matter and what would help."""
    context = {"lines": lines, "command": command}
    name = "debugpanel/sentence.html"
    return page(model_admin, request, name, title=title, status=status, **context)


def unusable_query(model_admin: ModelAdmin[Trace], request: HttpRequest) -> TemplateResponse:
    lines = ["The address asks for a filter, an order or a page that this list does not have."]
    title = "This list cannot be shown"
    return sentence(model_admin, request, title=title, lines=lines, status=400)


def unavailable(
    model_admin: ModelAdmin[Trace], request: HttpRequest, error: DatabaseError
) -> TemplateResponse:
    """Say why the store cannot be read. Its absence is never a failure of the site's."""
    alias = conf.database_alias()
    if _table_is_missing(alias):
        return sentence(
            model_admin,
            request,
            title="The tables are missing",
            lines=[
                f"Database {alias!r} does not hold debugpanel's tables, so nothing is recorded.",
                "They are made by",
            ],
            command=f"python manage.py migrate debugpanel --database {alias}",
            status=503,
        )
    return sentence(
        model_admin,
        request,
        title="The store cannot be read",
        lines=[
            f"Database {alias!r} answered with {type(error).__name__}. The site itself goes on.",
            "The doctor says what is wrong:",
        ],
        command="python manage.py debugpanel_doctor",
        status=503,
    )


def _table_is_missing(alias: str) -> bool:
    connection = connections[alias]
    try:
        with connection.cursor() as cursor:
            names = connection.introspection.table_names(cursor)
    except DatabaseError:
        return False
    return Trace._meta.db_table not in names  # noqa: SLF001 - documented API
