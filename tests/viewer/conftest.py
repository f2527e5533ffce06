from __future__ import annotations

import pytest
from django.test import Client

from debugpanel import guard
from tests.viewer.seeding import client_of_a_reader


@pytest.fixture(autouse=True)
def _faults_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "raises_errors", True)


@pytest.fixture
def reader(db: None) -> Client:
    return client_of_a_reader()
