from __future__ import annotations

import pytest

from debugpanel.panels.rendering import labels
from debugpanel.trace.model import Frame, Span
from tests.viewer.seeding import LIBRARY, OWN, plain_trace


@pytest.mark.parametrize(
    ("kind", "name", "values", "label"),
    [
        ("sql", 'SELECT "a", "b" FROM "t" WHERE "c" = ?', (), 'SELECT … FROM "t" WHERE "c" = ?'),
        ("sql", "SELECT DISTINCT a\nFROM t", (), "SELECT DISTINCT a FROM t"),
        ("sql", 'UPDATE "t" SET "a" = ?', (), 'UPDATE "t" SET "a" = ?'),
        ("sql", "BEGIN", (), "BEGIN"),
        ("cache", "get", ("default", "price:*"), "get price:*"),
        ("http", "GET pay.example", ("/v1",), "GET pay.example /v1"),
        ("template", "row.html", (30,), "row.html \N{MULTIPLICATION SIGN}30"),
        ("template", "page.html", (1,), "page.html"),
        ("render", "", (), "render the response"),
        ("stream", "", (), "stream the response"),
        ("stock", "", (), "stock"),
        ("span", "a\n  b", (), "a b"),
    ],
)
def test_a_span_is_named_in_one_short_line(kind, name, values, label):
    assert labels.label(Span(0, 0, kind, 0, 0, name, values)) == label


def test_a_long_name_is_cut():
    label = labels.label(Span(0, 0, "span", 0, 0, "x" * 10_000, ()))
    assert len(label) == labels.MAX_LABEL_CHARACTERS
    assert label.endswith("…")


def test_the_caller_is_the_projects_nearest_line():
    far = Frame("shop/urls.py", "x", 1, True)
    trace = plain_trace(stacks={0: [LIBRARY, OWN, far], 1: [LIBRARY]})
    assert labels.caller(trace, 0) == "tests/viewer/seeding.py:20 in rich_trace"
    assert labels.caller(trace, 1) == "django/db/models/query.py:100 in QuerySet.__iter__"
    assert labels.caller(trace, 2) == ""
