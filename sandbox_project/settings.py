"""Settings of the sandbox shop: those of a live site, on SQLite and on this machine only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django

from debugpanel import defaults

PROJECT = Path(__file__).resolve().parent
DATA = Path(os.environ.get("SANDBOX_DATA", PROJECT.parent / ".sandbox"))

# Known to everybody who reads this file: the launcher listens on the loopback address only.
SECRET_KEY = "the-sandbox-shop-has-no-secrets-and-listens-on-loopback-only"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "debugpanel",
    "sandbox_project.shop",
]

MIDDLEWARE = [
    "debugpanel.middleware.DebugPanelMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

DEBUGPANEL: dict[str, Any] = {
    # A live site keeps 1 % or less and calls a second slow. The shop has few visitors,
    # so it keeps one request in four, and calls 300 ms slow, to have something to read.
    "SAMPLE_RATE": 0.25,
    "SLOW_MS": 300,
    # Checking a password takes long on purpose.
    "SLOW_MS_BY_ROUTE": {"account/login/": 2000, "account/register/": 2000},
    "SIGNALS": ["sandbox_project.shop.signals.order_placed"],
    # Parts of our own, beside the built-in ones.
    "INSTRUMENTS": [*defaults.INSTRUMENTS, "sandbox_project.extensions.stock.StockInstrument"],
    "EXPORTERS": [*defaults.EXPORTERS, "sandbox_project.extensions.kept_log.KeptLogExporter"],
    "PANELS": [*defaults.PANELS, "sandbox_project.extensions.purchase.PurchasePanel"],
}


def sqlite_file(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / name,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }


DATABASES = {
    "default": sqlite_file("shop.sqlite3"),
    "debugpanel": sqlite_file("debugpanel.sqlite3"),
}
DATABASE_ROUTERS = ["debugpanel.router.DebugPanelRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # Files, because all workers must see the same cache.
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA / "cache",
    },
    "worker": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

ROOT_URLCONF = "sandbox_project.urls"
WSGI_APPLICATION = "sandbox_project.wsgi.application"
ASGI_APPLICATION = "sandbox_project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sandbox_project.shop.context.shop",
            ],
        },
    },
    {
        "NAME": "jinja2",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {"autoescape": False, "trim_blocks": True},
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
]
LOGIN_URL = "account:login"
LOGIN_REDIRECT_URL = "account:orders"
LOGOUT_REDIRECT_URL = "shop:home"

MAIL_FILES = "django.core.mail.backends.filebased.EmailBackend"
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": MAIL_FILES, "OPTIONS": {"file_path": DATA / "mail"}}}
else:
    EMAIL_BACKEND, EMAIL_FILE_PATH = MAIL_FILES, DATA / "mail"
DEFAULT_FROM_EMAIL = "Tidewater Chandlery <shop@tidewater.example>"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"

# The second server: exchange rates, warehouses and card payments.
PARTNER_URL = os.environ.get("SANDBOX_PARTNER_URL", "http://127.0.0.1:8001")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"trace_id": {"()": "debugpanel.trace.log_filter.TraceIdFilter"}},
    "formatters": {"line": {"format": "{levelname} {trace_id} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["trace_id"],
        },
    },
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "sandbox_project": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
