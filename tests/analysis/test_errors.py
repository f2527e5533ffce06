"""Error groups: what belongs together, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debugpanel.analysis.errors import MAX_WORDS, fingerprint_error, message_shape
from debugpanel.trace.model import Frame

VIEW = Frame("shop/views.py", "checkout", 40, True)
MODEL = Frame("shop/models.py", "total", 12, True)
LIBRARY = Frame("django/db/models/query.py", "get", 633, False)


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("", ""),
        ("division by zero", "division by zero"),
        ("no order 4711", "no order ?"),
        ("'NoneType' object has no attribute 'price'", "? object has no attribute ?"),
        ('invalid input: "12,50"', "invalid input: ?"),
        ("can't adapt it, isn't it", "can't adapt it, isn't it"),
        ("<Order: 7> at 0x7f3ac0 is stale", "? at ? is stale"),
        ("user 3f2b8c1e-0d1c-4c5e-9f00-aa11bb22cc33 is gone", "user ? is gone"),
        ("mail to a.b@example.com failed", "mail to ? failed"),
        ("mail to [masked:email] failed", "mail to ? failed"),
        ("GET https://example.com/x timed out", "GET ? timed out"),
        ("token " + "x" * 41 + " expired", "token ? expired"),
        ("not in 1, 2, 3", "not in ?"),
        ("a\n  b\tc", "a b c"),
        (" ".join("abcdefghijklmnopqrstuvwxyz"), "a b c d e f g h i j k l"),
    ],
)
def test_a_message_is_reduced_to_its_shape(message: str, shape: str) -> None:
    assert message_shape(message) == shape


def test_other_values_stay_in_the_group() -> None:
    first = fingerprint_error("shop.OutOfStock", [VIEW, MODEL], "no stock of 'tea' for order 17")

    assert first == fingerprint_error(
        "shop.OutOfStock", [VIEW, MODEL], "no stock of 'x' for order 2"
    )
    assert len(first) == 16


def test_another_line_stays_in_the_group() -> None:
    moved = MODEL._replace(line=99)

    assert fingerprint_error("E", [VIEW, MODEL], "m") == fingerprint_error("E", [VIEW, moved], "m")


def test_the_way_to_the_place_does_not_count() -> None:
    assert fingerprint_error("E", [VIEW, MODEL], "m") == fingerprint_error("E", [MODEL], "m")


def test_the_projects_own_frame_counts_and_not_the_librarys_below_it() -> None:
    deeper = [VIEW, LIBRARY, LIBRARY._replace(function="fetch")]

    assert fingerprint_error("E", [VIEW, LIBRARY], "m") == fingerprint_error("E", deeper, "m")


@pytest.mark.parametrize(
    ("exception_type", "frames", "message"),
    [
        ("F", [VIEW], "m"),
        ("E", [MODEL], "m"),
        ("E", [VIEW._replace(function="pay")], "m"),
        ("E", [VIEW], "another"),
        ("E", [LIBRARY], "m"),
        ("E", [], "m"),
    ],
)
def test_another_type_place_or_message_is_another_group(exception_type, frames, message) -> None:
    assert fingerprint_error(exception_type, frames, message) != fingerprint_error("E", [VIEW], "m")


def test_without_a_frame_of_the_project_the_raising_one_counts() -> None:
    other = LIBRARY._replace(function="first")

    assert fingerprint_error("E", [LIBRARY], "") != fingerprint_error("E", [LIBRARY, other], "")


def test_a_group_keeps_its_fingerprint_between_releases_of_ours() -> None:
    assert fingerprint_error("KeyError", [VIEW], "'sku'") == "542dd5f9e521f432"


@given(st.text())
def test_any_message_has_a_short_shape(message: str) -> None:
    assert len(message_shape(message).split()) <= MAX_WORDS


@given(st.text())
def test_a_shape_is_its_own_shape(message: str) -> None:
    shape = message_shape(message)

    assert message_shape(shape) == shape


@given(st.integers(), st.integers())
def test_numbers_never_make_a_group(one: int, other: int) -> None:
    assert message_shape(f"no row {one} here") == message_shape(f"no row {other} here")


@pytest.mark.parametrize("unit", ["'", '"', "`", "<", "[masked", "\u201c", "1 ", "'a"])
def test_hostile_messages_are_read_to_a_limit(unit: str) -> None:
    assert len(message_shape(unit * 100_000)) <= 600
