"""The same shop with debugpanel, whose tables live in a database of their own."""

from __future__ import annotations

from realworld_off import *  # noqa: F403
from realworld_off import DATABASES as SITE_DATABASES
from realworld_off import INSTALLED_APPS as SITE_APPS
from realworld_off import MIDDLEWARE as SITE_MIDDLEWARE

SITE_DATABASE = SITE_DATABASES["default"]
DATABASES = {
    "default": SITE_DATABASE,
    "debugpanel": SITE_DATABASE
    | {"NAME": f"{SITE_DATABASE['NAME']}_panel", "ATOMIC_REQUESTS": False},
}
DATABASE_ROUTERS = ["debugpanel.router.DebugPanelRouter"]

INSTALLED_APPS = [*SITE_APPS, "debugpanel"]
MIDDLEWARE = ["debugpanel.middleware.DebugPanelMiddleware", *SITE_MIDDLEWARE]
DEBUGPANEL = {"SAMPLE_RATE": 1.0}
