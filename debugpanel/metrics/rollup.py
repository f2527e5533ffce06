"""The sums that stand for every unit of work, kept or not, and the way they add up.

    Measurement --add--> Rollup --drain--> Rollups: Bucket          per minute and route
                                                    StatementBucket per hour and fingerprint
                                                    ErrorBucket     per 5 minutes and fingerprint

Every bucket is partial: other processes and other minutes have their own for the same key.
Merging is associative and commutative, so partial ones may be merged in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from debugpanel.metrics.histogram import Histogram

MINUTE_S = 60
FIVE_MINUTES_S = 300
HOUR_S = 3600

OTHER = "other"
MAX_ROUTES = 500
MAX_STATEMENTS = 300
MAX_STATEMENTS_HELD = 4 * MAX_STATEMENTS
MAX_ERROR_GROUPS = 500

OTHER_METHOD = "OTHER"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", ""})


# (fingerprint, duration_ns, rows where they are known, whether it failed)
StatementCall = tuple[str, int, int | None, bool]


class Measurement(NamedTuple):
    """What is counted of one unit of work. `trace_id` is None when no trace of it is kept."""

    started_s: float
    kind: str
    route: str
    method: str
    release: str
    status: int
    unhandled: bool
    duration_ns: int
    cpu_ns: int | None
    recorded: bool
    query_count: int
    query_ns: int
    self_ns: Mapping[str, int]
    trace_id: int | None
    statements: Sequence[StatementCall] = ()
    errors: Sequence[str] = ()


class Exemplar(NamedTuple):
    """A kept trace that stands for others. Of two, the one with the higher `rank` remains."""

    rank: int
    duration_ns: int
    trace_id: int


def _higher(one: Exemplar | None, other: Exemplar | None) -> Exemplar | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


class BucketKey(NamedTuple):
    """What a bucket stands for."""

    start_s: int
    kind: str
    route: str
    method: str
    release: str


@dataclass(slots=True)
class Bucket:
    """The sums of one route over one stretch of time."""

    key: BucketKey
    count: int = 0
    recorded: int = 0
    status_classes: list[int] = field(default_factory=lambda: [0] * 6)
    """Counts of 1xx to 5xx at 1 to 5, of everything else at 0."""
    unhandled: int = 0
    sum_ns: int = 0
    min_ns: int | None = None
    max_ns: int | None = None
    cpu_sum_ns: int = 0
    cpu_count: int = 0
    query_count: int = 0
    query_ns: int = 0
    self_ns: dict[str, int] = field(default_factory=dict)
    histogram: Histogram = field(default_factory=Histogram)
    slowest: Exemplar | None = None
    """Ranked by duration."""
    typical: Exemplar | None = None
    """The nearest to the median, ranked by how many it was chosen among."""
    newest_error: Exemplar | None = None
    """Ranked by its start, in milliseconds."""

    @property
    def errors(self) -> int:
        """An unhandled exception of a request is a 5xx too; a task has no status."""
        return max(self.status_classes[5], self.unhandled)

    def percentile(self, share: float) -> int | None:
        return self.histogram.percentile(share, min_ns=self.min_ns, max_ns=self.max_ns)

    def add(self, measurement: Measurement) -> None:
        self.count += 1
        self.recorded += measurement.recorded
        self.status_classes[_status_class(measurement.status)] += 1
        self.unhandled += measurement.unhandled
        self.query_count += measurement.query_count
        self.query_ns += measurement.query_ns
        self._add_times(measurement)
        if measurement.trace_id is not None:
            self._show(measurement, measurement.trace_id)

    def _add_times(self, measurement: Measurement) -> None:
        duration_ns = max(measurement.duration_ns, 0)
        self.sum_ns += duration_ns
        self.min_ns = _lower(self.min_ns, duration_ns)
        self.max_ns = max(self.max_ns or 0, duration_ns)
        self.histogram.add(duration_ns)
        _add_up(self.self_ns, measurement.self_ns)
        if measurement.cpu_ns is not None:
            self.cpu_sum_ns += measurement.cpu_ns
            self.cpu_count += 1

    def _show(self, measurement: Measurement, trace_id: int) -> None:
        """Let a kept trace stand for the others where it is the better example."""
        duration_ns = max(measurement.duration_ns, 0)
        self.slowest = _higher(self.slowest, Exemplar(duration_ns, duration_ns, trace_id))
        self.typical = self._more_typical(Exemplar(self.count, duration_ns, trace_id))
        if measurement.unhandled or _status_class(measurement.status) == 5:
            started_ms = int(measurement.started_s * 1000)
            newest = Exemplar(started_ms, duration_ns, trace_id)
            self.newest_error = _higher(self.newest_error, newest)

    def _more_typical(self, candidate: Exemplar) -> Exemplar:
        median_ns = self.percentile(0.5) or 0
        known = self.typical or candidate
        nearer = min(known, candidate, key=lambda one: abs(one.duration_ns - median_ns))
        return nearer._replace(rank=self.count)

    def merge(self, other: Bucket) -> None:
        """Add another bucket's sums; the key stays."""
        self.count += other.count
        self.recorded += other.recorded
        pairs = zip(self.status_classes, other.status_classes, strict=True)
        self.status_classes = [one + another for one, another in pairs]
        self.unhandled += other.unhandled
        self.query_count += other.query_count
        self.query_ns += other.query_ns
        self._merge_times(other)
        self.slowest = _higher(self.slowest, other.slowest)
        self.typical = _higher(self.typical, other.typical)
        self.newest_error = _higher(self.newest_error, other.newest_error)

    def _merge_times(self, other: Bucket) -> None:
        self.sum_ns += other.sum_ns
        self.min_ns = _lower(self.min_ns, other.min_ns)
        self.max_ns = _upper(self.max_ns, other.max_ns)
        self.cpu_sum_ns += other.cpu_sum_ns
        self.cpu_count += other.cpu_count
        self.histogram.merge(other.histogram)
        _add_up(self.self_ns, other.self_ns)


@dataclass(slots=True)
class StatementBucket:
    """The calls of one SQL statement within an hour, over all routes."""

    hour_start_s: int
    fingerprint: str
    calls: int = 0
    total_ns: int = 0
    max_ns: int = 0
    rows: int = 0
    errors: int = 0
    exemplar: Exemplar | None = None
    """The kept trace with the slowest call."""

    def add(self, call: StatementCall, trace_id: int | None) -> None:
        _, duration_ns, rows, has_failed = call
        self.calls += 1
        self.total_ns += duration_ns
        if duration_ns > self.max_ns:
            self.max_ns = duration_ns
        if rows:
            self.rows += rows
        if has_failed:
            self.errors += 1
        if trace_id is not None:
            shown = Exemplar(duration_ns, duration_ns, trace_id)
            self.exemplar = _higher(self.exemplar, shown)

    def merge(self, other: StatementBucket) -> None:
        self.calls += other.calls
        self.total_ns += other.total_ns
        self.max_ns = max(self.max_ns, other.max_ns)
        self.rows += other.rows
        self.errors += other.errors
        self.exemplar = _higher(self.exemplar, other.exemplar)


@dataclass(slots=True)
class ErrorBucket:
    """How often the errors of one group came within five minutes."""

    start_s: int
    fingerprint: str
    count: int = 0
    exemplar: Exemplar | None = None
    """The newest kept trace, ranked by its start in milliseconds."""

    def add(self, measurement: Measurement) -> None:
        self.count += 1
        if measurement.trace_id is not None:
            started_ms = int(measurement.started_s * 1000)
            newest = Exemplar(started_ms, measurement.duration_ns, measurement.trace_id)
            self.exemplar = _higher(self.exemplar, newest)

    def merge(self, other: ErrorBucket) -> None:
        self.count += other.count
        self.exemplar = _higher(self.exemplar, other.exemplar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollups:
    """What was counted since the last time, as partial buckets."""

    buckets: list[Bucket] = field(default_factory=list)
    statements: list[StatementBucket] = field(default_factory=list)
    errors: list[ErrorBucket] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.buckets or self.statements or self.errors)


class Rollup:
    """Sums up the measurements of one process. Used by one thread at a time."""

    def __init__(self, *, resolution_s: int = MINUTE_S) -> None:
        self._resolution_s = resolution_s
        self._routes: set[tuple[str, str]] = set()
        self._buckets: dict[BucketKey, Bucket] = {}
        self._statements: dict[int, dict[str, StatementBucket]] = {}
        self._errors: dict[tuple[int, str], ErrorBucket] = {}
        self.beyond_routes = 0
        """How many measurements went to "other" because their route came too late."""

    def add(self, measurement: Measurement) -> None:
        key = self._key_of(measurement)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(key)
        bucket.add(measurement)
        if measurement.statements:
            self._add_statements(measurement)
        for fingerprint in measurement.errors:
            self._add_error(fingerprint, measurement)

    def drain(self, *, with_statements: bool = True) -> Rollups:
        """Return the sums and start anew; statements may stay until a later time."""
        statements = self._drain_statements() if with_statements else []
        buckets, errors = list(self._buckets.values()), list(self._errors.values())
        self._buckets, self._errors = {}, {}
        return Rollups(buckets=buckets, statements=statements, errors=errors)

    def _key_of(self, measurement: Measurement) -> BucketKey:
        return BucketKey(
            _start_of(measurement.started_s, self._resolution_s),
            measurement.kind,
            self._route_of(measurement),
            measurement.method if measurement.method in METHODS else OTHER_METHOD,
            measurement.release,
        )

    def _route_of(self, measurement: Measurement) -> str:
        name = (measurement.kind, measurement.route)
        if name in self._routes:
            return measurement.route
        if len(self._routes) >= MAX_ROUTES:
            self.beyond_routes += 1
            return OTHER
        self._routes.add(name)
        return measurement.route

    def _add_statements(self, measurement: Measurement) -> None:
        hour_start_s = _start_of(measurement.started_s, HOUR_S)
        held = self._statements.setdefault(hour_start_s, {})
        for call in measurement.statements:
            statement = held.get(call[0])
            if statement is None:
                statement = held[call[0]] = StatementBucket(hour_start_s, call[0])
            statement.add(call, measurement.trace_id)
        if len(held) > MAX_STATEMENTS_HELD:
            kept = _costliest(held.values())
            self._statements[hour_start_s] = {one.fingerprint: one for one in kept}

    def _drain_statements(self) -> list[StatementBucket]:
        held, self._statements = self._statements, {}
        return [one for hour in held.values() for one in _costliest(hour.values())]

    def _add_error(self, fingerprint: str, measurement: Measurement) -> None:
        start_s = _start_of(measurement.started_s, FIVE_MINUTES_S)
        key = (start_s, fingerprint)
        if key not in self._errors and len(self._errors) >= MAX_ERROR_GROUPS:
            key = (start_s, OTHER)
        error = self._errors.get(key)
        if error is None:
            error = self._errors[key] = ErrorBucket(*key)
        error.add(measurement)


def merge_buckets(buckets: Iterable[Bucket], *, resolution_s: int) -> list[Bucket]:
    """Return new, coarser buckets in order of their keys; the given ones stay as they are."""
    merged: dict[BucketKey, Bucket] = {}
    for bucket in buckets:
        key = bucket.key._replace(start_s=_start_of(bucket.key.start_s, resolution_s))
        merged.setdefault(key, Bucket(key)).merge(bucket)
    return [merged[key] for key in sorted(merged)]


def merge_statements(statements: Iterable[StatementBucket]) -> list[StatementBucket]:
    """Return one new bucket for each hour and statement: the costliest, the rest in "other"."""
    hours: dict[int, dict[str, StatementBucket]] = {}
    for one in statements:
        held = hours.setdefault(one.hour_start_s, {})
        empty = StatementBucket(one.hour_start_s, one.fingerprint)
        held.setdefault(one.fingerprint, empty).merge(one)
    return [one for hour in sorted(hours) for one in _costliest(hours[hour].values())]


def merge_errors(errors: Iterable[ErrorBucket], *, resolution_s: int) -> list[ErrorBucket]:
    """Return new, coarser buckets in order of time and fingerprint."""
    merged: dict[tuple[int, str], ErrorBucket] = {}
    for one in errors:
        key = (_start_of(one.start_s, resolution_s), one.fingerprint)
        merged.setdefault(key, ErrorBucket(*key)).merge(one)
    return [merged[key] for key in sorted(merged)]


def _costliest(statements: Iterable[StatementBucket]) -> list[StatementBucket]:
    """Return the costliest of one hour, the costliest first, and the sum of all others last."""
    named = {one.fingerprint: one for one in statements}
    rest = named.pop(OTHER, None)
    ordered = sorted(named.values(), key=lambda one: (-one.total_ns, one.fingerprint))
    for one in ordered[MAX_STATEMENTS:]:
        rest = rest or StatementBucket(one.hour_start_s, OTHER)
        rest.merge(one)
    return [*ordered[:MAX_STATEMENTS], *([rest] if rest else [])]


def _start_of(at_s: float, resolution_s: int) -> int:
    return int(at_s // resolution_s) * resolution_s


def _status_class(status: int) -> int:
    return status // 100 if 100 <= status < 600 else 0


def _lower(one_ns: int | None, other_ns: int | None) -> int | None:
    if one_ns is None or other_ns is None:
        return other_ns if one_ns is None else one_ns
    return min(one_ns, other_ns)


def _upper(one_ns: int | None, other_ns: int | None) -> int | None:
    if one_ns is None or other_ns is None:
        return other_ns if one_ns is None else one_ns
    return max(one_ns, other_ns)


def _add_up(sums: dict[str, int], more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        sums[name] = sums.get(name, 0) + amount
