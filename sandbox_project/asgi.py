"""The shop for an asynchronous server: ``uvicorn sandbox_project.asgi:application``."""

from __future__ import annotations

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox_project.settings")
site = ASGIStaticFilesHandler(get_asgi_application())

from debugpanel.asgi import flush_at_shutdown  # noqa: E402 - needs the settings

application = flush_at_shutdown(site)
