"""The one data type in the middle: capture writes it, everything else reads it.

A trace goes through three stages and keeps its type:

    recording   times are `perf_counter_ns` readings, names are raw (SQL as sent)
    finished    the writer's steps folded groups, resolved stacks, masked and analysed
    stored      decoded again: the same shape, `start_ns` is 0
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

T = TypeVar("T")

# `(start_ns, end_ns, kind, number, parent, name, *values)`: appending a flat tuple costs
# a third to a tenth of an object. `values` follow the instrument's `columns`.
SpanTuple = tuple[Any, ...]

# `(at_ns, kind, parent, name, *values)`
EventTuple = tuple[Any, ...]

# (code object, instruction offset) pairs, innermost first; never frames.
RawStack = tuple[tuple[CodeType, int], ...]

SQL = "sql"
"""The kind of statements, which everything counts."""

SQL_LENGTH = 12
SQL_FINGERPRINT = 11
"""The length of a statement's span, and where the writer puts its fingerprint, "" until then."""

EXCEPTION = "exception"
"""The kind of exceptions, which outlive every other event."""

TRANSACTION_MARKS = frozenset({"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"})

ROOT = 0
"""The parent number of what stands directly below the trace."""


class Span(NamedTuple):
    """A span for readers. `number` is 0 for a span that can have no children."""

    start_ns: int
    end_ns: int
    kind: str
    number: int
    parent: int
    name: str
    values: tuple[Any, ...]

    @property
    def duration_ns(self) -> int:
        return self.end_ns - self.start_ns


class Event(NamedTuple):
    """A moment for readers: a log record, an exception, a mark of the user's own."""

    at_ns: int
    kind: str
    parent: int
    name: str
    values: tuple[Any, ...]


class Frame(NamedTuple):
    """One resolved stack entry; `file` is relative to the project or to site-packages."""

    file: str
    function: str
    line: int
    in_app: bool


class Group:
    """Spans summed up because there are many of them: renders of one template, overflow."""

    __slots__ = (
        "active",
        "count",
        "end_ns",
        "label",
        "max_ns",
        "number",
        "parent",
        "start_ns",
        "total_ns",
    )

    def __init__(self, number: int, parent: int, start_ns: int, label: str = "") -> None:
        self.label = label
        self.number = number
        self.parent = parent
        self.start_ns = start_ns
        self.end_ns = start_ns
        self.count = 0
        self.total_ns = 0
        self.max_ns = 0
        self.active = 0

    def add(self, start_ns: int, end_ns: int) -> None:
        duration_ns = end_ns - start_ns
        self.count += 1
        self.total_ns += duration_ns
        self.end_ns = end_ns
        if duration_ns > self.max_ns:
            self.max_ns = duration_ns

    def merge(self, other: Group) -> None:
        """Add another group's sums."""
        self.count += other.count
        self.total_ns += other.total_ns
        self.start_ns = min(self.start_ns, other.start_ns)
        self.end_ns = max(self.end_ns, other.end_ns)
        self.max_ns = max(self.max_ns, other.max_ns)


class Lazy(Generic[T]):
    """Makes a container when it is first asked for, and puts it in the trace's own `__dict__`.

    No `__getattr__`: with one on the class, every other attribute would cost ten times as much.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, trace: None, owner: type) -> Lazy[T]: ...
    @overload
    def __get__(self, trace: object, owner: type) -> T: ...
    def __get__(self, trace: object | None, owner: type) -> Lazy[T] | T:
        if trace is None:
            return self
        value: T = trace.__dict__.setdefault(self._name, self._make())
        return value

    if TYPE_CHECKING:

        def __set__(self, trace: object, value: T) -> None: ...


def _is_statement(kind: str, name: str) -> bool:
    return kind == SQL and name not in TRANSACTION_MARKS


class Trace:
    """One unit of work. Defaults live on the class, so that opening a trace sets little.

    `duration_ns` ends when the boundary returned, for streams at close; `total_ns` always
    at close. `cpu_ns` is None where one thread's CPU time would not be this trace's.
    """

    id: int = 0
    kind: str = "request"
    name: str = ""
    view: str = ""
    method: str = ""
    path: str = ""
    started_ns: int = 0
    start_ns: int = 0
    duration_ns: int = 0
    total_ns: int = 0
    cpu_ns: int | None = None
    status: int = 0
    state: str = "open"
    unhandled: bool = False
    recorded: bool = True
    closed: bool = False
    discarded: bool = False
    forced: bool = False
    streaming: bool = False
    reason: str = ""
    weight: float = 1.0
    release: str = ""
    worker: str = ""
    user: str = ""
    client: str = ""
    remote_id: str = ""
    remote_parent: str = ""
    drawn_from: int = 0
    first_byte_ns: int = 0
    query_count: int = 0
    query_ns: int = 0
    has_repeats: bool = False
    has_view: bool = False
    stack_at_repeat: int = 5
    stack_above_ns: int = 100_000_000
    numbers: int = 0
    room: int = 0
    max_spans: int = 500
    sequence: int = 0
    text_room: int = 0
    sql_room: int = 256 * 1024
    exception_id: int = 0
    lease: Any = None
    outer: Any = None
    cpu_start_ns: int = -1
    thread_id: int = 0

    spans: list[SpanTuple]
    repeats: dict[str, int]
    events: Lazy[list[EventTuple]] = Lazy(list)
    groups: Lazy[dict[tuple[str, str], Group]] = Lazy(dict)
    overflow: Lazy[dict[tuple[str, str], Group]] = Lazy(dict)
    slowest_overflow: Lazy[list[tuple[int, int, SpanTuple]]] = Lazy(list)
    stacks: Lazy[dict[int, Any]] = Lazy(dict)
    facts: Lazy[dict[str, Any]] = Lazy(dict)
    notes: Lazy[dict[str, Any]] = Lazy(dict)
    findings: Lazy[list[dict[str, Any]]] = Lazy(list)
    dropped: Lazy[dict[str, int]] = Lazy(dict)
    event_counts: Lazy[dict[str, int]] = Lazy(dict)
    errors: Lazy[list[str]] = Lazy(list)

    def __init__(self) -> None:
        self.spans = []
        self.repeats = {}

    @property
    def hex_id(self) -> str:
        return f"{self.id:032x}"

    def next_number(self) -> int:
        """Return a number for a span that may have children."""
        self.numbers = number = self.numbers + 1
        return number

    def count_queries(self) -> tuple[int, int]:
        """Return the number of statements and their nanoseconds, the summed up ones included.

        What only begins and ends transactions is no statement here: whether it is sent at all
        differs from driver to driver.
        """
        times = [span[1] - span[0] for span in self.spans if _is_statement(span[2], span[5])]
        summed = [group for key, group in self.overflow.items() if _is_statement(*key)]
        kept = [span for _, _, span in self.slowest_overflow if _is_statement(span[2], span[5])]
        times.extend(span[1] - span[0] for span in kept)
        count = len(times) + sum(group.count for group in summed)
        return count, sum(times) + sum(group.total_ns for group in summed)

    def next_sequence(self) -> int:
        """Break ties between spans of equal duration, which tuples could not order."""
        self.sequence = sequence = self.sequence + 1
        return sequence

    def count_dropped(self, reason: str, count: int = 1) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + count

    def iter_spans(self) -> Iterator[Span]:
        for span in self.spans:
            start_ns, end_ns, kind, number, parent, name, *values = span
            yield Span(start_ns, end_ns, kind, number, parent, name, tuple(values))

    def iter_events(self) -> Iterator[Event]:
        for event in self.events:
            at_ns, kind, parent, name, *values = event
            yield Event(at_ns, kind, parent, name, tuple(values))
