"""What the database exporter does between batches: election, compaction, retention.

Every job is a generator that does one short transaction at each step, so that a slice ends
on time wherever it is; a round is all jobs once. One process is elected by a lease in the
database, judged by the database's clock, and does the round for all.

    rollups      minutes --> 5 minutes, kept 8 days --> hours, kept 400 days
    traces       by age, then rows and bytes, the oldest first
    workers      silent for a day
    dictionary   what nothing refers to any more
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from debugpanel import conf
from debugpanel.metrics.rollup import (
    FIVE_MINUTES_S,
    HOUR_S,
    MAX_STATEMENTS,
    merge_buckets,
    merge_errors,
    merge_statements,
)
from debugpanel.models import MAX_PINNED, ErrorRollup, Rollup, Stage, StatementRollup
from debugpanel.store.connection import PrivateConnection
from debugpanel.store.inserts import Insert, Row

SLICE_S = 0.25
ROUND_S = 60.0
RETENTION_EVERY_S = 300.0
LEASE_S = 180
ROUND_LEASE = "round"
PRUNING_LEASE = "pruning"
MAX_ROWS_AT_ONCE = 500
MAX_ROWS_MERGED = 1_000
MAX_ROWS_WALKED = 5_000

DAY_S = 86_400
FIVE_MINUTES_KEPT_S = 8 * DAY_S
HOURS_KEPT_S = 400 * DAY_S
UNUSED_KEPT_S = 8 * DAY_S
WORKER_SILENT_S = DAY_S
LATE_S = 120
"""How long after its end a bucket is left alone: partial rows may still come."""

CLOCK_JUMP_S = 3_600
MAX_SPARED_GROUPS = 1_000

TRACE_BYTES = 700
ROLLUP_BYTES = 420
"""What a row takes with its indexes; payloads are counted to the byte."""
ROLLUP_SHARE = 0.5
"""The share of the bytes that rollups may take before the oldest of them go."""

_US = 1_000_000

ROLLUPS = Insert(
    table="debugpanel_rollup",
    columns=("stage", *Rollup.COLUMNS),
    binary=frozenset({len(Rollup.COLUMNS)}),
)
STATEMENT_ROLLUPS = Insert(
    table="debugpanel_statementrollup", columns=("stage", *StatementRollup.COLUMNS)
)
ERROR_ROLLUPS = Insert(table="debugpanel_errorrollup", columns=("stage", *ErrorRollup.COLUMNS))

Progress = Iterator[int]
"""A job at work: how many rows each of its steps took away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is kept."""

    age_s: float
    traces: int
    stored_bytes: int

    @classmethod
    def from_settings(cls) -> Limits:
        settings = conf.get()
        return cls(
            age_s=settings.RETENTION_DAYS * DAY_S,
            traces=settings.RETENTION_TRACES,
            stored_bytes=settings.RETENTION_BYTES,
        )


# -- election


def elect(connection: PrivateConnection, lease: str, owner: str) -> bool:
    """Say whether this owner has the lease now: one conditional UPDATE changed one row."""
    if _take(connection, lease, owner):
        return True
    table = connection.quote(_LEASES.table)
    if connection.fetch(f"SELECT 1 FROM {table} WHERE name = %s", [lease]):
        return False
    with connection.transaction():
        _LEASES.run(connection, [(lease, "", 0)])
    return _take(connection, lease, owner)


def _take(connection: PrivateConnection, lease: str, owner: str) -> bool:
    table, now = connection.quote(_LEASES.table), connection.now_sql
    sql = (
        f"UPDATE {table} SET owner = %s, until = {now} + {LEASE_S * _US}"
        f" WHERE name = %s AND (owner = %s OR until < {now})"
    )
    with connection.transaction():
        return connection.execute(sql, [owner, lease, owner]) == 1


def release(connection: PrivateConnection, lease: str, owner: str) -> None:
    """Give a lease up before its time."""
    table = connection.quote(_LEASES.table)
    with connection.transaction():
        connection.execute(
            f"UPDATE {table} SET until = 0 WHERE name = %s AND owner = %s", [lease, owner]
        )


_LEASES = Insert(
    table="debugpanel_lease",
    columns=("name", "owner", "until"),
    key="name",
    is_dictionary=True,
)


def own_name() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


class Clock:
    """Tells whether the wall clock may be believed: a jump has to be seen twice.

    A clock that jumps a year ahead would make every trace too old at once.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._last: tuple[float, float] | None = None

    def is_confirmed(self, now_s: float) -> bool:
        """Note a reading, and say whether it follows from the one before."""
        before, self._last = self._last, (now_s, self._monotonic())
        if before is None:
            return False
        expected_s = before[0] + self._last[1] - before[1]
        return abs(now_s - expected_s) < CLOCK_JUMP_S


class Housekeeper:
    """Does rounds of housekeeping in slices, when this process is elected."""

    def __init__(
        self, connection: PrivateConnection, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._monotonic = monotonic
        self._owner = own_name()
        self._clock = Clock(monotonic)
        self._work: Progress | None = None
        self._next_round_s = monotonic() + ROUND_S
        self._next_retention_s = monotonic()

    @property
    def is_due(self) -> bool:
        return self._work is not None or self._monotonic() >= self._next_round_s

    def run_slice(self, now_s: float) -> None:
        """Work for at most a slice of time; the rest of the round waits for the next."""
        deadline_s = self._monotonic() + SLICE_S
        # A round that fails is over: the next one starts anew.
        work, self._work = self._work or self._round(now_s), None
        self._next_round_s = self._monotonic() + ROUND_S
        for _ in work:
            if self._monotonic() >= deadline_s:
                self._work = work
                return

    def _round(self, now_s: float) -> Progress:
        connection, owner = self._connection, self._owner
        is_confirmed = self._clock.is_confirmed(now_s)
        if not elect(connection, ROUND_LEASE, owner):
            return
        yield from compact(connection, now_s)
        if not is_confirmed or self._monotonic() < self._next_retention_s:
            return
        self._next_retention_s = self._monotonic() + RETENTION_EVERY_S
        if elect(connection, PRUNING_LEASE, owner):
            yield from self._holding(
                PRUNING_LEASE, prune(connection, Limits.from_settings(), now_s)
            )

    def _holding(self, lease: str, work: Progress) -> Progress:
        """Renew a lease while work goes on. After a failure it ends by itself."""
        renew_at_s = self._monotonic() + LEASE_S / 3
        for step in work:
            if self._monotonic() >= renew_at_s:
                if not elect(self._connection, lease, self._owner):
                    return
                renew_at_s = self._monotonic() + LEASE_S / 3
            yield step
        release(self._connection, lease, self._owner)


# -- compaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """Turns rows of earlier stages into one row for each key and stretch of time.

    Readers sum all rows of a bucket, so they see the same before and after.
    """

    insert: Insert
    key: str
    """The column by which rows are taken in portions."""
    stage: Stage
    width_s: int
    merge: Callable[[Sequence[Row], int], list[Row]]

    def run(self, connection: PrivateConnection, before_s: float) -> Progress:
        """Merge what began before a moment, one stretch of time after the other."""
        width = self.width_s * _US
        before = int(before_s) * _US
        start = self._first_start(connection, 0, before)
        while start is not None:
            begin = start // width * width
            for keys in self._portions(connection, begin, begin + width):
                yield self._replace(connection, begin, begin + width, keys)
            start = self._first_start(connection, begin + width, before)

    def _earlier(self) -> str:
        return ", ".join(str(stage) for stage in range(self.stage))

    def _first_start(self, connection: PrivateConnection, after: int, before: int) -> int | None:
        table = connection.quote(self.insert.table)
        found: int | None = connection.fetch(
            f"SELECT MIN(start) FROM {table}"
            f" WHERE stage IN ({self._earlier()}) AND start >= %s AND start < %s",
            [after, before],
        )[0][0]
        return found

    def _portions(self, connection: PrivateConnection, begin: int, end: int) -> Iterator[list[Any]]:
        """Yield keys that have something to merge, as many as have few rows together."""
        table, key = connection.quote(self.insert.table), connection.quote(self.key)
        counts = connection.fetch(
            f"SELECT {key}, COUNT(*) FROM {table}"
            f" WHERE stage IN ({self._earlier()}) AND start >= %s AND start < %s"
            f" GROUP BY {key} ORDER BY {key}",
            [begin, end],
        )
        portion: list[Any] = []
        rows = 0
        for one, count in counts:
            if portion and (rows + count > MAX_ROWS_MERGED or len(portion) >= MAX_ROWS_AT_ONCE):
                yield portion
                portion, rows = [], 0
            portion.append(one)
            rows += count
        if portion:
            yield portion

    def _replace(
        self, connection: PrivateConnection, begin: int, end: int, keys: Sequence[Any]
    ) -> int:
        """Insert merged rows and delete exactly those they stand for, or nothing at all."""
        names = ", ".join(connection.quote(column) for column in self.insert.columns[1:])
        marks = ", ".join(["%s"] * len(keys))
        with connection.transaction():
            rows = connection.fetch(
                f"SELECT id, {names} FROM {connection.quote(self.insert.table)}"
                f" WHERE stage IN ({self._earlier()}, {self.stage}) AND start >= %s AND start < %s"
                f" AND {connection.quote(self.key)} IN ({marks}) ORDER BY id",
                [begin, end, *keys],
            )
            merged = self.merge([row[1:] for row in rows], self.width_s)
            self.insert.run(connection, [(self.stage.value, *row) for row in merged])
            removed = delete_ids(connection, self.insert.table, "id", [row[0] for row in rows])
            if removed != len(rows):
                raise RuntimeError("rows of a rollup were removed by somebody else")
        return len(rows) - len(merged)


def _merge_rollups(rows: Sequence[Row], width_s: int) -> list[Row]:
    merged = merge_buckets(map(Rollup.to_bucket, rows), resolution_s=width_s)
    return [Rollup.to_row(bucket, int(bucket.key.route)) for bucket in merged]


def _merge_statements(rows: Sequence[Row], width_s: int) -> list[Row]:
    merged = merge_statements(map(StatementRollup.to_bucket, rows))
    return [StatementRollup.to_row(bucket) for bucket in merged]


def _merge_errors(rows: Sequence[Row], width_s: int) -> list[Row]:
    merged = merge_errors(map(ErrorRollup.to_bucket, rows), resolution_s=width_s)
    return [ErrorRollup.to_row(bucket) for bucket in merged]


TO_FIVE_MINUTES = Compaction(
    insert=ROLLUPS,
    key="route_id",
    stage=Stage.FIVE_MINUTES,
    width_s=FIVE_MINUTES_S,
    merge=_merge_rollups,
)
TO_HOURS = Compaction(
    insert=ROLLUPS, key="route_id", stage=Stage.HOUR, width_s=HOUR_S, merge=_merge_rollups
)
STATEMENTS_TO_HOURS = Compaction(
    insert=STATEMENT_ROLLUPS,
    key="fingerprint",
    stage=Stage.HOUR,
    width_s=HOUR_S,
    merge=_merge_statements,
)
ERRORS_TO_FIVE_MINUTES = Compaction(
    insert=ERROR_ROLLUPS,
    key="fingerprint",
    stage=Stage.FIVE_MINUTES,
    width_s=FIVE_MINUTES_S,
    merge=_merge_errors,
)
ERRORS_TO_HOURS = Compaction(
    insert=ERROR_ROLLUPS, key="fingerprint", stage=Stage.HOUR, width_s=HOUR_S, merge=_merge_errors
)


def compact(connection: PrivateConnection, now_s: float) -> Progress:
    """Merge the rollups as far as their age says, and let the oldest go."""
    ended_s = now_s - LATE_S - FIVE_MINUTES_S
    old_s = now_s - FIVE_MINUTES_KEPT_S - HOUR_S
    yield from TO_FIVE_MINUTES.run(connection, ended_s)
    yield from ERRORS_TO_FIVE_MINUTES.run(connection, ended_s)
    # Many for each hour and process: merged while the hour goes on.
    yield from STATEMENTS_TO_HOURS.run(connection, now_s)
    yield from _limit_statements(connection, now_s)
    yield from TO_HOURS.run(connection, old_s)
    yield from ERRORS_TO_HOURS.run(connection, old_s)


def _limit_statements(connection: PrivateConnection, now_s: float) -> Progress:
    """Sum up what is beyond the costliest statements of the last hours as "other"."""
    table = connection.quote(STATEMENT_ROLLUPS.table)
    names = ", ".join(connection.quote(column) for column in StatementRollup.COLUMNS)
    crowded = connection.fetch(
        f"SELECT start FROM {table} WHERE stage = {Stage.HOUR} AND start >= %s AND start < %s"
        f" GROUP BY start HAVING COUNT(*) > {MAX_STATEMENTS + 1}",
        [int(now_s - DAY_S) * _US, int(now_s - LATE_S - HOUR_S) * _US],
    )
    for (start,) in crowded:
        with connection.transaction():
            rows = connection.fetch(
                f"SELECT id, {names} FROM {table} WHERE stage = {Stage.HOUR} AND start = %s",
                [start],
            )
            merged = _merge_statements([row[1:] for row in rows], HOUR_S)
            delete_ids(connection, STATEMENT_ROLLUPS.table, "id", [row[0] for row in rows])
            STATEMENT_ROLLUPS.run(connection, [(Stage.HOUR.value, *row) for row in merged])
        yield len(rows) - len(merged)


# -- retention


def prune(connection: PrivateConnection, limits: Limits, now_s: float) -> Progress:
    """Remove what is too old or too much, the oldest first, a few hundred rows at a step."""
    yield from prune_traces(connection, find_cutoff(connection, limits, now_s))
    yield from prune_others(connection, limits, now_s)


def prune_others(connection: PrivateConnection, limits: Limits, now_s: float) -> Progress:
    """Remove old rollups, silent workers, and dictionary rows that nothing uses."""
    yield from _prune_rollups(connection, limits, now_s)
    yield from _delete_before(
        connection, "debugpanel_worker", "name", "seen", now_s - WORKER_SILENT_S
    )
    yield from _delete_before(connection, "debugpanel_auditentry", "id", "at", now_s - HOURS_KEPT_S)
    for table, key, users in _DICTIONARY:
        yield from _prune_unused(connection, table, key, users, now_s - UNUSED_KEPT_S)


def find_cutoff(connection: PrivateConnection, limits: Limits, now_s: float) -> int:
    """Return the moment before which traces are too old or too many, in microseconds.

    Walks from the newest to the oldest and stops where a limit is reached.
    """
    oldest = int((now_s - limits.age_s) * _US)
    room = limits.stored_bytes - _rollup_bytes(connection)
    table = connection.quote("debugpanel_trace")
    count, size, start = 0, 0, 2**63 - 1
    while True:
        # One second-hand sum for thousands of rows: nothing of them leaves the database.
        page = (
            f"FROM (SELECT started, stored_bytes FROM {table} WHERE started < %s AND started >= %s"
            f" ORDER BY started DESC LIMIT {MAX_ROWS_WALKED}) page"
        )
        rows, stored, first = connection.fetch(
            f"SELECT COUNT(*), SUM(stored_bytes), MIN(started) {page}", [start, oldest]
        )[0]
        if not rows:
            return oldest
        more = int(stored) + rows * TRACE_BYTES
        if count + rows > limits.traces or size + more > room:
            kept = connection.fetch(f"SELECT started, stored_bytes {page}", [start, oldest])
            return _cutoff_within(kept, limits.traces - count, room - size, start)
        count, size, start = count + rows, size + more, first


def _cutoff_within(rows: Sequence[tuple[int, int]], most: int, room: float, start: int) -> int:
    """Return the start of the oldest row that has a place."""
    for index, (started, stored) in enumerate(sorted(rows, reverse=True)):
        room -= stored + TRACE_BYTES
        if index >= most or room < 0:
            return start
        start = started
    return start


def count_before(connection: PrivateConnection, cutoff: int) -> int:
    """Count the traces that `prune_traces` would remove."""
    table = connection.quote("debugpanel_trace")
    found = connection.fetch(f"SELECT COUNT(*) FROM {table} WHERE started < %s", [cutoff])
    spared = list(_spared(connection))
    if not spared:
        return int(found[0][0])
    marks = ", ".join(["%s"] * len(spared))
    among = connection.fetch(
        f"SELECT COUNT(*) FROM {table} WHERE started < %s AND id IN ({marks})", [cutoff, *spared]
    )
    return int(found[0][0]) - int(among[0][0])


def prune_traces(connection: PrivateConnection, cutoff: int) -> Progress:
    """Remove traces from before a moment, except pinned ones and the first of open groups."""
    spared = _spared(connection)
    table = connection.quote("debugpanel_trace")
    begin = -1
    while True:
        rows = connection.fetch(
            f"SELECT id, started FROM {table} WHERE started >= %s AND started < %s"
            f" ORDER BY started, id LIMIT {MAX_ROWS_AT_ONCE + len(spared)}",
            [begin, cutoff],
        )
        ids = [row[0] for row in rows if row[0] not in spared][:MAX_ROWS_AT_ONCE]
        if not ids:
            return
        with connection.transaction():
            delete_ids(connection, "debugpanel_tracepayload", "trace_id", ids)
            removed = delete_ids(connection, "debugpanel_trace", "id", ids)
        begin = rows[0][1]
        yield removed


def _spared(connection: PrivateConnection) -> set[Any]:
    trace, group = connection.quote("debugpanel_trace"), connection.quote("debugpanel_errorgroup")
    pinned = connection.fetch(
        f"SELECT id FROM {trace} WHERE pinned_at IS NOT NULL"
        f" ORDER BY pinned_at DESC LIMIT {MAX_PINNED}"
    )
    first = connection.fetch(
        f"SELECT first_trace FROM {group} WHERE state = 'open' AND first_trace IS NOT NULL"
        f" ORDER BY first_seen DESC LIMIT {MAX_SPARED_GROUPS}"
    )
    return {row[0] for row in (*pinned, *first)}


_ROLLUP_TABLES = ("debugpanel_rollup", "debugpanel_statementrollup", "debugpanel_errorrollup")


def _rollup_bytes(connection: PrivateConnection) -> int:
    counts = [
        connection.fetch(f"SELECT COUNT(*) FROM {connection.quote(table)}")[0][0]
        for table in _ROLLUP_TABLES
    ]
    return int(sum(counts)) * ROLLUP_BYTES


def _prune_rollups(connection: PrivateConnection, limits: Limits, now_s: float) -> Progress:
    """Remove rollups that are too old; the oldest too when all take more than their share."""
    for table in _ROLLUP_TABLES:
        yield from _delete_before(
            connection, table, "id", "start", now_s - HOURS_KEPT_S, "stage = 2"
        )
    excess_bytes = _rollup_bytes(connection) - int(limits.stored_bytes * ROLLUP_SHARE)
    excess = max(excess_bytes // ROLLUP_BYTES, 0)
    for stage in (Stage.HOUR, Stage.FIVE_MINUTES):
        for table in _ROLLUP_TABLES:
            while excess > 0:
                removed = _delete_oldest(connection, table, stage, min(excess, MAX_ROWS_AT_ONCE))
                if not removed:
                    break
                excess -= removed
                yield removed


def _delete_oldest(connection: PrivateConnection, table: str, stage: Stage, most: int) -> int:
    rows = connection.fetch(
        f"SELECT id FROM {connection.quote(table)} WHERE stage = {stage}"
        f" ORDER BY start LIMIT {most}"
    )
    with connection.transaction():
        return delete_ids(connection, table, "id", [row[0] for row in rows])


_DICTIONARY = (
    (
        "debugpanel_statement",
        "fingerprint",
        (("debugpanel_statementrollup", "fingerprint"),),
    ),
    (
        "debugpanel_errorgroup",
        "fingerprint",
        (("debugpanel_trace", "error_group_id"), ("debugpanel_errorrollup", "fingerprint")),
    ),
    (
        "debugpanel_route",
        "id",
        (("debugpanel_trace", "route_id"), ("debugpanel_rollup", "route_id")),
    ),
)


def _prune_unused(
    connection: PrivateConnection,
    table: str,
    key: str,
    users: Sequence[tuple[str, str]],
    before_s: float,
) -> Progress:
    """Remove old dictionary rows that no table uses."""
    quote = connection.quote
    unused = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {quote(user)} u WHERE u.{quote(column)} = d.{quote(key)})"
        for user, column in users
    )
    sql = (
        f"SELECT d.{quote(key)} FROM {quote(table)} d WHERE d.first_seen < %s AND {unused}"
        f" ORDER BY d.{quote(key)} LIMIT {MAX_ROWS_AT_ONCE}"
    )
    while rows := connection.fetch(sql, [int(before_s) * _US]):
        with connection.transaction():
            removed = delete_ids(connection, table, key, [row[0] for row in rows])
        yield removed


def _delete_before(
    connection: PrivateConnection,
    table: str,
    key: str,
    column: str,
    before_s: float,
    which: str = "",
) -> Progress:
    quote = connection.quote
    sql = (
        f"SELECT {quote(key)} FROM {quote(table)} WHERE {quote(column)} < %s"
        f"{f' AND {which}' if which else ''}"
        f" ORDER BY {quote(column)} LIMIT {MAX_ROWS_AT_ONCE}"
    )
    while rows := connection.fetch(sql, [int(before_s) * _US]):
        with connection.transaction():
            removed = delete_ids(connection, table, key, [row[0] for row in rows])
        yield removed


def delete_ids(connection: PrivateConnection, table: str, key: str, ids: Sequence[Any]) -> int:
    """Delete rows by their keys, a few hundred in a statement, and return how many went."""
    removed = 0
    for begin in range(0, len(ids), MAX_ROWS_AT_ONCE):
        portion = ids[begin : begin + MAX_ROWS_AT_ONCE]
        marks = ", ".join(["%s"] * len(portion))
        removed += connection.execute(
            f"DELETE FROM {connection.quote(table)} WHERE {connection.quote(key)} IN ({marks})",
            list(portion),
        )
    return removed
