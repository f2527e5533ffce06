"""The host project of the suite: an ordinary site with debugpanel first in its middleware.

`DEBUGPANEL_TEST_DB` chooses where the application's tables and ours live: sqlite (the default),
postgres or mariadb. Both aliases have a database of their own, as the quickstart recommends.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import django

from tests import services

DATABASE_KIND = os.environ.get("DEBUGPANEL_TEST_DB", "sqlite")

# Processes that a test starts find the same databases; other runs on this machine find others.
RUN = os.environ.setdefault("DEBUGPANEL_TEST_RUN", f"suite_{os.getpid()}")


def database_name(alias: str) -> str:
    name = f"{RUN}_{alias}"
    if DATABASE_KIND != "sqlite":
        return name
    return str(Path(tempfile.gettempdir()) / f"{name}.sqlite3")


DATABASES = {
    alias: services.database(DATABASE_KIND, database_name(alias))
    for alias in ("default", "debugpanel")
}
DATABASE_ROUTERS = ["debugpanel.router.DebugPanelRouter"]

SECRET_KEY = "of the suite"
DEBUG = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
ROOT_URLCONF = "tests.urls"
STATIC_URL = "/static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "debugpanel",
]

MIDDLEWARE = [
    "debugpanel.middleware.DebugPanelMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [Path(__file__).parent / "jinja2"],
        "APP_DIRS": False,
    },
]

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "default"},
    "second": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "second"},
}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

DEBUGPANEL: dict[str, object] = {}
