"""The tables, and the questions that are asked of them.

    Route <-- Trace --> ErrorGroup      one narrow row for each kept trace
    TracePayload                        its spans and events, one compressed value
    Statement                           texts of statements, by fingerprint
    Rollup --> Route                    sums over every request, kept or not
    StatementRollup, ErrorRollup
    Worker, AuditEntry, Lease

The writer inserts with statements of its own (`exporters.database`); what is here reads.
Keys of dictionary rows are hashes of what they stand for, so that no writer ever has to
look one up. There is no foreign key to users: any user model and its deletion are fine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

from debugpanel.metrics.histogram import Histogram
from debugpanel.metrics.rollup import (
    Bucket,
    BucketKey,
    ErrorBucket,
    Exemplar,
    StatementBucket,
)

MAX_NAME = 255
MAX_PATH = 500
MAX_WORD = 64
MAX_PINNED = 200

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECONDS = 1_000_000
_MICROSECOND = dt.timedelta(microseconds=1)
_KEY_BITS = 63


def to_microseconds(moment: dt.datetime) -> int:
    """Return microseconds since 1970; a moment without a zone is in UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> dt.datetime:
    return EPOCH + number * _MICROSECOND


class InstantField(models.BigIntegerField):  # type: ignore[type-arg]
    """A moment, stored as microseconds since 1970 and read as a datetime in UTC.

    A DateTimeField holds the host's local time when `USE_TZ` is off, where an hour a year
    is ambiguous, and MariaDB and SQLite compute with it differently.
    """

    description = _("Moment (microseconds since 1970)")

    def from_db_value(
        self, value: int | None, expression: Any, connection: BaseDatabaseWrapper
    ) -> dt.datetime | None:
        return None if value is None else from_microseconds(value)

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, dt.datetime):
            return value
        return from_microseconds(int(value))

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return to_microseconds(value)
        return super().get_prep_value(value)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(to_microseconds(value))


def route_key(kind: str, name: str) -> int:
    """Return a route's primary key: the same in every process, without asking the database."""
    digest = hashlib.blake2b(f"{kind}\0{name}".encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - _KEY_BITS) or 1


class Route(models.Model):
    """What requests are summed up by: a URL pattern, a task, a command."""

    id = models.BigIntegerField(_("key"), primary_key=True, editable=False)
    kind = models.CharField(_("kind"), max_length=16)
    name = models.CharField(_("name"), max_length=MAX_NAME)
    view = models.CharField(_("view"), max_length=MAX_NAME, blank=True)
    first_seen = InstantField(_("first seen"))

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


class ErrorGroup(models.Model):
    """Errors of one type from one place."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        RESOLVED = "resolved", _("resolved")
        IGNORED = "ignored", _("ignored")

    fingerprint = models.CharField(_("fingerprint"), max_length=32, primary_key=True)
    name = models.CharField(_("exception"), max_length=MAX_NAME, blank=True)
    message = models.CharField(_("message"), max_length=500, blank=True)
    file = models.CharField(_("file"), max_length=MAX_NAME, blank=True)
    function = models.CharField(_("function"), max_length=MAX_NAME, blank=True)
    line = models.PositiveIntegerField(_("line"), default=0)
    release = models.CharField(_("first release"), max_length=MAX_WORD, blank=True)
    first_seen = InstantField(_("first seen"))
    first_trace = models.UUIDField(_("first trace"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)

    class Meta:
        verbose_name = _("error group")
        verbose_name_plural = _("error groups")
        default_permissions = ("view", "change")
        indexes = [models.Index(fields=["first_seen"], name="debugpanel_group_first")]

    def __str__(self) -> str:
        return self.name or self.fingerprint


class Statement(models.Model):
    """The text of an SQL statement, its values taken out."""

    fingerprint = models.CharField(_("fingerprint"), max_length=32, primary_key=True)
    text = models.TextField(_("text"))
    first_seen = InstantField(_("first seen"))

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["first_seen"], name="debugpanel_stmt_first")]

    def __str__(self) -> str:
        return self.text[:80]


class TraceQuerySet(models.QuerySet["Trace"]):
    def newest_first(self) -> TraceQuerySet:
        return self.order_by("-started", "-id")

    def older_than(self, started: dt.datetime, trace_id: UUID) -> TraceQuerySet:
        """Continue behind the last row of a page; the key is what rows are ordered by."""
        earlier = models.Q(started__lt=started)
        return self.filter(
            models.Q(started__lte=started) & (earlier | models.Q(started=started, id__lt=trace_id))
        )


class Trace(models.Model):
    """One kept trace, as lists and filters need it; the rest is in its payload."""

    class Reason(models.TextChoices):
        FORCED = "forced", _("forced")
        ERROR = "error", _("error")
        SLOW = "slow", _("slow")
        PATTERN = "pattern", _("pattern")
        SLOWEST = "slowest", _("slowest of its route")
        RANDOM = "random", _("random")

    class StatusClass(models.IntegerChoices):
        NONE = 0, _("none")
        INFORMATIONAL = 1, "1xx"
        SUCCESS = 2, "2xx"
        REDIRECT = 3, "3xx"
        CLIENT_ERROR = 4, "4xx"
        SERVER_ERROR = 5, "5xx"

    id = models.UUIDField(_("trace id"), primary_key=True, editable=False)
    started = InstantField(_("started"))
    kind = models.CharField(_("kind"), max_length=16)
    route = models.ForeignKey(
        Route, models.PROTECT, verbose_name=_("route"), related_name="traces", db_index=False
    )
    method = models.CharField(_("method"), max_length=16, blank=True)
    path = models.CharField(_("path"), max_length=MAX_PATH, blank=True)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    status_class = models.PositiveSmallIntegerField(
        _("status class"), choices=StatusClass.choices, default=StatusClass.NONE
    )
    duration_ns = models.BigIntegerField(_("duration (ns)"))
    cpu_ns = models.BigIntegerField(_("CPU time (ns)"), null=True)
    query_count = models.PositiveIntegerField(_("statements"), default=0)
    query_ns = models.BigIntegerField(_("time in statements (ns)"), default=0)
    user = models.CharField(_("user"), max_length=MAX_NAME, null=True)  # noqa: DJ001 - marker
    client = models.CharField(_("client address"), max_length=MAX_WORD, blank=True)
    worker = models.CharField(_("worker"), max_length=MAX_WORD, blank=True)
    release = models.CharField(_("release"), max_length=MAX_WORD, blank=True)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices)
    weight = models.FloatField(_("stands for"), default=1.0)
    stored_bytes = models.PositiveIntegerField(_("bytes"), default=0)
    remote_id = models.CharField(_("remote trace id"), max_length=32, null=True)  # noqa: DJ001
    error_group = models.ForeignKey(
        ErrorGroup,
        models.PROTECT,
        verbose_name=_("error group"),
        related_name="traces",
        null=True,
        db_index=False,
    )
    error_at = InstantField(_("failed at"), null=True)
    slow_at = InstantField(_("slow at"), null=True)
    pinned_at = InstantField(_("pinned at"), null=True)

    objects = TraceQuerySet.as_manager()

    class Meta:
        verbose_name = _("trace")
        verbose_name_plural = _("traces")
        default_permissions = ("view", "change")
        permissions = [("view_sensitive", "Can reveal what was stored as sensitive")]
        # Markers instead of partial indexes, which MariaDB lacks. They hold when the trace
        # started, so that each index also gives the order of its list.
        indexes = [
            models.Index(fields=["started", "id"], name="debugpanel_trace_started"),
            models.Index(fields=["route", "started"], name="debugpanel_trace_route"),
            models.Index(fields=["route", "duration_ns"], name="debugpanel_trace_duration"),
            models.Index(fields=["user", "started"], name="debugpanel_trace_user"),
            models.Index(fields=["error_group", "started"], name="debugpanel_trace_group"),
            models.Index(fields=["remote_id"], name="debugpanel_trace_remote"),
            models.Index(fields=["error_at"], name="debugpanel_trace_error"),
            models.Index(fields=["slow_at"], name="debugpanel_trace_slow"),
            models.Index(fields=["pinned_at"], name="debugpanel_trace_pinned"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path or self.route_id}".strip()

    @property
    def hex_id(self) -> str:
        return self.id.hex

    @property
    def is_pinned(self) -> bool:
        return self.pinned_at is not None


class TracePayload(models.Model):
    """A trace's spans and events; `debugpanel.trace.codec` reads it."""

    trace = models.OneToOneField(
        Trace,
        models.CASCADE,
        primary_key=True,
        verbose_name=_("trace"),
        related_name="payload",
    )
    data = models.BinaryField(_("data"))

    class Meta:
        verbose_name = _("trace payload")
        verbose_name_plural = _("trace payloads")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.trace_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What rollups say of a route and a stretch of time. Every request is in it."""

    count: int
    rate_per_s: float
    errors: int
    error_rate: float
    recorded: int
    status_classes: tuple[int, ...]
    """Counts of 1xx to 5xx at 1 to 5, of everything else at 0."""
    unhandled: int
    mean_ns: int | None
    min_ns: int | None
    max_ns: int | None
    p50_ns: int | None
    p95_ns: int | None
    p99_ns: int | None
    cpu_mean_ns: int | None
    query_count: int
    query_ns: int
    self_ns: dict[str, int]
    slowest: Exemplar | None
    typical: Exemplar | None
    newest_error: Exemplar | None


class Stage(models.IntegerChoices):
    """How far the rows of a rollup are merged. Partial rows are a process's own, for a minute."""

    PARTIAL = 0, _("partial")
    FIVE_MINUTES = 1, _("5 minutes")
    HOUR = 2, _("hour")


class RollupQuerySet(models.QuerySet["Rollup"]):
    def between(self, start: dt.datetime, end: dt.datetime) -> RollupQuerySet:
        """Keep the rows that begin within the range; partial and merged ones all count."""
        return self.filter(stage__in=Stage, start__gte=start, start__lt=end)

    def numbers(
        self,
        *,
        start: dt.datetime,
        end: dt.datetime,
        route: Route | int | None = None,
        method: str | None = None,
        release: str | None = None,
    ) -> Numbers:
        """Sum up a range, of one route, method or release or of all of them."""
        rows = self.between(start, end)
        if route is not None:
            rows = rows.filter(route=route)
        if method is not None:
            rows = rows.filter(method=method)
        if release is not None:
            rows = rows.filter(release=release)
        total = Bucket(BucketKey(0, "", "", "", ""))
        for row in rows.values_list(*Rollup.COLUMNS).iterator(chunk_size=1000):
            total.merge(Rollup.to_bucket(row))
        return _numbers(total, (end - start).total_seconds())


def _numbers(total: Bucket, seconds: float) -> Numbers:
    count = total.count
    return Numbers(
        count=count,
        rate_per_s=count / seconds if seconds > 0 else 0.0,
        errors=total.errors,
        error_rate=total.errors / count if count else 0.0,
        recorded=total.recorded,
        status_classes=tuple(total.status_classes),
        unhandled=total.unhandled,
        mean_ns=total.sum_ns // count if count else None,
        min_ns=total.min_ns,
        max_ns=total.max_ns,
        p50_ns=total.percentile(0.50),
        p95_ns=total.percentile(0.95),
        p99_ns=total.percentile(0.99),
        cpu_mean_ns=total.cpu_sum_ns // total.cpu_count if total.cpu_count else None,
        query_count=total.query_count,
        query_ns=total.query_ns,
        self_ns=dict(total.self_ns),
        slowest=total.slowest,
        typical=total.typical,
        newest_error=total.newest_error,
    )


class Rollup(models.Model):
    """Sums of one route over one stretch of time. Rows of one key add up; none is updated."""

    COLUMNS = (
        "start",
        "route_id",
        "method",
        "release",
        "count",
        "recorded",
        "count_other",
        "count_1xx",
        "count_2xx",
        "count_3xx",
        "count_4xx",
        "count_5xx",
        "unhandled",
        "sum_ns",
        "min_ns",
        "max_ns",
        "cpu_sum_ns",
        "cpu_count",
        "query_count",
        "query_ns",
        "self_times",
        "exemplars",
        "histogram",
    )
    """What `to_row` and `to_bucket` go by; the key stands first."""
    STATUS_COLUMNS = COLUMNS[6:12]
    SUMS = ("count", "recorded", *COLUMNS[12:20])

    id = models.BigAutoField(primary_key=True)
    stage = models.PositiveSmallIntegerField(_("stage"), choices=Stage.choices)
    start = InstantField(_("start"))
    route = models.ForeignKey(
        Route, models.PROTECT, verbose_name=_("route"), related_name="rollups", db_index=False
    )
    method = models.CharField(_("method"), max_length=16, blank=True)
    release = models.CharField(_("release"), max_length=MAX_WORD, blank=True)
    count = models.BigIntegerField(_("requests"))
    recorded = models.BigIntegerField(_("recorded"))
    count_other = models.BigIntegerField(_("without status"))
    count_1xx = models.BigIntegerField("1xx")
    count_2xx = models.BigIntegerField("2xx")
    count_3xx = models.BigIntegerField("3xx")
    count_4xx = models.BigIntegerField("4xx")
    count_5xx = models.BigIntegerField("5xx")
    unhandled = models.BigIntegerField(_("unhandled errors"))
    sum_ns = models.BigIntegerField(_("total time (ns)"))
    min_ns = models.BigIntegerField(_("shortest (ns)"), null=True)
    max_ns = models.BigIntegerField(_("longest (ns)"), null=True)
    cpu_sum_ns = models.BigIntegerField(_("CPU time (ns)"))
    cpu_count = models.BigIntegerField(_("with CPU time"))
    query_count = models.BigIntegerField(_("statements"))
    query_ns = models.BigIntegerField(_("time in statements (ns)"))
    self_times = models.TextField(_("self time by kind"))
    exemplars = models.TextField(_("exemplars"))
    histogram = models.BinaryField(_("histogram"))

    objects = RollupQuerySet.as_manager()

    class Meta:
        verbose_name = _("rollup")
        verbose_name_plural = _("rollups")
        default_permissions = ()
        indexes = [
            models.Index(fields=["stage", "start"], name="debugpanel_rollup_start"),
            models.Index(fields=["route", "start"], name="debugpanel_rollup_route"),
        ]

    def __str__(self) -> str:
        return f"{self.route_id} {self.start:%Y-%m-%d %H:%M}"

    @staticmethod
    def to_row(bucket: Bucket, route_id: int) -> tuple[Any, ...]:
        shown = (bucket.slowest, bucket.typical, bucket.newest_error)
        return (
            bucket.key.start_s * _MICROSECONDS,
            route_id,
            bucket.key.method,
            bucket.key.release,
            bucket.count,
            bucket.recorded,
            *bucket.status_classes,
            bucket.unhandled,
            bucket.sum_ns,
            bucket.min_ns,
            bucket.max_ns,
            bucket.cpu_sum_ns,
            bucket.cpu_count,
            bucket.query_count,
            bucket.query_ns,
            json.dumps(bucket.self_ns),
            exemplars_to_text(shown),
            bucket.histogram.encode(),
        )

    @staticmethod
    def to_bucket(row: Sequence[Any]) -> Bucket:
        """Read a row of `COLUMNS`; the bucket's route is the route's key as text."""
        one = dict(zip(Rollup.COLUMNS, row, strict=True))
        slowest, typical, newest_error = exemplars_from_text(one["exemplars"], 3)
        key = BucketKey(
            _seconds(one["start"]), "", str(one["route_id"]), one["method"], one["release"]
        )
        return Bucket(
            key,
            status_classes=[one[name] for name in Rollup.STATUS_COLUMNS],
            self_ns=json.loads(one["self_times"]),
            histogram=Histogram.decode(bytes(one["histogram"])),
            slowest=slowest,
            typical=typical,
            newest_error=newest_error,
            **{name: one[name] for name in Rollup.SUMS},
        )


class StatementRollup(models.Model):
    """Calls of one statement within an hour, over all routes of the recorded requests."""

    COLUMNS = (
        "start",
        "fingerprint",
        "calls",
        "total_ns",
        "max_ns",
        "row_count",
        "errors",
        "exemplars",
    )

    id = models.BigAutoField(primary_key=True)
    stage = models.PositiveSmallIntegerField(_("stage"), choices=Stage.choices)
    start = InstantField(_("start"))
    fingerprint = models.CharField(_("fingerprint"), max_length=32)
    calls = models.BigIntegerField(_("calls"))
    total_ns = models.BigIntegerField(_("total time (ns)"))
    max_ns = models.BigIntegerField(_("longest (ns)"))
    row_count = models.BigIntegerField(_("rows"))
    errors = models.BigIntegerField(_("errors"))
    exemplars = models.TextField(_("exemplars"))

    class Meta:
        verbose_name = _("statement rollup")
        verbose_name_plural = _("statement rollups")
        default_permissions = ()
        indexes = [
            models.Index(fields=["stage", "start"], name="debugpanel_srollup_start"),
            models.Index(fields=["fingerprint", "start"], name="debugpanel_srollup_print"),
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint} {self.start:%Y-%m-%d %H:%M}"

    @staticmethod
    def to_row(bucket: StatementBucket) -> tuple[Any, ...]:
        return (
            bucket.hour_start_s * _MICROSECONDS,
            bucket.fingerprint,
            bucket.calls,
            bucket.total_ns,
            bucket.max_ns,
            bucket.rows,
            bucket.errors,
            exemplars_to_text([bucket.exemplar]),
        )

    @staticmethod
    def to_bucket(row: Sequence[Any]) -> StatementBucket:
        start, *numbers, exemplars = row
        return StatementBucket(_seconds(start), *numbers, *exemplars_from_text(exemplars, 1))


class ErrorRollup(models.Model):
    """How often the errors of one group came, kept or not."""

    COLUMNS = ("start", "fingerprint", "count", "exemplars")

    id = models.BigAutoField(primary_key=True)
    stage = models.PositiveSmallIntegerField(_("stage"), choices=Stage.choices)
    start = InstantField(_("start"))
    fingerprint = models.CharField(_("fingerprint"), max_length=32)
    count = models.BigIntegerField(_("count"))
    exemplars = models.TextField(_("exemplars"))

    class Meta:
        verbose_name = _("error rollup")
        verbose_name_plural = _("error rollups")
        default_permissions = ()
        indexes = [
            models.Index(fields=["stage", "start"], name="debugpanel_erollup_start"),
            models.Index(fields=["fingerprint", "start"], name="debugpanel_erollup_print"),
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint} {self.start:%Y-%m-%d %H:%M}"

    @staticmethod
    def to_row(bucket: ErrorBucket) -> tuple[Any, ...]:
        shown = exemplars_to_text([bucket.exemplar])
        return (bucket.start_s * _MICROSECONDS, bucket.fingerprint, bucket.count, shown)

    @staticmethod
    def to_bucket(row: Sequence[Any]) -> ErrorBucket:
        start, fingerprint, count, exemplars = row
        return ErrorBucket(_seconds(start), fingerprint, count, *exemplars_from_text(exemplars, 1))


class Worker(models.Model):
    """A process as it last described itself."""

    name = models.CharField(_("name"), max_length=MAX_WORD, primary_key=True)
    release = models.CharField(_("release"), max_length=MAX_WORD, blank=True)
    started = InstantField(_("started"))
    seen = InstantField(_("last seen"))
    state = models.TextField(_("state"))

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["seen"], name="debugpanel_worker_seen")]

    def __str__(self) -> str:
        return self.name

    @property
    def details(self) -> dict[str, Any]:
        """Return what the process said of itself."""
        details = json.loads(self.state)
        return details if isinstance(details, dict) else {}


class AuditEntry(models.Model):
    """Who saw or did what in the viewer. Rows are only ever added."""

    id = models.BigAutoField(primary_key=True)
    at = InstantField(_("at"))
    user = models.CharField(_("user"), max_length=MAX_NAME)
    action = models.CharField(_("action"), max_length=MAX_WORD)
    subject = models.CharField(_("subject"), max_length=MAX_NAME, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["at"], name="debugpanel_audit_at")]

    def __str__(self) -> str:
        return f"{self.user}: {self.action} {self.subject}".strip()


class Lease(models.Model):
    """Which process does a piece of housekeeping, and until when by the database's clock."""

    name = models.CharField(_("name"), max_length=32, primary_key=True)
    owner = models.CharField(_("owner"), max_length=MAX_WORD, blank=True)
    until = InstantField(_("until"))

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


def exemplars_to_text(exemplars: Iterable[Exemplar | None]) -> str:
    return json.dumps(
        [one and [one.rank, one.duration_ns, f"{one.trace_id:032x}"] for one in exemplars]
    )


def exemplars_from_text(text: str, count: int) -> list[Exemplar | None]:
    stored = json.loads(text)
    if len(stored) != count:
        raise ValueError(f"{len(stored)} exemplars instead of {count}")
    return [one and Exemplar(one[0], one[1], int(one[2], 16)) for one in stored]


def _seconds(start: Any) -> int:
    """Return a bucket's start from a raw row or from the ORM."""
    number = to_microseconds(start) if isinstance(start, dt.datetime) else int(start)
    return number // _MICROSECONDS
