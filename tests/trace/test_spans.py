from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

import debugpanel
from debugpanel.trace import budget, context
from debugpanel.trace.model import Span, Trace
from debugpanel.trace.spans import MAX_NOTES


@pytest.fixture
def trace() -> Iterator[Trace]:
    trace = Trace()
    budget.open_room(trace, 500)
    context.enter(trace)
    yield trace
    context.leave(trace)


def spans(trace: Trace) -> dict[str, Span]:
    return {span.name: span for span in trace.iter_spans()}


def test_spans_nest(trace: Trace) -> None:
    with debugpanel.span("outer"), debugpanel.span("inner", sku=17):
        pass
    found = spans(trace)
    assert found["inner"].parent == found["outer"].number
    assert found["inner"].values == ({"sku": 17}, "")


def test_an_exception_passes_and_is_named(trace: Trace) -> None:
    with pytest.raises(KeyError), debugpanel.span("outer"):
        raise KeyError("x")
    assert spans(trace)["outer"].values[1] == "KeyError"


def test_a_function_is_decorated_and_keeps_its_name(trace: Trace) -> None:
    @debugpanel.span("pricing")
    def price(sku: int) -> int:
        return sku + 1

    assert (price(1), price(2), price.__name__) == (2, 3, "price")
    assert len(trace.spans) == 2


def test_a_coroutine_function_is_decorated(trace: Trace) -> None:
    @debugpanel.span("pricing")
    async def price(sku: int) -> int:
        await asyncio.sleep(0)
        return sku + 1

    assert asyncio.run(price(1)) == 2
    assert list(spans(trace)) == ["pricing"]


def test_a_generator_is_timed_to_its_end(trace: Trace) -> None:
    @debugpanel.span("rows")
    def rows() -> Iterator[int]:
        yield 1
        yield 2

    iterator = rows()
    next(iterator)
    assert not trace.spans
    assert list(iterator) == [2]
    assert list(spans(trace)) == ["rows"]


def test_an_async_generator_is_timed_to_its_end(trace: Trace) -> None:
    @debugpanel.span("rows")
    async def rows() -> AsyncIterator[int]:
        yield 1

    async def read() -> list[int]:
        return [item async for item in rows()]

    assert asyncio.run(read()) == [1]
    assert list(spans(trace)) == ["rows"]


def test_a_generator_collected_later_does_not_bring_its_trace_back(trace: Trace) -> None:
    @debugpanel.span("rows")
    def rows() -> Iterator[int]:
        yield 1

    iterator = rows()
    next(iterator)
    other = Trace()
    context.enter(other)
    del iterator
    assert context.current_trace() is other
    context.leave(other)


def test_outside_a_trace_nothing_happens() -> None:
    with debugpanel.span("outer"):
        debugpanel.event("priced")
        debugpanel.annotate(basket=17)
    assert debugpanel.trace_id() == ""


def test_pause_records_nothing_inside(trace: Trace) -> None:
    with debugpanel.pause(), debugpanel.span("hidden"):
        pass
    with debugpanel.span("shown"):
        pass
    assert list(spans(trace)) == ["shown"]


def test_events_and_notes_are_taken(trace: Trace) -> None:
    debugpanel.event("priced", amount=5)
    debugpanel.annotate(basket=17)
    debugpanel.annotate(basket=18)
    [event] = trace.iter_events()
    assert (event.name, event.values) == ("priced", ({"amount": 5},))
    assert trace.notes == {"basket": 18}


def test_notes_are_bounded(trace: Trace) -> None:
    for number in range(100):
        debugpanel.annotate(**{f"note{number}": number})
    assert len(trace.notes) == MAX_NOTES
    assert trace.dropped == {"notes": 50}


def test_a_long_name_is_left_to_be_masked_whole(trace: Trace) -> None:
    name = "a" * 199 + " secret"
    with debugpanel.span(name):
        debugpanel.event(name)
    assert [span.name for span in trace.iter_spans()] == [name]
    assert [event.name for event in trace.iter_events()] == [name]
