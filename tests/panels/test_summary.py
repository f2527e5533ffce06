from __future__ import annotations

import pytest

from debugpanel.panels.summary import SummaryPanel
from tests.panels.showing import markup, words
from tests.viewer.seeding import MS, overflowed_trace, plain_trace, rich_trace

PANEL = SummaryPanel()


def test_it_says_who_when_and_how_long():
    said = words(PANEL, rich_trace(started_ns=1_700_000_000_000_000_000))
    assert "Started 2023-11-14 16:13:20" in said
    assert "Duration 870 ms CPU time 310 ms SQL 53 queries, 527 ms User 42" in said
    assert "Client 198.51.100.0 Worker web-1:4711 Release 41ab2f" in said


def test_a_stream_has_two_times():
    said = words(PANEL, plain_trace(duration_ns=12 * MS, total_ns=500 * MS))
    assert "Duration 12.0 ms, closed after 500 ms" in said


def test_cpu_time_that_nobody_could_measure_is_not_shown():
    assert "CPU" not in words(PANEL, plain_trace(cpu_ns=None))


@pytest.mark.parametrize(
    ("reason", "weight", "why"),
    [
        ("error", 1.0, "Kept because it ended in an error Trace"),
        ("random", 100.0, "drawn at random; it stands for about 100 requests Trace"),
        ("of another release", 1.0, "Kept because of another release Trace"),
        ("", 1.0, "Kept because no reason was stored Trace"),
    ],
)
def test_it_says_why_the_trace_is_kept_and_what_it_stands_for(reason, weight, why):
    assert why in words(PANEL, plain_trace(reason=reason, weight=weight))


def test_an_n_plus_one_is_named_with_its_line_count_and_share():
    said = words(PANEL, rich_trace())
    assert "N+1: one query was sent 51 times from tests/viewer/seeding.py:20 in rich_trace" in said
    assert "it took 510 ms, 59 % of the request" in said


def test_a_repeated_statement_without_a_stack_is_only_named():
    finding = {"kind": "repeated", "fingerprint": "x", "statement": "UPDATE y", "count": 7}
    said = words(PANEL, plain_trace(findings=[{**finding, "total_ns": MS, "share": 0.1}]))
    assert "One statement was sent 7 times; it took 1.00 ms, 10 %" in said


def test_own_times_and_what_no_span_covers_add_up():
    said = words(PANEL, rich_trace())
    assert "S sql 55 528 ms 61 %" in said
    assert "V view 1 76.0 ms 9 %" in said
    assert "not covered by a span 11.0 ms 1 %" in said


def test_what_is_missing_is_said():
    assert "3 dropped: log records." in words(PANEL, rich_trace())
    assert "9,500 spans past the limit" in words(PANEL, overflowed_trace())


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("cancelled", "The client went away"),
        ("unclosed", "The response was never closed"),
        ("error", "by an exception that left the middleware"),
    ],
)
def test_an_unusual_end_is_said(state, sentence):
    assert sentence in words(PANEL, plain_trace(state=state))


def test_notes_of_the_project_are_data():
    text = markup(PANEL, plain_trace(notes={"<b>": "<script>"}))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
