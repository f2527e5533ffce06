"""Self times: what each kind took itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from debugpanel.analysis.self_time import self_times
from debugpanel.trace.model import Group, Trace


def trace_of(*spans: tuple) -> Trace:
    trace = Trace()
    trace.spans = list(spans)
    return trace


def group_of(number: int, parent: int, *durations_ns: int) -> Group:
    group = Group(number, parent, 0)
    for duration_ns in durations_ns:
        group.add(0, duration_ns)
    return group


def test_the_time_of_children_is_not_their_parents() -> None:
    trace = trace_of(
        (10, 40, "sql", 0, 1, "SELECT ?"),
        (50, 60, "cache", 0, 2, "get"),
        (45, 65, "span", 2, 1, "pricing"),
        (0, 100, "view", 1, 0, "shop.views.page"),
    )

    assert self_times(trace) == {"sql": 30, "cache": 10, "span": 10, "view": 50}


def test_spans_of_one_kind_add_up() -> None:
    trace = trace_of((0, 3, "sql", 0, 0, "a"), (5, 9, "sql", 0, 0, "b"))

    assert self_times(trace) == {"sql": 7}


def test_children_at_the_same_time_leave_their_parent_nothing_but_never_less() -> None:
    calls = [(0, 90, "http", 0, 1, "GET") for _ in range(3)]

    assert self_times(trace_of(*calls, (0, 100, "view", 1, 0, "v"))) == {"http": 270, "view": 0}


def test_a_parent_that_never_ended_takes_nothing() -> None:
    assert self_times(trace_of((0, 5, "sql", 0, 7, "a"))) == {"sql": 5}


def test_renders_summed_up_count_their_sum_before_and_after_folding() -> None:
    query = (1, 5, "sql", 0, 2, "SELECT ?")
    before, after = (
        trace_of(query),
        trace_of(query, (0, 900, "template", 2, 0, "a.html", 3, 20, 30, "")),
    )
    before.groups[("template", "a.html")] = group_of(2, 0, 10, 20)

    assert self_times(before) == self_times(after) == {"sql": 4, "template": 26}


def test_spans_past_the_limit_count_too() -> None:
    trace = trace_of((0, 100, "view", 1, 0, "v"))
    trace.overflow[("sql", "SELECT ?")] = group_of(0, 1, 10, 20)
    trace.slowest_overflow.append((25, 1, (0, 25, "sql", 0, 1, "SELECT ?")))

    assert self_times(trace) == {"view": 45, "sql": 55}


def test_looking_makes_no_containers() -> None:
    trace = trace_of((0, 100, "view", 1, 0, "v"))
    self_times(trace)

    assert set(trace.__dict__) == {"spans", "repeats"}


SPANS = st.lists(
    st.tuples(
        st.integers(0, 99), st.integers(0, 99), st.sampled_from("ab"), *[st.integers(0, 4)] * 2
    )
)


@given(SPANS)
def test_no_time_is_negative_whatever_the_tree(spans: list[tuple]) -> None:
    trace = trace_of(*((start, start + length, *rest, "x") for start, length, *rest in spans))

    assert all(time_ns >= 0 for time_ns in self_times(trace).values())


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_a_chain_of_spans_adds_up_to_the_outermost(lengths: list[int]) -> None:
    ends = [sum(lengths[depth:]) for depth in range(len(lengths))]
    spans = [(0, end, "span", depth + 1, depth, "x") for depth, end in enumerate(ends)]

    assert self_times(trace_of(*spans)) == {"span": sum(lengths)}
