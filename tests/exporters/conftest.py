from __future__ import annotations

from collections.abc import Iterator

import pytest

from debugpanel.exporters.database import DatabaseExporter


@pytest.fixture
def exporter(transactional_db: None) -> Iterator[DatabaseExporter]:
    made = DatabaseExporter()
    yield made
    made.close()
