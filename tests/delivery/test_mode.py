from __future__ import annotations

import subprocess
import sys
from typing import Any

from debugpanel.delivery import mode
from debugpanel.testing import deliver_in_tests

LIVE_SITE = """
from django.conf import settings
settings.configure(DEFAULT_FROM_EMAIL="a@example.org")
from django.core import mail
from debugpanel.delivery import mode
print(mode.in_test_run())
mail.outbox = []
import django.test.utils
print(mode.in_test_run())
"""


def test_a_test_run_is_known_by_djangos_own_set_up() -> None:
    assert mode.in_test_run()
    with deliver_in_tests():
        assert not mode.in_test_run()


def test_a_live_site_that_mails_to_memory_is_no_test_run() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIVE_SITE], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_uwsgi_without_threads_is_known(monkeypatch: Any) -> None:
    class Uwsgi:
        opt: dict[str, Any] = {}

    assert mode.threads_can_run()
    monkeypatch.setitem(sys.modules, "uwsgi", Uwsgi)
    assert not mode.threads_can_run()
    monkeypatch.setattr(Uwsgi, "opt", {"enable-threads": b"true"})
    assert mode.threads_can_run()
