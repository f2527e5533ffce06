"""The shop for an asynchronous server: ``uvicorn sandbox_project.asgi:application``."""

from __future__ import annotations

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

from debugpanel.asgi import flush_at_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox_project.settings")
application = flush_at_shutdown(ASGIStaticFilesHandler(get_asgi_application()))
