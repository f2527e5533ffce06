"""What the database exporter sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from debugpanel.exporters.database import DatabaseExporter


@contextmanager
def sent_by(exporter: DatabaseExporter) -> Iterator[list[str]]:
    """Collect the statements that reach the driver."""
    statements: list[str] = []

    def note(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    exporter._connection._open()
    with exporter._connection._wrapper.execute_wrapper(note):
        yield statements
