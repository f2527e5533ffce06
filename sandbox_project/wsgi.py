"""The shop for gunicorn. Static files come from Django itself: there is no web server in front."""

from __future__ import annotations

import os

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox_project.settings")
application = StaticFilesHandler(get_wsgi_application())
