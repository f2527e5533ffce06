from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid

import pytest

from debugpanel.redaction import describe, mask_value


class Hostile:
    """Every way of looking at it fails."""

    def _fail(self, *args: object) -> None:
        raise AssertionError("an application's object was asked")

    __repr__ = __str__ = __format__ = __len__ = __iter__ = __bool__ = __eq__ = _fail
    __hash__ = __getattr__ = _fail


class HostileText(str):
    __slots__ = ()
    __str__ = __repr__ = __len__ = lower = strip = Hostile._fail


class Meta(type):
    def __getattribute__(cls, name: str) -> object:
        raise AssertionError("an application's class was asked")


class HostileClass(metaclass=Meta):
    pass


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "True"),
        (42, "42"),
        (1.5, "1.5"),
        (float("inf"), "inf"),
        (4111111111111111, "[masked:card]"),
        (2**70, "[masked]"),
        ("plain", "plain"),
        ("password=x", "password=[masked]"),
        (b"secret", "<bytes: 6>"),
        ([1, 2], "<list: 2>"),
        ({"a": 1}, "<dict: 1>"),
        ((1,), "<tuple: 1>"),
        (dt.date(2024, 1, 5), "2024-01-05"),
        (dt.datetime(2024, 1, 5, 12, 30, tzinfo=dt.UTC), "2024-01-05 12:30:00+00:00"),
        (decimal.Decimal("9.99"), "9.99"),
        (uuid.UUID(int=0x550E8400E29B41D4A716446655440000), "[masked]"),
        (object(), "<object>"),
    ],
    ids=lambda value: "value",
)
def test_scalars_are_shown_and_the_rest_by_type_and_size(value: object, shown: str) -> None:
    assert describe(value) == shown


def test_objects_of_the_application_are_not_asked() -> None:
    assert describe(Hostile()) == "<Hostile>"
    assert describe(HostileText("x")) == "<HostileText>"
    assert describe(HostileClass()) == "<HostileClass>"
    assert mask_value("password", Hostile()) == "[masked]"


def test_a_description_keeps_its_limit() -> None:
    assert describe("word " * 100, 20) == "word word word word…"


@pytest.mark.parametrize("value", ["x", 1, None, ["x"], {"a": 1}])
def test_anything_under_a_sensitive_key_is_masked(value: object) -> None:
    assert mask_value("api_key", value) == "[masked]"


def test_nested_data_is_masked_by_its_own_keys() -> None:
    value = {"sku": 3, "user": {"Password": "x", "tags": ("a", "token=b")}, 7: {"pin": 1}}
    assert mask_value("data", value) == {
        "sku": 3,
        "user": {"Password": "[masked]", "tags": ["a", "token=[masked]"]},
        "7": {"pin": "[masked]"},
    }


def test_objects_inside_are_named_by_type() -> None:
    assert mask_value("data", [Hostile(), HostileText("x"), {1}]) == [
        "<Hostile>",
        "<HostileText>",
        [1],
    ]


def test_a_key_that_looks_secret_is_masked() -> None:
    assert mask_value("data", {"k3J9x0Qz7Lm2Vb8Tq1R9w": 1}) == {"[masked]": 1}


def test_text_that_is_json_is_masked_as_data() -> None:
    masked = mask_value("body", '{"name": "x", "nested": [{"secret": "y"}]}')
    assert json.loads(masked) == {"name": "x", "nested": [{"secret": "[masked]"}]}


def test_text_that_is_a_url_is_masked_as_one() -> None:
    assert mask_value("link", "https://u:p@h.example/?q=1") == "https://h.example/?q=[masked]"


def test_nesting_ends_at_depth_16() -> None:
    value: object = "deep"
    for _ in range(17):
        value = [value]
    assert str(mask_value("data", value)) == "[" * 16 + "'[masked]'" + "]" * 16


def test_nested_json_text_is_bounded_too() -> None:
    assert mask_value("data", "[" * 5_000 + "]" * 5_000).startswith("[[")


def test_a_list_that_holds_itself_ends() -> None:
    value: list[object] = []
    value.append(value)
    assert "[masked]" in str(mask_value("data", value))


def test_items_beyond_1000_are_masked_as_a_whole() -> None:
    masked = mask_value("data", {"first": list(range(2_000)), "second": 1})
    assert masked == {"first": [*range(999), "[masked]"], "[masked]": "[masked]"}


def test_odd_numbers_become_storable() -> None:
    assert mask_value("n", [float("nan"), 2**63]) == ["nan", "9223372036854775808"]


def test_a_project_adds_keys() -> None:
    assert mask_value("x", {"loyalty": 1}, extra_keys=frozenset({"loyalty"})) == {
        "loyalty": "[masked]"
    }


def test_pairs_of_a_name_and_a_value_are_known() -> None:
    value = [("token", "a b"), ["password", {"x": 1}], ("page", "two"), ("token", "a", "b")]
    assert mask_value("found", value) == [
        ["token", "[masked]"],
        ["password", "[masked]"],
        ["page", "two"],
        ["token", "a", "b"],
    ]


def test_the_name_in_a_pair_is_masked_too() -> None:
    assert mask_value("found", [("password john@example.com", 1)]) == [
        ["password [masked:email]@example.com", "[masked]"]
    ]
