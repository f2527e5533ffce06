from __future__ import annotations

from debugpanel import defaults
from debugpanel.instruments.base import Instrument
from debugpanel.panels.spans import MAX_ROWS, SpansPanel
from debugpanel.trace.model import Group
from tests.panels.showing import markup, words
from tests.viewer.seeding import MS, plain_trace, rich_trace

PANEL = SpansPanel()


class StockInstrument(Instrument):
    kind = "stock"
    label = "Stock"
    columns = ("warehouse", "sent_bytes", "wait_ns")


def stock(*values):
    return (MS, 3 * MS, "stock", 0, 0, "reserve", *values)


def test_an_instrument_from_outside_is_shown_from_its_columns(settings):
    settings.DEBUGPANEL = {"INSTRUMENTS": [*defaults.INSTRUMENTS, f"{__name__}.StockInstrument"]}
    said = words(PANEL, plain_trace(spans=[stock("north", 2048, 5 * MS)]))
    assert said.startswith("Stock 1 span, 2.00 ms At Duration Name warehouse sent bytes wait")
    assert "1.00 ms 2.00 ms reserve north 2.0 kB 5.00 ms" in said


def test_an_instrument_that_is_gone_leaves_its_values():
    said = words(PANEL, plain_trace(spans=[stock("north", 2048)]))
    assert said.startswith("stock 1 span, 2.00 ms At Duration Name value 1 value 2")
    assert "reserve north 2048" in said


def test_an_instrument_that_cannot_be_imported_harms_nobody(settings):
    settings.DEBUGPANEL = {"INSTRUMENTS": ["no.such.Instrument"]}
    assert "reserve north" in words(PANEL, plain_trace(spans=[stock("north")]))


def test_rows_of_unequal_length_are_filled_up():
    said = words(PANEL, plain_trace(spans=[stock("north", 1), stock()]))
    assert said.count("reserve") == 2


def test_sql_has_a_panel_of_its_own():
    spans = [(0, MS, "sql", 0, 0, "SELECT 1", "default", 0, False, 1, "", "x")]
    assert not PANEL.is_for(plain_trace(spans=spans))


def test_templates_show_the_sum_of_their_renders():
    span = (0, 90 * MS, "template", 1, 0, "row.html", 30, 4 * MS, 25 * MS, "django")
    assert "0 ms 25.0 ms row.html 30 4.00 ms 25.0 ms django" in words(
        PANEL, plain_trace(spans=[span])
    )


def test_masked_numbers_do_not_matter():
    span = (0, 90 * MS, "template", 1, 0, "[masked]", *["[masked]"] * 4)
    assert "90.0 ms [masked]" in words(PANEL, plain_trace(spans=[span]))


def test_marks_of_the_project_are_shown_with_their_attributes():
    assert "745 ms discount percent: 10" in words(PANEL, rich_trace())


def test_masks_are_told_apart_from_text():
    assert 'token: <span class="dp-masked">[masked]</span>' in markup(PANEL, rich_trace())


def test_more_spans_than_anybody_reads_are_counted():
    trace = plain_trace(spans=[stock("north")] * (MAX_ROWS + 5))
    group = Group(0, 0, 0)
    group.count, group.total_ns = 40, 80 * MS
    trace.overflow = {("stock", "reserve"): group}
    said = words(PANEL, trace)
    assert "5 more are not listed." in said
    assert "Past the limit of whole spans: 40 more, 80.0 ms." in said
