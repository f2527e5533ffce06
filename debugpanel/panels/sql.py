"""The statements of a trace, grouped by shape, costliest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from debugpanel.panels.base import Panel
from debugpanel.panels.rendering import highlight, labels, numbers
from debugpanel.trace.model import Span, Trace

KIND = "sql"
TRANSACTION_WORDS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT"})
MAX_FORMATTED = 20
MAX_GROUPS = 100
MAX_EXECUTIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    index: int
    span: Span

    @property
    def alias(self) -> str:
        return str(self.span.values[0]) if self.span.values else ""

    @property
    def parameters(self) -> Any:
        return _value(self.span, 1)

    @property
    def rows(self) -> int | None:
        rows = _value(self.span, 3)
        return rows if isinstance(rows, int) else None

    @property
    def error(self) -> str:
        return str(_value(self.span, 4) or "")


@dataclass(slots=True, kw_only=True)
class Statement:
    """All executions of one shape."""

    sql: str
    executions: list[Execution] = field(default_factory=list)

    @property
    def total_ns(self) -> int:
        return sum(execution.span.duration_ns for execution in self.executions)

    @property
    def max_ns(self) -> int:
        return max(execution.span.duration_ns for execution in self.executions)

    @property
    def rows(self) -> int | None:
        known = [execution.rows for execution in self.executions if execution.rows is not None]
        return sum(known) if known else None


class SqlPanel(Panel):
    name = "sql"
    title = "SQL"
    template = "debugpanel/panels/sql.html"

    def is_for(self, trace: Trace) -> bool:
        return any(span.kind == KIND for span in trace.iter_spans())

    def summary(self, trace: Trace) -> str:
        total_ns = sum(execution.span.duration_ns for execution in _executions(trace))
        queries = numbers.counted(trace.query_count, "query", "queries")
        return f"{queries}, {numbers.duration(trace.query_ns or total_ns)}"

    def context(self, trace: Trace) -> dict[str, Any]:
        executions = _executions(trace)
        statements = _grouped(executions)
        findings = _findings(trace)
        rows = [
            _row(trace, statement, findings, position)
            for position, statement in enumerate(statements[:MAX_GROUPS])
        ]
        return {
            "rows": rows,
            "left_out": max(0, len(statements) - MAX_GROUPS),
            "summed_up": _summed_up(trace),
            "share": numbers.share(trace.query_ns, trace.total_ns or trace.duration_ns),
            "transactions": _transactions(trace),
        }


def _executions(trace: Trace) -> list[Execution]:
    return [
        Execution(index=index, span=span)
        for index, span in enumerate(trace.iter_spans())
        if span.kind == KIND and not _is_transaction(span)
    ]


def _is_transaction(span: Span) -> bool:
    return span.name in TRANSACTION_WORDS


def _grouped(executions: Iterable[Execution]) -> list[Statement]:
    statements: dict[str, Statement] = {}
    for execution in executions:
        key = str(_value(execution.span, 5) or execution.span.name)
        statement = statements.setdefault(key, Statement(sql=execution.span.name))
        statement.executions.append(execution)
    return sorted(statements.values(), key=lambda statement: statement.total_ns, reverse=True)


def _findings(trace: Trace) -> dict[str, dict[str, Any]]:
    return {str(finding["fingerprint"]): finding for finding in trace.findings}


def _row(
    trace: Trace, statement: Statement, findings: dict[str, dict[str, Any]], position: int
) -> dict[str, Any]:
    first, count = statement.executions[0], len(statement.executions)
    finding = findings.get(str(_value(first.span, 5) or ""), {})
    frame = finding.get("frame")
    return {
        "anchor": f"dp-sql-{position}",
        "kind": finding.get("kind", ""),
        "count": count,
        "total": numbers.duration(statement.total_ns),
        "share": numbers.share(statement.total_ns, trace.total_ns or trace.duration_ns),
        "mean": numbers.duration(statement.total_ns / count),
        "max": numbers.duration(statement.max_ns),
        "rows": statement.rows,
        "aliases": sorted({execution.alias for execution in statement.executions}),
        "errors": sorted({execution.error for execution in statement.executions} - {""}),
        "caller": labels.place(frame) if frame else _first_caller(trace, statement),
        "label": labels.shortened(labels.statement(statement.sql)),
        "code": _code(statement.sql, position),
        "executions": [_shown(trace, run) for run in statement.executions[:MAX_EXECUTIONS]],
        "executions_left_out": max(0, count - MAX_EXECUTIONS),
    }


def _code(sql: str, position: int) -> SafeString:
    if position < MAX_FORMATTED:
        return highlight.pretty_sql(sql)
    return highlight.coloured_sql(sql)


def _first_caller(trace: Trace, statement: Statement) -> str:
    callers = (labels.caller(trace, execution.index) for execution in statement.executions)
    return next((caller for caller in callers if caller), "")


def _shown(trace: Trace, execution: Execution) -> dict[str, Any]:
    return {
        "at": numbers.duration(execution.span.start_ns),
        "duration": numbers.duration(execution.span.duration_ns),
        "rows": execution.rows,
        "parameters": execution.parameters,
        "error": execution.error,
        "caller": labels.caller(trace, execution.index),
    }


def _summed_up(trace: Trace) -> str:
    """What went past the limit of whole spans, in words."""
    groups = [group for (kind, _), group in trace.overflow.items() if kind == KIND]
    if not groups:
        return ""
    count = sum(group.count for group in groups)
    total = numbers.duration(sum(group.total_ns for group in groups))
    return f"{numbers.counted(count, 'more query', 'more queries')}, {total}"


def _transactions(trace: Trace) -> str:
    """The order of transactions, such as `BEGIN, COMMIT`."""
    words = [s.name for s in trace.iter_spans() if s.kind == KIND and _is_transaction(s)]
    shown = ", ".join(words[:MAX_EXECUTIONS])
    return f"{shown}, …" if len(words) > MAX_EXECUTIONS else shown


def _value(span: Span, position: int) -> Any:
    return span.values[position] if len(span.values) > position else None
