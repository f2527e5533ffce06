"""The site's own settings of `wagtail start`, on PostgreSQL and without debugpanel."""

from __future__ import annotations

import os

from mysite.settings.base import *  # noqa: F403
from mysite.settings.base import BASE_DIR
from mysite.settings.base import INSTALLED_APPS as STARTED_APPS

SECRET_KEY = "of the site"
DEBUG = False
ALLOWED_HOSTS = ["realworld.test"]
WAGTAILADMIN_BASE_URL = "http://realworld.test"
# Else every address of a static file carries a hash of INSTALLED_APPS.
WAGTAILADMIN_STATIC_FILE_VERSION_STRINGS = False

INSTALLED_APPS = ["blog", *STARTED_APPS]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["REALWORLD_DATABASE"],
        "HOST": os.environ["PGHOST"],
        "PORT": os.environ["PGPORT"],
        "USER": os.environ["PGUSER"],
        "PASSWORD": os.environ["PGPASSWORD"],
    }
}

# Shared by the workers: with a cache in each, who answers what would change the statements.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": BASE_DIR / "cache",
        "TIMEOUT": None,
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
