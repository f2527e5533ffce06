from __future__ import annotations

import pytest

from debugpanel.panels.rendering import highlight


def text_of(markup):
    import re

    return re.sub(r"<[^>]+>", "", markup)


def test_sql_is_broken_into_lines_and_coloured():
    shown = highlight.pretty_sql('SELECT "a" FROM "b" WHERE "c" = ?')
    assert text_of(shown).splitlines() == ['SELECT "a"', 'FROM "b"', 'WHERE "c" = ?']
    assert '<span class="dp-c-k">SELECT</span>' in shown


def test_a_long_statement_is_coloured_in_one_line():
    sql = "SELECT a FROM b WHERE c IN (" + ", ".join(["?"] * 2000) + ")"
    shown = highlight.pretty_sql(sql)
    assert text_of(shown) == sql
    assert "dp-c-k" in shown


@pytest.mark.parametrize("sql", ["<b>" * 20_000, "SELECT '" + "x" * 40_000])
def test_the_longest_stay_plain_and_escaped(sql):
    shown = highlight.pretty_sql(sql)
    assert "dp-c-" not in shown
    assert "<b>" not in shown


@pytest.mark.parametrize(
    "sql",
    ["", "(" * 1500, "SELECT " + "(" * 500 + ")" * 500, "nonsense <script> '", "\0\ud800", "--"],
)
def test_what_cannot_be_parsed_is_shown_as_it_is(sql):
    shown = highlight.pretty_sql(sql)
    assert "<script>" not in shown


def test_no_markup_but_spans_with_classes():
    import re

    for shown in (
        highlight.pretty_sql("SELECT '</span><img src=x>' -- <script>"),
        highlight.coloured_python("x = '</span><img src=x>'  # <script>"),
    ):
        tags = set(re.findall(r"<[^>]*>", shown))
        assert all(re.fullmatch(r'<span class="dp-c-\w+">|</span>', tag) for tag in tags)


def test_indentation_of_python_is_kept():
    assert text_of(highlight.coloured_python("    return 1")) == "    return 1"
