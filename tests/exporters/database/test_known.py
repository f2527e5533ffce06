from __future__ import annotations

from debugpanel.exporters.database import known
from debugpanel.exporters.database.known import KnownRows
from debugpanel.exporters.database.rows import ROUTES, STATEMENTS


class Ticks:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def test_rows_come_once_and_in_order_of_their_keys():
    assert KnownRows().new(ROUTES, [(3,), (1,), (3,), (2,)]) == [(1,), (2,), (3,)]


def test_what_was_remembered_is_not_new():
    rows = KnownRows()
    rows.remember(ROUTES, [(1,)])
    assert rows.new(ROUTES, [(1,), (2,)]) == [(2,)]


def test_tables_are_apart():
    rows = KnownRows()
    rows.remember(ROUTES, [(1,)])
    assert rows.new(STATEMENTS, [(1,)]) == [(1,)]


def test_everything_is_forgotten_after_an_hour():
    ticks = Ticks()
    rows = KnownRows(ticks)
    rows.remember(ROUTES, [(1,)])
    ticks.now_s = known.KNOWN_S
    assert rows.new(ROUTES, [(1,)]) == [(1,)]


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(known, "MAX_KNOWN", 10)
    rows = KnownRows()
    for number in range(100):
        rows.remember(ROUTES, [(number,)])
    assert len(rows.keys(ROUTES)) <= 10
