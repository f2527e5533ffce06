"""The shop for an asynchronous server: ``uvicorn sandbox_project.asgi:application``."""

from __future__ import annotations

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox_project.settings")
application = ASGIStaticFilesHandler(get_asgi_application())
