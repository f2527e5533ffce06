"""What holds for every input: nothing raises, limits are kept, no planted secret survives."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debugpanel import redaction
from debugpanel.redaction.headers import REQUEST_RULES, RESPONSE_RULES
from debugpanel.redaction.text import mask_all

PIECES = [
    *"'\"`\\=:;,&?@%$#./-_()[]{}<> \n\0\ud800",
    *("password", "token", "key", "://", "%40", "Bearer ", "eyJ", "-----BEGIN X-----", "[masked]"),
    *(
        "4111 1111 1111 1111",
        "DE89",
        "a@b.c",
        "$2b$",
        "%s",
        "%(x)s",
        "%25",
        "0123456789",
        "k3J9x0Q",
    ),
]
text = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
)
scalar = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), text, st.binary(max_size=9)
)
data = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4)
)
headers = st.dictionaries(
    st.sampled_from([*REQUEST_RULES, *RESPONSE_RULES]) | text, text, max_size=9
)

ONE_TEXT: list[Callable[[str], object]] = [
    redaction.mask_path,
    redaction.mask_query,
    redaction.mask_url,
    redaction.mask_cache_key,
    redaction.mask_set_cookie,
    redaction.cookie_names,
    redaction.key_is_sensitive,
    redaction.describe,
    redaction.storable,
    mask_all,
]


def assert_storable(value: object) -> None:
    stored = json.dumps(value, ensure_ascii=False, allow_nan=False)
    assert "\\u0000" not in stored
    stored.encode()


@given(text)
@pytest.mark.parametrize("mask", ONE_TEXT, ids=lambda mask: mask.__name__)
def test_any_text_is_masked_without_a_fault(mask: Callable[[str], object], value: str) -> None:
    assert_storable(mask(value))


@given(text, st.integers(0, 60))
def test_limits_are_kept(value: str, limit: int) -> None:
    for mask in (redaction.mask_text, redaction.mask_message):
        masked = mask(value, limit)
        assert len(masked) <= limit
        assert_storable(masked)


@given(text, data)
def test_any_data_becomes_storable(key: str, value: object) -> None:
    assert_storable(redaction.mask_value(key, value))


@given(data, data)
def test_any_log_record_becomes_text(template: object, args: object) -> None:
    args = tuple(args) if isinstance(args, list) else args
    assert_storable(redaction.mask_log(template, args, 200))


@given(text, text, st.lists(data, max_size=4))
def test_any_exception_gets_a_message(name: str, module: str, args: list[object]) -> None:
    masked = redaction.exception_message(name, module, args)
    assert len(masked) <= 1024
    assert_storable(masked)


@given(headers)
def test_any_headers_become_storable(values: dict[str, str]) -> None:
    for allowed in (redaction.allowed_request_headers, redaction.allowed_response_headers):
        masked = allowed(values)
        assert_storable([masked.values, masked.names])


SURROUNDINGS = st.text("abc ,.;:/=&?'\"()[]{}\n", max_size=30)
CANARIES = [
    "9f86d081884c7d659a2feaa0c55ad015",
    "k3J9x0Qz7Lm2Vb8Tq1R9wXyz",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN",
    "4111111111111111",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
]
CARRIERS: list[Callable[[str], object]] = [
    lambda value: redaction.mask_text(value, 500),
    lambda value: redaction.mask_message(value, 500),
    lambda value: redaction.mask_value("note", value),
    lambda value: redaction.mask_value("note", {"deep": [value], value: 1}),
    lambda value: redaction.mask_value("note", json.dumps({"deep": [value]})),
    lambda value: redaction.mask_log(value, ()),
    lambda value: redaction.mask_log("%s and %r", (value, 1)),
    lambda value: redaction.mask_log("%s and %r", (value,)),
    lambda value: redaction.exception_message("ValueError", "builtins", [value]),
    lambda value: redaction.exception_message("KeyError", "builtins", [value]),
    lambda value: redaction.exception_message("OSError", "builtins", [2, value]),
    lambda value: redaction.mask_path("/" + value),
    lambda value: redaction.mask_query("page=" + value),
    lambda value: redaction.mask_url("https://h.example/?view=" + value),
    lambda value: redaction.mask_cache_key("cart:" + value),
    lambda value: redaction.allowed_request_headers({"User-Agent": value, "X-Other": value}),
    lambda value: redaction.allowed_response_headers({"Vary": value, "Set-Cookie": "a=" + value}),
    lambda value: redaction.cookie_names("a=" + value.replace(";", "")),
]


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary[:8])
@given(SURROUNDINGS, SURROUNDINGS)
@settings(max_examples=40)
def test_no_planted_secret_survives(canary: str, before: str, after: str) -> None:
    value = f"{before} {canary} {after}"
    for carry in CARRIERS:
        shown = repr(carry(value))
        for at in range(0, len(canary) - 8, 4):
            assert canary[at : at + 8] not in shown


@given(SURROUNDINGS.filter(lambda text: "\n" not in text), st.text("abcxyz0189!", min_size=6))
def test_no_value_of_a_sensitive_key_survives(before: str, secret: str) -> None:
    secret = f"Zq{secret}"
    for pair in (f"password={secret}", f"'token': '{secret}'", f'"api_key": "{secret} {secret}"'):
        assert secret not in redaction.mask_text(f"{before} {pair}", 500)


@given(text)
def test_masking_twice_shows_no_more_than_masking_once(value: str) -> None:
    once = redaction.mask_text(value, 10_000)
    assert len(redaction.mask_text(once, 10_000).replace("[masked]", "")) <= len(once)
