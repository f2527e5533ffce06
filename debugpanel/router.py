"""Keeps our tables in the alias that holds the traces, and everybody else's out of it.

Permissions and content types stay where they are: Django makes them when it migrates the
alias they live in, so both aliases are migrated (`migrate`, `migrate --database debugpanel`).
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from debugpanel import conf

APP_LABEL = "debugpanel"


class DebugPanelRouter:
    """Add to `DATABASE_ROUTERS` when the traces have an alias of their own."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return conf.database_alias() if _is_ours(model) else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        return conf.database_alias() if _is_ours(model) else None

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool | None:
        return True if _is_ours(type(first)) and _is_ours(type(second)) else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        alias = conf.database_alias()
        if app_label == APP_LABEL:
            return db == alias
        if db == alias and alias != DEFAULT_DB_ALIAS:
            return False
        return None


def _is_ours(model: type) -> bool:
    # `allow_relation` is also asked of `request.user`, whose type is SimpleLazyObject.
    options = getattr(model, "_meta", None)
    return options is not None and options.app_label == APP_LABEL
