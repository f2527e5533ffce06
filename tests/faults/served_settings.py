"""The host site as a server runs it: in its own SQLite file, the traces elsewhere."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403

_folder = os.environ["SERVED_FOLDER"]


def _sqlite(name: str) -> dict[str, str]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{_folder}/{name}.sqlite3"}


def _traces() -> dict[str, str]:
    if "PGPORT" not in os.environ:
        return _sqlite("traces")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "traces",
        "HOST": os.environ["PGHOST"],
        "PORT": os.environ["PGPORT"],
        "USER": os.environ["PGUSER"],
        "PASSWORD": os.environ["PGPASSWORD"],
    }


DATABASES = {"default": _sqlite("site"), "debugpanel": _traces()}
ALLOWED_HOSTS = ["*"]
DEBUGPANEL = {"SAMPLE_RATE": 1.0, "KEEP_SLOWEST": False, "FLUSH_INTERVAL_S": 0.2}
