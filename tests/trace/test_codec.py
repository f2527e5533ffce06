from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from debugpanel.trace import codec
from debugpanel.trace.model import Frame, Group, Trace
from tests.trace.examples import VIEW, described, full_trace

GOLDEN = Path(__file__).parent / "golden"

texts = st.text(st.characters(exclude_categories=[]), max_size=20)
numbers = st.integers()
scalars = st.none() | st.booleans() | numbers | st.floats() | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
frames = st.builds(Frame, texts, texts, numbers, st.booleans())
stacks = st.lists(frames, max_size=3)
dictionaries = st.dictionaries(texts, values, max_size=3)
spans = st.tuples(
    numbers, numbers, texts, numbers, numbers, texts, st.lists(values, max_size=4)
).map(lambda span: (*span[:6], *span[6]))
events = st.tuples(
    numbers, texts.filter(lambda kind: kind != "exception"), numbers, texts, values
) | st.tuples(
    numbers,
    st.just("exception"),
    numbers,
    texts,
    texts,
    st.booleans(),
    stacks,
    st.lists(st.tuples(texts, texts, texts, stacks).map(list), max_size=2),
    texts,
)


@st.composite
def groups(draw):
    group = Group(draw(numbers), draw(numbers), draw(numbers), draw(texts))
    group.end_ns, group.count = draw(numbers), draw(numbers)
    group.total_ns, group.max_ns = draw(numbers), draw(numbers)
    return group


@st.composite
def traces(draw):
    kinds = {int: numbers, str: texts, bool: st.booleans(), float: st.floats()}
    trace = Trace()
    trace.start_ns = draw(numbers)
    for name in draw(st.lists(st.sampled_from(codec._HEADER), unique=True)):
        setattr(trace, name, draw(kinds.get(type(getattr(Trace, name)), numbers)))
    trace.spans = draw(st.lists(spans, max_size=4))
    trace.events = draw(st.lists(events, max_size=4))
    trace.stacks = draw(st.dictionaries(st.integers(0, 9), stacks, max_size=2))
    trace.overflow = draw(st.dictionaries(st.tuples(texts, texts), groups(), max_size=2))
    for name in ("facts", "notes", "dropped", "event_counts"):
        setattr(trace, name, draw(dictionaries))
    trace.errors = draw(st.lists(texts, max_size=2))
    trace.findings = draw(
        st.lists(st.fixed_dictionaries({"frame": frames | st.none(), "count": numbers}), max_size=2)
    )
    return trace


@given(traces())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_trace_is_read_back_as_it_was(trace):
    assert described(codec.decode(codec.encode(trace))) == described(trace)


def test_a_read_trace_begins_at_zero():
    trace = full_trace(start_ns=500)
    assert codec.decode(codec.encode(trace)).start_ns == 0


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.payload")), ids=lambda path: path.stem)
def test_every_version_that_was_ever_written_stays_readable(path):
    assert described(codec.decode(path.read_bytes())) == described(full_trace())


def test_the_version_in_use_has_a_golden_file():
    assert [path.read_bytes()[0] for path in GOLDEN.glob("*.payload")].count(codec.VERSION) == 1


def test_encoding_leaves_the_trace_as_it_was():
    trace = full_trace()
    codec.encode(trace)
    assert described(trace) == described(full_trace())


def test_frames_come_back_as_frames():
    trace = codec.decode(codec.encode(full_trace()))
    assert trace.stacks[1][0].in_app is True
    assert trace.findings[0]["frame"].line == 88
    assert isinstance(trace.stacks[1][0], Frame)
    assert trace.events[1][6][1].function == "OrderView.get"
    assert trace.events[1][7][0][3][0].file == "django/db/models/query.py"


def test_what_json_does_not_know_becomes_text():
    note = {"price": decimal.Decimal("1.5"), "day": dt.date(2026, 1, 2), "type": object()}
    notes = codec.decode(codec.encode(full_trace(notes=note))).notes
    assert notes == {"price": "1.5", "day": "2026-01-02", "type": "<object>"}


def test_what_json_refuses_becomes_plain():
    note = {"long": 10**5_000, (1, 2): 3, "fine": [1, None, 2.5]}
    notes = codec.decode(codec.encode(full_trace(notes=note))).notes
    assert notes == {"long": "<int: 16610 bits>", "<tuple>": 3, "fine": [1, None, 2.5]}


def test_nesting_is_stored_to_its_limit():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    stored = codec.decode(codec.encode(full_trace(notes={"deep": deep}))).notes["deep"]
    depth = 0
    while isinstance(stored, list):
        stored, depth = stored[0], depth + 1
    assert stored == "<list>"
    assert depth <= codec.MAX_NESTING


def test_a_typical_trace_takes_less_than_4_kilobytes():
    trace = full_trace()
    trace.spans = [
        (n * 1_313, n * 2_917, "sql", 0, 1, f"SELECT {n % 10} FROM shop_order", *_values(n))
        for n in range(60)
    ]
    assert len(codec.encode(trace)) < 4_096


def _values(number):
    return (
        "default",
        number % 4,
        False,
        number * 7,
        "",
        f"{number % 10 * 0x9E3779B97F4A7C15:016x}"[:16],
    )


def incompressible(seed: int, length: int) -> str:
    import random

    return random.Random(seed).randbytes(length // 2).hex()


def large_trace():
    trace = full_trace()
    trace.spans = [(n, n + n * 1_000, "http", 0, 0, incompressible(n, 4_000)) for n in range(400)]
    trace.stacks = {7: [VIEW]}
    trace.findings = [{"kind": "repeat", "spans": [0, 7, 399]}]
    return trace


def test_too_large_a_trace_is_stored_in_its_limit():
    assert len(codec.encode(large_trace())) <= codec.MAX_STORED_BYTES


def test_too_large_a_trace_loses_its_shortest_spans_and_says_so():
    stored = codec.decode(codec.encode(large_trace()))
    kept = {span.start_ns for span in stored.iter_spans()}
    assert {7, 399} <= kept
    assert 0 not in kept
    assert stored.dropped["size: spans"] == 400 - len(stored.spans)


def test_what_refers_to_spans_still_does_after_some_were_dropped():
    stored = codec.decode(codec.encode(large_trace()))
    assert [stored.spans[index][0] for index in stored.stacks] == [7]
    assert [stored.spans[index][0] for index in stored.findings[0]["spans"]] == [7, 399]


def test_too_large_a_trace_keeps_its_exceptions_and_gravest_records():
    trace = full_trace()
    trace.spans = []
    trace.events = [
        (n, "log", 0, "shop", 10 if n % 2 else 40, incompressible(n, 2_000), "", 1, "")
        for n in range(300)
    ]
    trace.events.append(full_trace().events[1])
    stored = codec.decode(codec.encode(trace))
    assert stored.events[-1][1] == "exception"
    assert {event[4] for event in stored.events[:-1]} == {40}
    assert stored.dropped["size: events"] == 301 - len(stored.events)


def test_facts_that_are_too_large_go_last():
    trace = full_trace(facts={"query": incompressible(1, 2_000_000)})
    stored = codec.decode(codec.encode(trace))
    assert stored.status == 500
    assert stored.dropped["size: facts and notes"] == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x63abc", "version 99"),
        (b"\x01not compressed", "cannot be decompressed"),
        (b"\x01" + zlib.compress(b"{}")[:-3], "incomplete"),
        (b"\x01" + zlib.compress(b"{"), "not readable JSON"),
        (b"\x01" + zlib.compress(b"[" * 200_000), "not readable JSON"),
        (b"\x01" + zlib.compress(b"1" * 5_000), "not readable JSON"),
        (b"\x01" + zlib.compress(b"[]"), "damaged"),
        (b"\x01" + zlib.compress(b"null"), "damaged"),
        (b"\x01" + zlib.compress(b" " * 5 * 1024 * 1024), "larger"),
    ],
)
def test_damage_is_told_in_plain_words(data, words):
    with pytest.raises(codec.PayloadError, match=words):
        codec.decode(data)


def test_a_bomb_is_not_expanded():
    bomb = b"\x01" + zlib.compress(bytes(200 * 1024 * 1024), 9)
    with pytest.raises(codec.PayloadError, match="larger"):
        codec.decode(bomb)


@pytest.mark.parametrize(
    "place",
    [
        {"0": {"__class__": "x"}},
        {"0": {"status": "500"}},
        {"0": {"spans": []}},
        {"1": [[1, 2]]},
        {"2": [[1.5], [1], [0], [0], [0], [[]]]},
        {"2": [[1], [1], [0], [0], [99], [[]]]},
        {"2": [[1, 2], [1], [0], [0], [0], [[]]]},
        {"3": [[1, "exception", 0, "E", "", True, [99], [], ""]]},
        {"4": [["a", "b", "1", True]]},
        {"5": {"0": [99]}},
        {"6": [["sql", "x"]]},
        {"7": {"spans": []}},
        {"7": {"facts": []}},
    ],
)
def test_a_forged_trace_is_refused(place):
    document = json.loads(zlib.decompress(codec.encode(full_trace())[1:]))
    for index, value in place.items():
        document[int(index)] = value
    with pytest.raises(codec.PayloadError):
        codec.decode(b"\x01" + zlib.compress(json.dumps(document).encode()))


@given(values)
@settings(deadline=None)
def test_any_json_is_a_trace_or_an_error(document):
    with contextlib.suppress(codec.PayloadError):
        codec.decode(b"\x01" + zlib.compress(json.dumps(document).encode()))


@given(st.data())
@settings(deadline=None)
def test_a_changed_byte_gives_a_trace_or_an_error(data):
    stored = bytearray(codec.encode(full_trace()))
    place = data.draw(st.integers(0, len(stored) - 1))
    stored[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(codec.PayloadError):
        codec.decode(bytes(stored))
