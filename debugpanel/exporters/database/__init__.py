"""Stores in the project's database: two rows a trace, whatever the number of its spans.

A batch is one short transaction on a connection of our own, with one INSERT for the traces
and one for their payloads. Before it come routes, error groups and statements that this
process has not seen, each table by itself. A row that the database refuses is found by
halving the batch, and costs nobody but itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from debugpanel import conf, guard, maintenance
from debugpanel.exporters.base import Exporter, ExporterPaused
from debugpanel.exporters.database import faults, rows
from debugpanel.exporters.database.known import KnownRows
from debugpanel.exporters.database.rows import TraceRows
from debugpanel.exporters.database.sharing import is_shared
from debugpanel.exporters.database.sharing import sharing_problem as sharing_problem
from debugpanel.metrics.rollup import Rollups
from debugpanel.store.connection import SQLITE, PrivateConnection
from debugpanel.store.inserts import Insert, Row
from debugpanel.trace import budget
from debugpanel.trace.model import Trace

IDLE_S = 10.0
MAX_WAIT_FOR_IDLE_S = 1.0
PART = "exporters.database"
_POLL_S = 0.01
_US_PER_S = 1_000_000


class DatabaseExporter(Exporter):
    """The default exporter. `is_idle` says whether no request is in flight: in an SQLite
    file that the application uses too, nothing is written before."""

    def __init__(self, *, is_idle: Callable[[], bool] = budget.is_idle) -> None:
        self._is_idle = is_idle
        self._alias = conf.database_alias()
        self._connection = PrivateConnection(self._alias)
        self._known = KnownRows()
        self._housekeeper = maintenance.Housekeeper(self._connection)

    def write(self, traces: Sequence[Trace]) -> int:
        with self._writing():
            return self._store(list(self._rows_of(traces)))

    def count(self, rollups: Rollups) -> None:
        routes = [rows.route_row_of_bucket(bucket) for bucket in rollups.buckets]
        buckets = sorted((rows.rollup_row(one) for one in rollups.buckets), key=lambda row: row[2])
        statements = [rows.statement_rollup_row(bucket) for bucket in rollups.statements]
        texts = [row for one in rollups.statements if (row := rows.statement_row(one)) is not None]
        errors = [rows.error_rollup_row(bucket) for bucket in rollups.errors]

        def insert() -> None:
            self._insert_new(rows.ROUTES, routes)
            self._insert_new(rows.STATEMENTS, texts)
            with self._connection.transaction():
                maintenance.ROLLUPS.run(self._connection, buckets)
                maintenance.STATEMENT_ROLLUPS.run(self._connection, statements)
                maintenance.ERROR_ROLLUPS.run(self._connection, errors)

        with self._writing():
            self._insert_knowing_less(insert)

    def heartbeat(self, state: dict[str, Any]) -> None:
        row = rows.worker_row(state, int(time.time() * _US_PER_S))
        with self._writing(), self._connection.transaction():
            rows.WORKERS.run(self._connection, [row])

    def maintain(self, now_s: float) -> None:
        if not self._housekeeper.is_due:
            self._connection.close_if_idle(IDLE_S)
            return
        with self._writing():
            self._housekeeper.run_slice(now_s)

    def close(self) -> None:
        self._connection.close()

    def _rows_of(self, traces: Sequence[Trace]) -> Iterator[TraceRows]:
        settings = conf.get()
        known = self._known.keys(rows.STATEMENTS)
        has_uuid_type = self._connection.has_uuid_type
        for trace in traces:
            try:
                yield rows.rows_of_trace(trace, settings, known, has_uuid_type=has_uuid_type)
            except Exception as error:
                guard.report(f"{PART}: one trace", error)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write only where that harms nobody, and tell missing tables from other faults."""
        problem = sharing_problem(self._alias)
        if problem:
            raise ExporterPaused(problem)
        self._wait_until_idle()
        try:
            yield
        except Exception as error:
            if not faults.is_of_tables(error):
                raise
            self._known.forget()
            raise ExporterPaused(faults.MIGRATE.format(alias=self._alias)) from error

    def _wait_until_idle(self) -> None:
        if self._connection.vendor != SQLITE or not is_shared(self._alias):
            return
        deadline_s = time.monotonic() + MAX_WAIT_FOR_IDLE_S
        while not self._is_idle():
            if time.monotonic() > deadline_s:
                raise ExporterPaused("requests are in flight, and the SQLite file is shared")
            time.sleep(_POLL_S)

    def _store(self, batch: Sequence[TraceRows]) -> int:
        """Store what the database takes of a batch, and return how many that are."""
        if not batch:
            return 0
        try:
            self._insert_knowing_less(lambda: self._insert(batch))
        except Exception as error:
            if faults.is_of_tables(error) or not faults.is_of_rows(error):
                raise
            if len(batch) == 1:
                guard.report(f"{PART}: one trace", error)
                return 0
        else:
            return len(batch)
        half = len(batch) // 2
        return self._store(batch[:half]) + self._store(batch[half:])

    def _insert_knowing_less(self, insert: Callable[[], None]) -> None:
        """Try again without what we believe to know: a row we refer to may have been removed."""
        try:
            insert()
        except Exception as error:
            if not self._known or not faults.is_of_rows(error):
                raise
            self._known.forget()
            insert()

    def _insert(self, batch: Sequence[TraceRows]) -> None:
        self._insert_new(rows.VIEWED_ROUTES, [one.route for one in batch])
        self._insert_new(rows.ERROR_GROUPS, [row for one in batch for row in one.error_groups])
        self._insert_new(rows.STATEMENTS, [row for one in batch for row in one.statements])
        # In order of their routes: foreign keys lock them on MariaDB.
        ordered = sorted(batch, key=lambda one: one.route[0])
        with self._connection.transaction():
            rows.TRACES.run(self._connection, [one.trace for one in ordered])
            rows.PAYLOADS.run(self._connection, [one.payload for one in ordered])

    def _insert_new(self, insert: Insert, candidates: Sequence[Row]) -> None:
        """Insert dictionary rows in a transaction of their own.

        Held while the traces go in, they would be what other processes wait for in a circle.
        """
        new = self._known.new(insert, candidates)
        if not new:
            return
        with self._connection.transaction():
            insert.run(self._connection, new)
        self._known.remember(insert, new)
