from __future__ import annotations

import re

from django.utils import translation

from debugpanel.panels import timeline
from debugpanel.panels.timeline import TimelinePanel
from debugpanel.trace.model import Trace
from tests.panels.showing import markup, words
from tests.viewer.seeding import LINES, MS, plain_trace, rich_trace

PANEL = TimelinePanel()


def bars(trace: Trace) -> list[tuple[float, float]]:
    found = re.findall(
        r'<rect class="[^"]*" x="([\d.]+)" y="0" width="([\d.]+)"', markup(PANEL, trace)
    )
    return [(float(x), float(width)) for x, width in found]


def rows(trace: Trace) -> list[tuple[int, str]]:
    """Depth and name of each row."""
    text = markup(PANEL, trace)
    pattern = r'class="dp-name dp-d(\d+)".*?<bdi class="dp-text"[^>]*>([^<]*)<'
    return [(int(depth), name) for depth, name in re.findall(pattern, text)]


def test_bars_stand_where_the_time_was_spent():
    spans = [(100 * MS, 300 * MS, "view", 0, 0, "v", "")]
    assert bars(plain_trace(spans=spans, total_ns=1000 * MS)) == [(100.0, 200.0)]


def test_the_shortest_span_is_visible_and_the_last_inside():
    spans = [(0, 10, "view", 0, 0, "a", ""), (1000 * MS, 1000 * MS, "view", 0, 0, "b", "")]
    drawn = bars(plain_trace(spans=spans, total_ns=1000 * MS))
    assert drawn == [(0.0, 4.0), (996.0, 4.0)]


def test_times_that_make_no_sense_stay_inside():
    spans = [(-5 * MS, 900 * MS, "view", 0, 0, "a", ""), (8 * MS, 3 * MS, "view", 0, 0, "b", "")]
    trace = plain_trace(spans=spans, total_ns=0, duration_ns=0)
    assert all(0 <= x <= 996 and 4 <= width <= 1000 - x for x, width in bars(trace))


def test_coordinates_are_not_localised():
    spans = [(MS, 2 * MS, "view", 0, 0, "v", "")]
    with translation.override("de"):
        assert len(bars(plain_trace(spans=spans, total_ns=7 * MS))) == 1


def test_children_stand_below_their_parents_by_time():
    spans = [
        (50 * MS, 60 * MS, "cache", 0, 1, "get", "default", "late", 1, 0, 0, ""),
        (10 * MS, 20 * MS, "span", 2, 1, "early", {}, ""),
        (12 * MS, 13 * MS, "mail", 0, 2, "send", "b", 1, 1, [], ""),
        (0, 80 * MS, "view", 1, 0, "shop.view", ""),
        (85 * MS, 90 * MS, "http", 0, 99, "GET lost", "/x", 200, 1, 1, ""),
    ]
    assert rows(plain_trace(spans=spans)) == [
        (0, "shop.view"),
        (1, "early"),
        (2, "send"),
        (1, "get late"),
        (0, "GET lost /x"),
    ]


def test_five_alike_become_one_row_that_opens():
    shown = rows(rich_trace())
    folded = [name for depth, name in shown if name.startswith("51 ")]
    assert len(folded) == 1
    assert len([name for depth, name in shown if depth == 2 and "shop_line" in name]) == 51
    assert "510 ms" in words(PANEL, rich_trace())


def test_four_alike_stay_on_their_own():
    spans = [
        (n * MS, n * MS, "sql", 0, 0, LINES, "default", 0, False, 1, "", "x") for n in range(4)
    ]
    assert len(rows(plain_trace(spans=spans))) == 4


def test_exceptions_and_marks_stand_among_the_spans():
    names = [name for _, name in rows(rich_trace())]
    assert "shop.pay.PayError" in names
    assert "discount" in names


def test_a_chain_deeper_than_pythons_stack_is_drawn(monkeypatch):
    spans = [(n, 5000, "span", n + 1, n, f"s{n}", {}, "") for n in range(3000)]
    assert len(rows(plain_trace(spans=spans))) == timeline.MAX_ROWS
    assert "1000 further rows are not drawn" in words(PANEL, plain_trace(spans=spans))


def test_spans_that_are_each_others_parents_end_the_walk():
    spans = [
        (0, 9, "span", 1, 2, "a", {}, ""),
        (0, 9, "span", 2, 1, "b", {}, ""),
        (0, 9, "span", 3, 3, "own parent", {}, ""),
    ]
    assert rows(plain_trace(spans=spans)) == [(0, "own parent")]


def test_rows_come_in_groups_that_may_be_painted_later():
    spans = [(n, n + 1, "span", 0, 0, f"s{n}", {}, "") for n in range(120)]
    assert markup(PANEL, plain_trace(spans=spans)).count('<ol class="dp-group">') == 3


def test_names_are_data():
    text = markup(PANEL, plain_trace(spans=[(0, 9, '"><b>', 0, 0, "<script>'\"", {}, "")]))
    assert "<script>" not in text
    assert "<b>" not in text
