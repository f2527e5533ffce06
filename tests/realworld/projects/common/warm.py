"""Fills Django's cache of content types before the workers part.

Each worker would fill its own, and how often it is asked for would depend on who answers what: two
runs of the same site would then send different numbers of statements.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connections


def fill_content_types() -> None:
    """In a thread of its own: an ASGI server imports the application inside its event loop."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(_fill).result()


def _fill() -> None:
    models = [model for model in apps.get_models() if model._meta.app_label != "debugpanel"]
    ContentType.objects.get_for_models(*models)
    connections.close_all()
