"""The pages that are measured: the same work in every variant.

micro    10 SELECT, 4 locmem reads, 6 tiny templates, in-memory SQLite
bare     a view that returns two bytes
typical  the micro page's work behind session, authentication, csrf and messages, signed in
queries  200 statements

The writer and the memory are measured with a page of `benchmarks.shop`: 60 spans.
"""

from __future__ import annotations

import io
import logging
from typing import Any

import django
from django.conf import settings

PAGES = ("micro", "bare", "typical", "queries")
SHOP = "shop"
QUERIES_MANY = 200

DEBUGPANEL_MIDDLEWARE = "debugpanel.middleware.DebugPanelMiddleware"
SHOP_TEMPLATES = tuple(
    f"shop/{name}.html"
    for name in (
        "base",
        "product",
        "header",
        "footer",
        "basket",
        "price",
        "rating",
        "stock",
        "related",
        "crumbs",
    )
)
FLOOR_MIDDLEWARE = "benchmarks.floor.floor_middleware"
HOST_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
HOST_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]

# What each variant adds to the host. Interval and rates keep the writer out of the request.
VARIANTS: dict[str, dict[str, Any] | None] = {
    "off": None,
    "off again": None,
    "floor": None,
    "dropped": {"SAMPLE_RATE": 0.0, "KEEP_SLOWEST": False, "KEEP_PATTERN": False},
    "kept": {"SAMPLE_RATE": 1.0},
    "counted only": {"RECORD_RATE": 0.0, "SAMPLE_RATE": 0.0},
    "switched off": {"SAMPLE_RATE": 0.0},
}


def set_up(variant: str, page: str, directory: str) -> None:
    """Configure Django for one variant and one page, and make its tables."""
    middleware = [*HOST_MIDDLEWARE] if page == "typical" else []
    if variant == "floor":
        middleware.insert(0, FLOOR_MIDDLEWARE)
    database = f"{directory}/{variant.replace(' ', '-')}-{page}.sqlite3"
    configure(VARIANTS[variant], middleware, database)
    fill()


def configure(
    ours: dict[str, Any] | None, middleware: list[str], database: str, *, host: str = ":memory:"
) -> None:
    """Configure Django with our settings, or without us for None."""
    with_panel = ours is not None
    if with_panel:
        middleware.insert(0, DEBUGPANEL_MIDDLEWARE)
    settings.configure(
        SECRET_KEY="of the benchmark",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="benchmarks.urls",
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": host},
            "debugpanel": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": database,
            },
        },
        DATABASE_ROUTERS=["debugpanel.router.DebugPanelRouter"] if with_panel else [],
        INSTALLED_APPS=[*HOST_APPS, *(["debugpanel"] if with_panel else [])],
        MIDDLEWARE=middleware,
        TEMPLATES=[_templates()],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        LOGGING_CONFIG=None,
        DEBUGPANEL=ours or {},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
    django.setup()


def has_panel() -> bool:
    return "debugpanel" in settings.INSTALLED_APPS


def _templates() -> dict[str, Any]:
    source = "{{ name }}: {% if n %}{{ n }}{% endif %}"
    names = ["tiny.html", *SHOP_TEMPLATES]
    loader = ("django.template.loaders.locmem.Loader", dict.fromkeys(names, source))
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", [loader])]},
    }


def fill() -> None:
    """Make the tables of both, and what the pages read."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if has_panel():
        call_command("migrate", database="debugpanel", verbosity=0)
    User.objects.create_user("reader", "reader@example.org", "x")
    fill_cache()


def fill_cache() -> None:
    from django.core.cache import cache

    for number in range(4):
        cache.set(f"key{number}", "value" * 10, None)


def sign_in() -> str:
    """Return the Cookie header of a signed-in user."""
    from django.conf import settings as host
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get())
    return f"{host.SESSION_COOKIE_NAME}={client.cookies[host.SESSION_COOKIE_NAME].value}"


def environ(page: str, cookie: str) -> dict[str, Any]:
    """Return the WSGI environment of one request."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/{page}/",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_COOKIE": cookie,
        "HTTP_USER_AGENT": "benchmark",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
