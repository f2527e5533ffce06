"""What every test gets: markers that name what it needs, and the rule that CI skips nothing."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.db import connections

from tests.services import SERVICES

# What these test does not depend on the suite's database: they run once, with SQLite.
WITHOUT_DATABASE = {"browser", "metrics", "redaction", "sandbox", "test_packaging.py"}

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def pytest_configure(config: pytest.Config) -> None:
    for name, service in SERVICES.items():
        config.addinivalue_line(
            "markers", f"needs_{name}: skipped, with the reason, unless {service.label} is there"
        )
    config.addinivalue_line(
        "markers",
        "only_on(*kinds): left out of the run on other databases: sqlite, postgres, mariadb",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`tests/realworld` builds whole sites: it runs when it is named (`tox -e realworld`)."""
    if collection_path.name != "realworld" or any("realworld" in word for word in config.args):
        return None
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    elsewhere = [item for item in items if not _belongs_here(item)]
    if not elsewhere:
        return
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


def _belongs_here(item: pytest.Item) -> bool:
    if settings.DATABASE_KIND != "sqlite" and WITHOUT_DATABASE & set(item.path.parts):
        return False
    marker = item.get_closest_marker("only_on")
    return marker is None or settings.DATABASE_KIND in marker.args


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, service in SERVICES.items():
        if not item.get_closest_marker(f"needs_{name}"):
            continue
        if reason := service.why_not():
            pytest.skip(reason)


# Ours are spared: what debugpanel left open is a fault that the tear-down has to show.
END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name <> 'debugpanel'
"""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """End sessions that threads of tests left behind: PostgreSQL drops no database in use."""
    yield
    if settings.DATABASE_KIND != "postgres":
        return
    with django_db_blocker.unblock():
        for connection in connections.all():
            with connection.cursor() as cursor:
                cursor.execute(END_OTHER_SESSIONS)
            connection.close()


@pytest.fixture(autouse=True)
def _close_connections_of_async_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Their queries run in a thread of asgiref's, and a server drops no database that is in use."""
    yield
    if iscoroutinefunction(getattr(request, "function", None)):
        SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _without_skips((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _without_skips((yield))


def _without_skips(report: Any) -> Any:
    """In CI a skipped test is a test that did not run: a failure."""
    if not IN_CI or not report.skipped or hasattr(report, "wasxfail"):
        return report
    report.outcome = "failed"
    report.longrepr = f"Skipped, and CI skips nothing: {report.longrepr}"
    return report
