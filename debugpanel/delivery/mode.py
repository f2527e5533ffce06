"""How finished traces travel in this process: by thread, behind the response, or not at all."""

from __future__ import annotations

import sys
from collections import deque
from contextvars import ContextVar

from django.core import mail

from debugpanel import conf
from debugpanel.trace.model import Trace

# Tests of ours run the real delivery under a test runner.
delivers_in_tests = False

# Where `IN_TESTS = "memory"` collects; bounded, the oldest go first.
memory: deque[Trace] = deque(maxlen=1000)

# A collector of `debugpanel.testing.capture_trace()`, in this context only.
CAPTURE: ContextVar[list[Trace] | None] = ContextVar("debugpanel_capture", default=None)


def in_test_run() -> bool:
    """Say whether Django's test environment is set up. Looked at late: pytest sets it up late."""
    return "outbox" in mail.__dict__ and not delivers_in_tests and _is_set_up()


def _is_set_up() -> bool:
    """Look twice: the locmem mail backend of a live site makes an outbox, too."""
    utils = sys.modules.get("django.test.utils")
    state = getattr(utils, "_TestState", None)
    return hasattr(state, "saved_data")


def records_here() -> bool:
    """Say whether anything is recorded in a test run."""
    return CAPTURE.get() is not None or conf.get().IN_TESTS == "memory"


def threads_can_run() -> bool:
    """Say whether a background thread gets to run: uWSGI needs `enable-threads` or `threads`."""
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is None:
        return True
    options = getattr(uwsgi, "opt", {})
    return any(
        options.get(name) for name in ("enable-threads", b"enable-threads", "threads", b"threads")
    )
