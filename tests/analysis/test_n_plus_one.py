"""Repeats: which statements are named, as what, and who sent them."""

from __future__ import annotations

from typing import Any

import pytest

from debugpanel.analysis.n_plus_one import MAX_FINDINGS, _nearest_own, find_repeats
from debugpanel.analysis.sql import normalise
from debugpanel.trace.model import Frame, Group, Trace

BY_ID = "SELECT * FROM brand WHERE id = 1"


def query(sql: str, duration_ns: int = 10, parent: int = 1) -> tuple[Any, ...]:
    statement = normalise(sql)
    values = ("default", 1, False, 1, "", statement.fingerprint)
    return (0, duration_ns, "sql", 0, parent, statement.text, *values)


def trace_of(*spans: tuple[Any, ...], total_ns: int = 1_000) -> Trace:
    trace = Trace()
    trace.spans = list(spans)
    trace.total_ns = total_ns
    return trace


def test_five_selects_of_one_shape_are_a_suspected_n_plus_one() -> None:
    (finding,) = find_repeats(trace_of(*[query(BY_ID)] * 5, query("SELECT 2")))

    assert finding["kind"] == "n_plus_one"
    assert finding["statement"] == "SELECT * FROM brand WHERE id = ?"
    assert finding["fingerprint"] == normalise(BY_ID).fingerprint
    assert (finding["count"], finding["total_ns"], finding["share"]) == (5, 50, 0.05)


def test_other_values_and_list_lengths_are_the_same_statement() -> None:
    spans = [query(f"SELECT 1 WHERE id IN ({', '.join('?' * n)})") for n in range(1, 6)]

    assert find_repeats(trace_of(*spans))[0]["count"] == 5


def test_four_are_not_enough() -> None:
    assert find_repeats(trace_of(*[query(BY_ID)] * 4)) == []


def test_the_least_number_can_be_given() -> None:
    assert len(find_repeats(trace_of(*[query(BY_ID)] * 2), at_least=2)) == 1


@pytest.mark.parametrize(
    "sql",
    ["INSERT INTO a VALUES (1)", "UPDATE a SET b = 1", "SELECT 'open", "WITH a AS (x) DELETE b"],
)
def test_what_is_no_readable_select_is_only_repeated(sql: str) -> None:
    assert find_repeats(trace_of(*[query(sql)] * 5))[0]["kind"] == "repeated"


@pytest.mark.parametrize(
    "sql", ["WITH a AS (SELECT 1) SELECT 1 FROM a", "(SELECT 1) UNION (SELECT 2)"]
)
def test_selects_in_other_clothes_are_suspects_too(sql: str) -> None:
    assert find_repeats(trace_of(*[query(sql)] * 5))[0]["kind"] == "n_plus_one"


@pytest.mark.parametrize("sql", ['SAVEPOINT "s1"', 'RELEASE SAVEPOINT "s1"', "BEGIN", "COMMIT"])
def test_transactions_are_not_named(sql: str) -> None:
    assert find_repeats(trace_of(*[query(sql)] * 9)) == []


def test_other_kinds_of_spans_are_not_statements() -> None:
    assert find_repeats(trace_of(*[(0, 1, "cache", 0, 1, "get", "default")] * 9)) == []


def test_the_costliest_comes_first_and_the_number_is_limited() -> None:
    spans = [query(f"SELECT c{n} FROM t", n) for n in range(30) for _ in range(5)]

    findings = find_repeats(trace_of(*spans))

    assert findings[0]["statement"] == "SELECT c29 FROM t"
    assert len(findings) == MAX_FINDINGS


def test_statements_past_the_limit_are_counted_with_the_others() -> None:
    trace = trace_of(*[query(BY_ID)] * 3)
    group = Group(0, 1, 0)
    for _ in range(9_997):
        group.add(0, 10)
    trace.overflow[("sql", normalise(BY_ID).text)] = group

    (finding,) = find_repeats(trace)
    assert (finding["count"], finding["total_ns"]) == (10_000, 100_000)


def test_the_line_of_the_project_that_sent_them_is_named() -> None:
    trace = trace_of(*[query(BY_ID)] * 6)
    library = Frame("django/db/models/query.py", "_fetch_all", 5, False)
    outer, inner = (Frame("shop/views.py", name, 9, True) for name in ("page", "lines"))
    trace.stacks[4] = [library, inner, outer]

    assert find_repeats(trace)[0]["frame"] == inner


def test_without_a_stack_no_line_is_named() -> None:
    assert find_repeats(trace_of(*[query(BY_ID)] * 5))[0]["frame"] is None


def test_the_parent_is_named_when_there_is_one() -> None:
    together = trace_of(*[query(BY_ID, parent=3)] * 5)
    apart = trace_of(*(query(BY_ID, parent=n) for n in range(1, 6)))

    assert [find_repeats(trace)[0]["parent"] for trace in (together, apart)] == [3, 0]


def test_statements_that_ran_at_the_same_time_are_no_more_than_the_whole() -> None:
    assert find_repeats(trace_of(*[query(BY_ID, 900)] * 5))[0]["share"] == 1.0


def test_without_a_line_of_the_project_the_line_of_an_app_is_named() -> None:
    stack = [
        Frame("django/db/backends/utils.py", "execute", 92, False),
        Frame("oscar/apps/catalogue/models.py", "Product.price", 40, False),
        Frame("django/template/base.py", "render", 10, False),
    ]
    assert _nearest_own(stack) == stack[1]


def test_a_line_between_code_and_database_is_never_named() -> None:
    assert _nearest_own([Frame("django/db/backends/utils.py", "execute", 92, False)]) is None
