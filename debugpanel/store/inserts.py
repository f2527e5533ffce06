"""Multi-row INSERT statements, written out: `bulk_create` costs three times as much.

A statement holds at most 512 KiB. On SQLite one prepared statement runs for all rows, which
is what a multi-row INSERT is on the other databases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from debugpanel.store.connection import MYSQL, POSTGRESQL, SQLITE, PrivateConnection

MAX_STATEMENT_BYTES = 512 * 1024
MAX_PARAMETERS = 60_000

# A number, its comma and its quotes; a generous mean.
_BYTES_PER_VALUE = 12
# How much longer a value gets as a literal.
_GROWTH_OF_BYTES = {POSTGRESQL: 2.0, MYSQL: 1.1}
_GROWTH_OF_TEXT = 4.0

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """What is inserted where. Rows whose key is there already are left as they are."""

    table: str
    columns: tuple[str, ...]
    key: str = ""
    """The column that may be there already; empty: every row is new."""
    updates: tuple[str, ...] = ()
    """Columns that are overwritten where the key is there already."""
    is_dictionary: bool = False
    """Many processes insert the same rows. On MariaDB a row that is there gets only a shared
    lock then, as a foreign key takes it, and no circle of waiting comes about."""
    binary: frozenset[int] = frozenset()
    """Places of columns that hold bytes."""

    def run(self, connection: PrivateConnection, rows: Sequence[Row]) -> None:
        if not rows:
            return
        head, values, tail = self._parts(connection)
        if connection.vendor == SQLITE:
            connection.execute_many(f"{head} {values}{tail}", rows)
            return
        for part in self._portions(rows, connection.vendor):
            placeholders = ",".join([values] * len(part))
            connection.execute(f"{head} {placeholders}{tail}", [one for row in part for one in row])

    def _parts(self, connection: PrivateConnection) -> tuple[str, str, str]:
        quote = connection.quote
        names = ", ".join(quote(column) for column in self.columns)
        ignores = self.is_dictionary and not self.updates and connection.vendor == MYSQL
        head = f"INSERT {'IGNORE ' if ignores else ''}INTO {quote(self.table)} ({names}) VALUES"
        # The server would take bytes for text, and warn of what is not.
        marks = [
            "_binary %s" if place in self.binary and connection.vendor == MYSQL else "%s"
            for place in range(len(self.columns))
        ]
        return head, f"({','.join(marks)})", self._on_conflict(connection)

    def _on_conflict(self, connection: PrivateConnection) -> str:
        if not self.key:
            return ""
        quote = connection.quote
        if connection.vendor == MYSQL:
            if self.is_dictionary and not self.updates:
                return ""
            # Elsewhere not INSERT IGNORE: it turns every error into silence.
            changed = self.updates or (self.key,)
            pairs = ", ".join(f"{quote(name)} = VALUES({quote(name)})" for name in changed)
            return f" ON DUPLICATE KEY UPDATE {pairs}"
        if not self.updates:
            return " ON CONFLICT DO NOTHING"
        pairs = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in self.updates)
        return f" ON CONFLICT ({quote(self.key)}) DO UPDATE SET {pairs}"

    def _portions(self, rows: Sequence[Row], vendor: str) -> Iterator[Sequence[Row]]:
        """Cut the rows where a statement would become too long."""
        most_rows = max(MAX_PARAMETERS // len(self.columns), 1)
        begin, size = 0, 0.0
        for index, row in enumerate(rows):
            row_bytes = _literal_bytes(row, _GROWTH_OF_BYTES[vendor])
            if index > begin and (
                size + row_bytes > MAX_STATEMENT_BYTES or index - begin >= most_rows
            ):
                yield rows[begin:index]
                begin, size = index, 0.0
            size += row_bytes
        yield rows[begin:]


def _literal_bytes(row: Row, growth_of_bytes: float) -> float:
    size = float(_BYTES_PER_VALUE * len(row))
    for value in row:
        if type(value) is bytes:
            size += len(value) * growth_of_bytes
        elif type(value) is str:
            size += len(value) * (1.1 if value.isascii() else _GROWTH_OF_TEXT)
    return size
