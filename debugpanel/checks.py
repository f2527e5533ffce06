"""What `manage.py check` says: one small function each, with a hint that names the cure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.db import connections, router
from django.utils.module_loading import import_string

from debugpanel import conf
from debugpanel.exporters.database import sharing_problem
from debugpanel.router import DebugPanelRouter

MIDDLEWARE = "debugpanel.middleware.DebugPanelMiddleware"
ROUTER = "debugpanel.router.DebugPanelRouter"
TAG = "debugpanel"

_IDS_OF_PROBLEMS = {"unknown": "E001", "type": "E002", "value": "E003", "unreadable": "E004"}
_MAY_STAND_ABOVE = ("django.middleware.security.SecurityMiddleware",)


@register(TAG)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E001 to E004: a key that is unknown, or whose value cannot be used."""
    return [
        Error(problem.message, hint=problem.hint, id=f"debugpanel.{_IDS_OF_PROBLEMS[problem.kind]}")
        for problem in conf.problems()
    ]


@register(TAG)
def check_dotted_paths(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E005: a part that cannot be imported."""
    settings = conf.get()
    paths = [
        (key, path)
        for key in ("EXPORTERS", "INSTRUMENTS", "PANELS")
        for path in getattr(settings, key)
    ]
    return [message for key, path in paths for message in _unimportable(key, path)]


def _unimportable(key: str, path: str) -> Iterable[CheckMessage]:
    try:
        import_string(path)
    except Exception as error:
        yield Error(
            f"DEBUGPANEL[{key!r}]: {path!r} cannot be imported ({type(error).__name__}).",
            hint="Correct the dotted path, or leave it out.",
            id="debugpanel.E005",
        )


def _middleware() -> list[str]:
    return list(getattr(django_settings, "MIDDLEWARE", None) or [])


@register(TAG)
def check_middleware_is_there(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W001: nothing is recorded without the middleware."""
    if not conf.get().ENABLED or MIDDLEWARE in _middleware():
        return []
    return [
        checks.Warning(
            "debugpanel's middleware is missing: no request is recorded.",
            hint=f"Put {MIDDLEWARE!r} first in MIDDLEWARE.",
            id="debugpanel.W001",
        )
    ]


@register(TAG)
def check_middleware_is_first(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W002: what stands above the middleware is not seen."""
    above = _middleware()
    if MIDDLEWARE not in above:
        return []
    above = above[: above.index(MIDDLEWARE)]
    hidden = [path for path in above if path not in _MAY_STAND_ABOVE]
    if not hidden:
        return []
    return [
        checks.Warning(
            f"{len(hidden)} middleware above debugpanel's are not seen, such as {hidden[0]!r}.",
            hint=f"Move {MIDDLEWARE!r} to the top of MIDDLEWARE.",
            id="debugpanel.W002",
        )
    ]


@register(TAG)
def check_middleware_is_single(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E006: twice in the list, each request would be two traces."""
    if _middleware().count(MIDDLEWARE) < 2:
        return []
    return [
        Error(
            "debugpanel's middleware is listed more than once.",
            hint=f"Keep only the first {MIDDLEWARE!r}.",
            id="debugpanel.E006",
        )
    ]


@register(TAG)
def check_database_alias(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E007: the alias for the traces does not exist."""
    alias = conf.database_alias()
    if alias in connections.settings:
        return []
    return [
        Error(
            f"DEBUGPANEL['DATABASE'] is {alias!r}, which is no key of DATABASES.",
            hint=f"Add DATABASES[{alias!r}], or name one of: {', '.join(connections.settings)}.",
            id="debugpanel.E007",
        )
    ]


def _has_router() -> bool:
    return any(isinstance(found, DebugPanelRouter) for found in router.routers)


@register(TAG)
def check_router(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W003: with an alias of their own, the tables need the router to be found."""
    alias = conf.database_alias()
    if alias == "default" or alias not in connections.settings or _has_router():
        return []
    return [
        checks.Warning(
            f"Traces go to the alias {alias!r}, but DATABASE_ROUTERS does not say so.",
            hint=f"Add {ROUTER!r} to DATABASE_ROUTERS.",
            id="debugpanel.W003",
        )
    ]


@register(TAG)
def check_sqlite_sharing(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W004: sharing the application's SQLite file would make its writes fail."""
    alias = conf.database_alias()
    if alias not in connections.settings:
        return []
    problem = sharing_problem(alias)
    if not problem:
        return []
    return [checks.Warning("Traces are not stored.", hint=problem, id="debugpanel.W004")]


@register(TAG)
def check_admin(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W005: without the admin there is nowhere to read the traces."""
    if apps.is_installed("django.contrib.admin"):
        return []
    return [
        checks.Warning(
            "django.contrib.admin is not installed: traces are stored, but no page shows them.",
            hint="Add 'django.contrib.admin' to INSTALLED_APPS.",
            id="debugpanel.W005",
        )
    ]
