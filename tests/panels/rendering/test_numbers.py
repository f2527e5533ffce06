from __future__ import annotations

import pytest

from debugpanel.panels.rendering import numbers


@pytest.mark.parametrize(
    ("value_ns", "words"),
    [
        (0, "0 ms"),
        (420, "0.000 ms"),
        (42_000, "0.042 ms"),
        (3_141_592, "3.14 ms"),
        (31_415_926, "31.4 ms"),
        (870_000_000, "870 ms"),
        (9_999_000_000, "9,999 ms"),
        (12_345_000_000, "12.3 s"),
    ],
)
def test_durations_have_three_digits_and_one_unit(value_ns, words):
    assert numbers.duration(value_ns) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(1, 2, "50 %"), (1, 1000, "<1 %"), (0, 5, "0 %"), (1, 0, ""), (0.588, 1, "59 %")],
)
def test_shares(part, whole, words):
    assert numbers.share(part, whole) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(0, "0 B"), (1023, "1023 B"), (2048, "2.0 kB"), (3 << 20, "3.0 MB")]
)
def test_sizes(size_bytes, words):
    assert numbers.size(size_bytes) == words


def test_words_agree_with_their_numbers():
    assert numbers.counted(1, "query", "queries") == "1 query"
    assert numbers.counted(1200, "query", "queries") == "1,200 queries"
    assert numbers.counted(2, "span") == "2 spans"
