"""What the database exporter sends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from debugpanel.exporters.database import DatabaseExporter
from debugpanel.store.connection import PrivateConnection


@contextmanager
def noted(connection: PrivateConnection) -> Iterator[list[str]]:
    """Collect the statements that reach the driver."""
    statements: list[str] = []

    def note(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    connection._open()
    with connection._wrapper.execute_wrapper(note):
        yield statements


def sent_by(exporter: DatabaseExporter):
    return noted(exporter._connection)


def tables_of(statements: list[str]) -> list[str]:
    """Name the table of each INSERT."""
    found = (re.match(r"INSERT (?:IGNORE )?INTO \W?(\w+)", sql) for sql in statements)
    return [one[1] for one in found if one]
