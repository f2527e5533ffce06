"""Statements of one shape, sent again and again within one trace.

Many SELECTs of one shape are what a loop over rows leaves behind, a suspected N+1; other
statements are only named as repeated, and what opens and ends transactions is neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from debugpanel.analysis.sql import UNREADABLE, describe_cache
from debugpanel.trace.model import (
    SQL,
    SQL_FINGERPRINT,
    SQL_LENGTH,
    Frame,
    Group,
    SpanTuple,
    Trace,
)
from debugpanel.trace.source import is_plumbing

N_PLUS_ONE = "n_plus_one"
REPEATED = "repeated"
MIN_REPEATS = 5
MAX_FINDINGS = 20

_TRANSACTION_VERBS = frozenset(
    {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "END", "ABORT", "SET"}
)


@dataclass(slots=True)
class _Repeat:
    """The statements of one shape."""

    fingerprint: str
    statement: str
    positions: list[int]
    summed: list[Group] = field(default_factory=list)
    """Those past the limit of whole spans."""

    @property
    def count(self) -> int:
        return len(self.positions) + sum(group.count for group in self.summed)

    def total_ns(self, spans: Sequence[SpanTuple]) -> int:
        times: list[int] = [spans[position][1] - spans[position][0] for position in self.positions]
        return sum(times) + sum(group.total_ns for group in self.summed)

    def parents(self, spans: Sequence[SpanTuple]) -> set[int]:
        of_spans = {spans[position][4] for position in self.positions}
        return of_spans | {group.parent for group in self.summed}

    @property
    def verb(self) -> str:
        return describe_cache(self.statement).verb

    @property
    def kind(self) -> str:
        """What cannot be read shares a shape with statements that differ."""
        is_suspect = self.verb == "SELECT" and not self.statement.endswith(UNREADABLE)
        return N_PLUS_ONE if is_suspect else REPEATED


def find_repeats(trace: Trace, *, at_least: int = MIN_REPEATS) -> list[dict[str, Any]]:
    """Return what was sent `at_least` times, the costliest first. SQL is normalised before."""
    repeats = [one for one in _by_shape(trace) if one.count >= at_least]
    suspects = [one for one in repeats if one.verb not in _TRANSACTION_VERBS]
    costliest = sorted(suspects, key=lambda one: one.total_ns(trace.spans), reverse=True)
    return [_finding(trace, one) for one in costliest[:MAX_FINDINGS]]


def _by_shape(trace: Trace) -> Iterable[_Repeat]:
    spans = trace.spans
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, span in enumerate(spans):
        if span[2] == SQL and len(span) == SQL_LENGTH:
            positions[span[SQL_FINGERPRINT]].append(position)
    repeats = {shape: _Repeat(shape, spans[at[0]][5], at) for shape, at in positions.items()}
    if trace.__dict__.get("overflow"):
        _add_overflow(trace, repeats)
    return repeats.values()


def _add_overflow(trace: Trace, repeats: dict[str, _Repeat]) -> None:
    """Statements past the limit of whole spans are counted by their text alone."""
    fingerprints = {repeat.statement: shape for shape, repeat in repeats.items()}
    for (kind, text), group in trace.overflow.items():
        if kind != SQL or not text:
            continue
        shape = fingerprints.get(text) or describe_cache(text).fingerprint
        repeats.setdefault(shape, _Repeat(shape, text, [])).summed.append(group)


def _finding(trace: Trace, repeat: _Repeat) -> dict[str, Any]:
    """`parent` is the span that sent all of them, 0 when there is no single one."""
    whole_ns = trace.total_ns or trace.duration_ns
    total_ns, parents = repeat.total_ns(trace.spans), repeat.parents(trace.spans)
    return {
        "kind": repeat.kind,
        "fingerprint": repeat.fingerprint,
        "statement": repeat.statement,
        "count": repeat.count,
        "total_ns": total_ns,
        "share": min(total_ns / whole_ns, 1.0) if whole_ns > 0 else 0.0,
        "parent": min(parents) if len(parents) == 1 else 0,
        "frame": _calling_frame(trace, repeat.positions),
    }


def _calling_frame(trace: Trace, positions: list[int]) -> Frame | None:
    """Return the line that sent them, where a stack was taken: the project's, else an app's."""
    stacks = trace.__dict__.get("stacks", {})
    stack = next((stacks[position] for position in positions if stacks.get(position)), ())
    return _nearest_own(stack)


def _nearest_own(stack: Sequence[Frame]) -> Frame | None:
    own = next((frame for frame in stack if frame.in_app), None)
    return own or next((frame for frame in stack if not is_plumbing(frame)), None)
