"""Whether traces may go into an SQLite file.

A commit of ours between the application's read and its write makes its write fail at once
with "database is locked", whatever its time-out, unless its transactions are IMMEDIATE.
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings as django_settings
from django.db import DEFAULT_DB_ALIAS, connections

SAFE_MODES = ("IMMEDIATE", "EXCLUSIVE")

ADVICE = """\
Traces are not stored in the SQLite file of alias {alias!r}: the application uses it too, and \
its own writes would fail with "database is locked". Give the traces a file of their own:

    DATABASES["debugpanel"] = {{
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "debugpanel.sqlite3",
    }}
    DATABASE_ROUTERS = ["debugpanel.router.DebugPanelRouter"]

then run `manage.py migrate` and `manage.py migrate --database debugpanel`. Or let its \
transactions wait for each other:

    DATABASES[{alias!r}]["OPTIONS"] = {{"transaction_mode": "IMMEDIATE"}}
"""


def sharing_problem(alias: str) -> str:
    """Say why an alias cannot hold the traces and what to paste, "" when it can."""
    if not is_shared(alias) or django_settings.DEBUG or _transactions_wait(alias):
        return ""
    return ADVICE.format(alias=alias)


def is_shared(alias: str) -> bool:
    """Say whether an alias is an SQLite file that the application uses too."""
    if connections[alias].vendor != "sqlite":
        return False
    if alias == DEFAULT_DB_ALIAS:
        return True
    own = _file(connections.settings[alias])
    return any(
        _file(settings) == own for other, settings in connections.settings.items() if other != alias
    )


def _file(settings: dict[str, Any]) -> str:
    name = str(settings.get("NAME") or "")
    is_file = "sqlite" in settings.get("ENGINE", "") and not name.startswith(("file:", ":memory:"))
    return os.path.realpath(name) if is_file else name


def _transactions_wait(alias: str) -> bool:
    options = connections.settings[alias].get("OPTIONS") or {}
    return str(options.get("transaction_mode") or "").upper() in SAFE_MODES
