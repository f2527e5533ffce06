from __future__ import annotations

import pytest

from debugpanel.redaction import cut, storable, storable_number


def test_plain_text_is_returned_as_it_is() -> None:
    text = "Grüße, 😀"
    assert storable(text) is text


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_a_database_refuses_is_visibly_replaced(text: str) -> None:
    assert storable(text) == "a\ufffdb"


@pytest.mark.parametrize("number", [0, -1, 1.5, 2**63 - 1, -(2**63) + 1])
def test_numbers_that_every_database_takes_stay(number: float) -> None:
    assert storable_number(number) is number


def test_odd_numbers_become_text() -> None:
    assert storable_number(float("nan")) == "nan"
    assert storable_number(float("-inf")) == "-inf"
    assert storable_number(2**64) == "18446744073709551616"
    assert storable_number(10**10_000) == "<int: 33220 bits>"


@pytest.mark.parametrize(
    ("limit", "shown"), [(5, "abcde"), (3, "ab…"), (1, "…"), (0, ""), (-1, "")]
)
def test_a_cut_shows(limit: int, shown: str) -> None:
    assert cut("abcde", limit) == shown


@pytest.mark.usefixtures("failing_closed")
def test_what_is_no_text_becomes_a_marker() -> None:
    assert storable(None) == "[masked]"
    assert storable_number("x") == "[masked]"
