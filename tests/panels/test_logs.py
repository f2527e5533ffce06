from __future__ import annotations

from debugpanel.panels.logs import LogPanel
from tests.panels.showing import markup, words
from tests.viewer.seeding import MS, plain_trace, rich_trace

PANEL = LogPanel()


def record(at_ms, message, level=20):
    return (at_ms * MS, "log", 0, "shop", level, message, "shop/views.py", 12, "")


def test_records_stand_in_the_order_of_time():
    said = words(PANEL, plain_trace(events=[record(9, "late"), record(2, "early")]))
    assert said.index("early") < said.index("late")


def test_a_record_names_level_logger_place_and_exception():
    said = words(PANEL, rich_trace())
    assert "734 ms ERROR charge failed x PayError shop.pay shop/pay.py:30" in said


def test_loud_levels_are_told_by_weight_and_word():
    text = markup(PANEL, plain_trace(events=[record(1, "a", 30), record(2, "b", 10)]))
    assert "<b>WARNING</b>" in text
    assert "<b>DEBUG</b>" not in text


def test_records_that_were_not_kept_are_counted():
    assert "3 further records were not kept." in words(PANEL, rich_trace())
    assert PANEL.summary(rich_trace()) == "2 records"


def test_messages_are_data():
    text = markup(PANEL, plain_trace(events=[record(1, "</td><script>x")]))
    assert "<script>" not in text


def test_a_record_of_another_shape_is_still_shown():
    assert "NOTSET odd" in words(PANEL, plain_trace(events=[(MS, "log", 0, "shop", None, "odd")]))
