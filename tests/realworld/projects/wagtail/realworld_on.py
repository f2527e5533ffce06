"""The same site with debugpanel, whose tables share the site's database."""

from __future__ import annotations

from realworld_off import *  # noqa: F403
from realworld_off import INSTALLED_APPS as SITE_APPS
from realworld_off import MIDDLEWARE as SITE_MIDDLEWARE

INSTALLED_APPS = [*SITE_APPS, "debugpanel"]
MIDDLEWARE = ["debugpanel.middleware.DebugPanelMiddleware", *SITE_MIDDLEWARE]
DEBUGPANEL = {"SAMPLE_RATE": 1.0}
