"""Paging that never counts or skips through the whole table.

Page numbers reach the first thousand rows; from there a cursor on (started, id) goes on,
as an ordinary filter of the list.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import cast
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet

from debugpanel.models import Trace, from_microseconds, to_microseconds

MAX_COUNTED = 1_000
PARAMETER = "older"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most one row more than it admits to."""

    @cached_property
    def counted(self) -> int:
        # Without its order the database may stop at the limit in any index.
        traces = cast("QuerySet[Trace]", self.object_list)
        return traces.order_by().values("pk")[: MAX_COUNTED + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.counted, MAX_COUNTED)

    @property
    def is_capped(self) -> bool:
        return self.counted > MAX_COUNTED


def cursor_of(row: Trace) -> str:
    return f"{to_microseconds(row.started)}-{row.pk.hex}"


def position(cursor: str) -> tuple[datetime, UUID]:
    """Read a cursor; ValueError when it is none."""
    microseconds, _, trace_id = cursor.partition("-")
    if not microseconds.isascii() or not microseconds.isdigit() or len(trace_id) != 32:
        raise ValueError(cursor)
    try:
        return from_microseconds(int(microseconds)), UUID(hex=trace_id)
    except OverflowError:
        raise ValueError(cursor) from None
