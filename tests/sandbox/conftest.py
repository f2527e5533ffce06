"""The shop's own tests need the shop's settings: `test_shop` starts them in another process."""

from __future__ import annotations

from django.conf import settings

if settings.SETTINGS_MODULE != "sandbox_project.settings":
    collect_ignore = ["shop"]
