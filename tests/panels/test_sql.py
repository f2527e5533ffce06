from __future__ import annotations

import re

from debugpanel.panels.sql import MAX_GROUPS, SqlPanel
from debugpanel.trace.model import Group
from tests.panels.showing import markup, words
from tests.viewer.seeding import MS, OWN, plain_trace, rich_trace

PANEL = SqlPanel()


def sql(number, text, *, ms=1, error="", fingerprint="", alias="default"):
    start_ns = number * 10 * MS
    values = (alias, 2, False, 3, error, fingerprint or text)
    return (start_ns, start_ns + ms * MS, "sql", 0, 0, text, *values)


def test_a_trace_without_statements_has_no_such_panel():
    assert not PANEL.is_for(plain_trace())
    assert PANEL.is_for(rich_trace())


def test_its_heading_counts_and_sums():
    assert PANEL.summary(rich_trace()) == "53 queries, 527 ms"


def test_statements_of_one_shape_are_one_group_the_costliest_first():
    counts = re.findall(r'class="dp-times">(\d+) ', markup(PANEL, rich_trace()))
    assert counts == ["51", "1", "1"]
    assert "51 \N{MULTIPLICATION SIGN} 510 ms 59 % = N+1 SELECT …" in words(PANEL, rich_trace())


def test_an_n_plus_one_names_its_calling_line():
    said = words(PANEL, rich_trace())
    assert "Sent again and again from tests/viewer/seeding.py:20 in rich_trace" in said


def test_a_statement_with_a_stack_names_the_projects_line():
    trace = plain_trace(spans=[sql(0, "SELECT 1")], stacks={0: [OWN]})
    assert "Sent from tests/viewer/seeding.py:20 in rich_trace" in words(PANEL, trace)


def test_transactions_are_listed_apart_from_queries():
    said = words(PANEL, rich_trace())
    assert "Transactions: BEGIN, COMMIT" in said
    assert "1 \N{MULTIPLICATION SIGN} 0 ms" not in said


def test_executions_show_rows_parameters_and_errors():
    trace = plain_trace(spans=[sql(0, "SELECT 1", error="IntegrityError", alias="replica")])
    said = words(PANEL, trace)
    assert "x IntegrityError" in said
    assert "database replica" in said
    assert "0 ms 1.00 ms 3 2 IntegrityError" in said


def test_statements_past_the_limit_are_summed_up():
    trace = rich_trace()
    group = Group(0, 1, 0)
    group.count, group.total_ns = 9_500, 3_200 * MS
    trace.overflow = {("sql", "SELECT 2"): group}
    assert "9,500 more queries, 3,200 ms" in words(PANEL, trace)


def test_more_shapes_than_anybody_reads_are_counted():
    spans = [sql(number, f"SELECT {number} FROM t") for number in range(MAX_GROUPS + 7)]
    text = markup(PANEL, plain_trace(spans=spans))
    assert text.count('class="dp-times"') == MAX_GROUPS
    assert "7 further statements are not listed." in text


def test_statements_are_coloured_data():
    text = markup(PANEL, plain_trace(spans=[sql(0, "SELECT '<script>' FROM \"a\"")]))
    assert "<script>" not in text
    assert 'class="dp-c-k">SELECT' in text


def test_a_fingerprint_that_is_missing_groups_by_text():
    spans = [(0, MS, "sql", 0, 0, "SELECT 1", "default"), (MS, 2 * MS, "sql", 0, 0, "SELECT 1")]
    assert "2 \N{MULTIPLICATION SIGN}" in words(PANEL, plain_trace(spans=spans))
