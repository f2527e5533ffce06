from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from debugpanel.testing import raise_internal_errors
from tests.viewer.seeding import client_of_a_reader


@pytest.fixture(autouse=True)
def _faults_raise() -> Iterator[None]:
    with raise_internal_errors():
        yield


@pytest.fixture
def reader(db: None) -> Client:
    return client_of_a_reader()
