from __future__ import annotations

from collections.abc import Iterator

import pytest

from debugpanel import guard


@pytest.fixture
def failing_closed() -> None:
    """For tests about rules that fail: the guard swallows, as it does in production."""


@pytest.fixture(autouse=True)
def rules_may_not_fail(request: pytest.FixtureRequest) -> Iterator[None]:
    """A rule that failed closed would hide its fault from these tests."""
    before = guard.raises_errors
    guard.raises_errors = "failing_closed" not in request.fixturenames
    yield
    guard.raises_errors = before
