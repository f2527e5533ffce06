"""Histograms: percentiles against exact ones, adding up, the stored form."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debugpanel.metrics.histogram import MAX_INDEX, Histogram, bounds, index_of

HOUR_NS = 3_600_000_000_000
DURATIONS_NS = st.integers(min_value=1_000, max_value=HOUR_NS)
HISTOGRAMS = st.dictionaries(
    st.integers(min_value=0, max_value=MAX_INDEX), st.integers(min_value=0, max_value=2**40)
).map(Histogram)


def histogram_of(durations_ns: list[int]) -> Histogram:
    histogram = Histogram()
    for duration_ns in durations_ns:
        histogram.add(duration_ns)
    return histogram


def exact_percentile(durations_ns: list[int], share: float) -> int:
    return sorted(durations_ns)[max(ceil(share * len(durations_ns)), 1) - 1]


@given(st.lists(DURATIONS_NS, min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_within_five_percent_of_the_exact_one(
    durations_ns: list[int], share: float
) -> None:
    exact_ns = exact_percentile(durations_ns, share)

    assert abs(histogram_of(durations_ns).percentile(share) - exact_ns) <= 0.05 * exact_ns


@given(st.integers(1_000, HOUR_NS), st.lists(st.floats(0.91, 1.1), min_size=1), st.floats(0, 1))
def test_a_percentile_is_as_exact_when_all_durations_are_close(
    base_ns: int, factors: list[float], share: float
) -> None:
    durations_ns = [max(1_000, round(base_ns * factor)) for factor in factors]
    exact_ns = exact_percentile(durations_ns, share)

    guess_ns = histogram_of(durations_ns).percentile(
        share, min_ns=min(durations_ns), max_ns=max(durations_ns)
    )
    assert abs(guess_ns - exact_ns) <= 0.05 * exact_ns
    assert min(durations_ns) <= guess_ns <= max(durations_ns)


def test_the_ends_are_exact_when_they_are_known() -> None:
    histogram = histogram_of([1_234, 5_678, 9_012])

    assert histogram.percentile(0, min_ns=1_234, max_ns=9_012) == 1_234
    assert histogram.percentile(1, min_ns=1_234, max_ns=9_012) == 9_012


def test_an_empty_histogram_has_no_percentile() -> None:
    assert Histogram().percentile(0.5) is None


@given(st.lists(DURATIONS_NS, min_size=1))
def test_higher_shares_have_no_lower_percentiles(durations_ns: list[int]) -> None:
    histogram = histogram_of(durations_ns)
    percentiles = [histogram.percentile(share / 20) for share in range(21)]

    assert percentiles == sorted(percentiles)


@given(st.integers(min_value=2, max_value=2**63))
def test_a_duration_lies_within_the_bounds_of_its_bucket(duration_ns: int) -> None:
    low_ns, high_ns = bounds(index_of(duration_ns))

    assert low_ns * (1 - 1e-12) <= duration_ns <= high_ns * (1 + 1e-12)


@pytest.mark.parametrize("duration_ns", [-5, 0, 1])
def test_what_is_too_short_to_measure_counts_in_the_first_bucket(duration_ns: int) -> None:
    assert index_of(duration_ns) == 0


def test_what_is_too_long_counts_in_the_last_bucket() -> None:
    assert index_of(10**40) == MAX_INDEX


def test_eight_buckets_make_a_doubling() -> None:
    assert index_of(2**20) - index_of(2**19) == 8


@given(st.lists(DURATIONS_NS), st.lists(DURATIONS_NS))
def test_merging_is_adding_all_to_one(one: list[int], other: list[int]) -> None:
    merged = histogram_of(one)
    merged.merge(histogram_of(other))

    assert merged == histogram_of(one + other)


@given(HISTOGRAMS)
def test_what_is_encoded_decodes_to_the_same(histogram: Histogram) -> None:
    assert Histogram.decode(histogram.encode()) == histogram


def test_the_stored_form_stays_readable() -> None:
    stored = bytes.fromhex("0100039f01ac020101")

    assert Histogram.decode(stored) == Histogram({0: 3, 159: 300, 160: 1})
    assert Histogram({160: 1, 0: 3, 159: 300}).encode() == stored


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02\x00\x01",
        b"\x01\x05",
        b"\x01\x05\x80",
        b"\x01\x05\x01\x00\x01",
        b"\x01\xff\xff\x7f\x01",
        b"\x01\x05" + b"\xff" * 10 + b"\x01",
        b"\x01" + b"\x01" * 100_000,
    ],
    ids=[
        "empty",
        "version",
        "no count",
        "open number",
        "bucket twice",
        "index",
        "huge count",
        "size",
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="histogram"):
        Histogram.decode(data)


@given(st.binary(max_size=200))
def test_random_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        histogram = Histogram.decode(b"\x01" + data)
    except ValueError:
        return
    assert all(0 <= index <= MAX_INDEX for index in histogram.counts)


def test_a_busy_route_takes_few_bytes() -> None:
    histogram = histogram_of([1_000_000 + 40_000 * n for n in range(1_000)])

    assert len(histogram.encode()) < 120
