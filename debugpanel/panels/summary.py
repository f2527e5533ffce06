"""Who, when, how long, why it is kept, what was wrong with it, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from debugpanel.panels.base import Panel
from debugpanel.panels.rendering import labels, numbers, tree, values
from debugpanel.trace.model import Trace

REASONS = {
    "forced": "recording it was asked for",
    "error": "it ended in an error",
    "slow": "it was slow",
    "pattern": "it repeats statements, or sends many",
    "slowest": "it was the slowest of its route in that minute",
    "random": "it was drawn at random",
}
STATES = {
    "error": "The request ended by an exception that left the middleware.",
    "cancelled": "The client went away before the request ended.",
    "unclosed": "The response was never closed; times end with the next request.",
}
DROPPED = {
    "late": "came after the end",
    "sql": "statements",
    "log": "log records",
    "exception": "exceptions",
    "event": "events",
    "notes": "notes",
    "bytes": "to stay within the size of a stored trace",
}
BAR_WIDTH = 100


class SummaryPanel(Panel):
    name = "summary"
    title = "Summary"
    template = "debugpanel/panels/summary.html"

    def context(self, trace: Trace) -> dict[str, Any]:
        return {
            "started": _started(trace),
            "facts": [(label, value) for label, value in _facts(trace) if value],
            "why": f"{_why(trace)}{_weight(trace)}",
            "state": STATES.get(trace.state, ""),
            "findings": [_finding(finding) for finding in trace.findings],
            "kinds": _kinds(trace),
            "notes": values.pairs(trace.notes),
            "missing": _missing(trace),
        }


def _started(trace: Trace) -> datetime:
    seconds, ns = divmod(trace.started_ns, numbers.NS_PER_S)
    moment = datetime.fromtimestamp(seconds, UTC)
    return timezone.localtime(moment.replace(microsecond=ns // 1000))


def _facts(trace: Trace) -> list[tuple[str, SafeString]]:
    facts = (
        ("Trace", trace.hex_id),
        ("Route", trace.name),
        ("View", trace.view),
        ("Duration", _durations(trace)),
        ("CPU time", numbers.duration(trace.cpu_ns) if trace.cpu_ns is not None else ""),
        ("SQL", _queries(trace)),
        ("User", trace.user),
        ("Client", trace.client),
        ("Worker", trace.worker),
        ("Release", trace.release),
        ("Part of trace", trace.remote_id),
    )
    return [(label, values.shown(value)) for label, value in facts]


def _durations(trace: Trace) -> str:
    duration = numbers.duration(trace.duration_ns)
    if trace.total_ns <= trace.duration_ns:
        return duration
    return f"{duration}, closed after {numbers.duration(trace.total_ns)}"


def _queries(trace: Trace) -> str:
    if not trace.query_count:
        return ""
    queries = numbers.counted(trace.query_count, "query", "queries")
    return f"{queries}, {numbers.duration(trace.query_ns)}"


def _why(trace: Trace) -> str:
    return REASONS.get(trace.reason, trace.reason or "no reason was stored")


def _weight(trace: Trace) -> str:
    """A random trace stands for the ones that were not kept; the others for themselves."""
    if trace.weight <= 1:
        return ""
    return f"; it stands for about {trace.weight:,.0f} requests"


def _finding(finding: dict[str, Any]) -> dict[str, Any]:
    frame = finding.get("frame")
    return {
        "is_n_plus_one": finding.get("kind") == "n_plus_one",
        "count": numbers.count(int(finding.get("count", 0))),
        "total": numbers.duration(finding.get("total_ns", 0)),
        "share": numbers.share(finding.get("share", 0), 1),
        "place": labels.place(frame) if frame else "",
        "statement": finding.get("statement", ""),
    }


def _kinds(trace: Trace) -> list[dict[str, Any]]:
    """Time spent in each kind itself; what no span covers is named too."""
    whole_ns = trace.total_ns or trace.duration_ns
    times = tree.own_times(trace)
    rows = [_kind(time.kind, time.count, time.own_ns, whole_ns) for time in times]
    rest_ns = whole_ns - sum(time.own_ns for time in times)
    if rest_ns > 0 and times:
        rows.append(_kind("", 0, rest_ns, whole_ns))
    return rows


def _kind(kind: str, count: int, own_ns: int, whole_ns: int) -> dict[str, Any]:
    share = own_ns / whole_ns if whole_ns > 0 else 0
    return {
        "kind": kind,
        "letter": labels.letter(kind) if kind else "",
        "css_class": labels.kind_class(kind) if kind else "dp-k-rest",
        "count": numbers.count(count) if count else "",
        "time": numbers.duration(own_ns),
        "share": numbers.share(own_ns, whole_ns),
        "bar": f"{min(1.0, share) * BAR_WIDTH:.1f}",
    }


def _missing(trace: Trace) -> list[str]:
    """What is not in this trace, in words."""
    missing = [
        f"{count:,} dropped: {DROPPED.get(reason, reason)}"
        for reason, count in sorted(trace.dropped.items())
    ]
    summed = sum(group.count for group in trace.overflow.values())
    if summed:
        missing.append(f"{summed:,} spans past the limit of one trace are only summed up")
    return missing
