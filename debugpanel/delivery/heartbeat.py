"""What a process says of itself once a minute."""

from __future__ import annotations

import os
import platform
import socket
import time
from functools import cache
from typing import Any

import django

from debugpanel import conf

_STARTED_S = time.time()
MAX_HOST = 40


@cache
def _host() -> str:
    return socket.gethostname()[:MAX_HOST]


def worker_name() -> str:
    """Name this process: host and process id."""
    return f"{_host()}:{os.getpid()}"


def describe_process() -> dict[str, Any]:
    settings = conf.get()
    return {
        "worker": worker_name(),
        "host": _host(),
        "pid": os.getpid(),
        "release": settings.RELEASE,
        "python": platform.python_version(),
        "django": django.get_version(),
        "started_s": _STARTED_S,
        "enabled": settings.ENABLED,
        "sample_rate": settings.SAMPLE_RATE,
        "record_rate": settings.RECORD_RATE,
    }
