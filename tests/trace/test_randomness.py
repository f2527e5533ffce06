from __future__ import annotations

import base64
import random
import string

import pytest

from debugpanel.trace.randomness import count_surprises, is_dense, is_random

RANDOM = random.Random(20)


def draw(alphabet: str, length: int) -> str:
    return "".join(RANDOM.choices(alphabet, k=length))


@pytest.mark.parametrize(
    "alphabet",
    [
        string.hexdigits[:16],
        string.hexdigits.upper()[:16],
        string.ascii_letters + string.digits,
        string.ascii_letters + string.digits + "-_",
        string.ascii_lowercase + string.digits,
        string.ascii_uppercase + "234567",
        string.ascii_lowercase,
    ],
)
@pytest.mark.parametrize("length", [24, 32, 43])
def test_random_runs_are_told_with_hardly_a_miss(alphabet: str, length: int) -> None:
    missed = [run for _ in range(400) if not is_random(run := draw(alphabet, length))]
    assert len(missed) <= 1


@pytest.mark.parametrize(
    "name",
    [
        "get_user_profile_by_identifier",
        "UserProfileSerializerBase",
        "test_that_the_basket_is_emptied_after_checkout",
        "10-best-places-to-visit-in-2024",
        "kundenverwaltungssoftware",
        "requirements-python311-django52",
        "2024-01-05-10-20-30-123",
        "-" * 80,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    ],
)
def test_names_are_not_random(name: str) -> None:
    assert len(name) >= 20
    assert not is_random(name)


@pytest.mark.parametrize("run", ["0" * 20, "a" * 20 + "0" * 32, "ab" * 16, "DEADBEEF" * 4])
def test_long_digits_and_hexadecimal_are_always_random(run: str) -> None:
    assert is_random(run)


def test_nothing_below_20_characters_is_random() -> None:
    assert not is_random("k3J9x0Qz7Lm2Vb8Tq1R")


def test_a_uuid_is_random() -> None:
    assert is_random("550e8400-e29b-41d4-a716-446655440000")


def test_base64_with_slashes_is_dense() -> None:
    drawn = [base64.b64encode(RANDOM.randbytes(24)).decode() for _ in range(400)]
    assert sum(not is_dense(run) for run in drawn) <= 2


@pytest.mark.parametrize(
    "name",
    ["application/xhtml+xml,application/xml", "src/shop/static/css/site.css", "shop.orders.models"],
)
def test_paths_and_dotted_names_are_not_dense(name: str) -> None:
    assert not is_dense(name)


def test_a_change_between_letter_and_digit_is_a_surprise() -> None:
    assert count_surprises("a1b2") == 3
    assert count_surprises("page-2") == 0
    assert count_surprises("userName") == 0
