from __future__ import annotations

import secrets

import pytest

from debugpanel.redaction import (
    MaskedHeaders,
    allowed_request_headers,
    allowed_response_headers,
    cookie_names,
    mask_set_cookie,
)
from debugpanel.redaction.headers import REQUEST_RULES, RESPONSE_RULES

UUID = "0b9f1b6e-3f0a-4a57-9a0e-0d6b8b1f2c3d"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Accept", "text/html,*/*;q=0.8", "text/html,*/*;q=0.8"),
        ("Host", "auth.example.com:8000", "auth.example.com:8000"),
        ("Host", "evil host", "[masked]"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("Referer", "https://u:p@h.example/a?q=1#x", "https://h.example/a?q=[masked]"),
        ("Origin", "https://h.example", "https://h.example"),
        ("Sec-Fetch-Mode", "navigate", "navigate"),
        ("traceparent", f"00-{'a' * 32}-{'b' * 16}-01", f"00-{'a' * 32}-{'b' * 16}-01"),
        ("traceparent", "anything", "[masked]"),
        ("X-Request-ID", UUID, UUID),
        ("X-Request-ID", "hunter2hunter2hunter2abc", "[masked]"),
        ("content-type", "multipart/form-data; boundary=x", "multipart/form-data; boundary=x"),
    ],
)
def test_an_allowed_request_header_is_shown(name: str, value: str, shown: str) -> None:
    assert allowed_request_headers({name: value}).values == {name.lower(): shown}


def test_other_request_headers_are_listed_by_name() -> None:
    masked = allowed_request_headers({"Authorization": "Basic x", "Cookie": "a=b", "X-Foo": "bar"})
    assert masked == MaskedHeaders(names=("Authorization", "Cookie", "X-Foo"))


def test_values_and_names_are_capped() -> None:
    masked = allowed_request_headers({"User-Agent": "word " * 100, "X-" + "long " * 30: "1"})
    assert len(masked.values["user-agent"]) == 256
    assert len(masked.names[0]) == 64


def test_at_most_64_names_are_listed() -> None:
    assert len(allowed_request_headers({f"X-{n}-Name": "1" for n in range(100)}).names) == 64


def test_allowed_response_headers_are_shown() -> None:
    masked = allowed_response_headers(
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("ETag", '"abc"'),
            ("Location", "/next?token=x"),
            ("Set-Cookie", "sessionid=abc; HttpOnly"),
            ("Set-Cookie", "lang=de; Path=/"),
            ("WWW-Authenticate", "Bearer realm=x"),
        ]
    )
    assert masked.names == ("WWW-Authenticate",)
    assert masked.values == {
        "content-type": "text/html; charset=utf-8",
        "etag": "present",
        "location": "/next?token=[masked]",
        "set-cookie": "sessionid; HttpOnly, lang; Path=/",
    }


@pytest.mark.parametrize("name", [*REQUEST_RULES, "Authorization", "X-Invented"])
def test_no_random_value_survives_in_a_request_header(name: str) -> None:
    canary = secrets.token_hex(12)
    assert canary not in repr(allowed_request_headers({name: canary}))


@pytest.mark.parametrize("name", [*RESPONSE_RULES, "WWW-Authenticate", "X-Invented"])
def test_no_random_value_survives_in_a_response_header(name: str) -> None:
    canary = secrets.token_hex(12)
    assert canary not in repr(allowed_response_headers({name: canary}))


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("sessionid=abc", "sessionid"),
        ("a=b=c; Secure; HttpOnly; Partitioned", "a; Secure; HttpOnly; Partitioned"),
        ("a=b; Max-Age=60; SameSite=Lax", "a; Max-Age=60; SameSite=Lax"),
        (
            "a=b; Max-Age=secret; Path=/x; Domain=.shop.example",
            "a; Max-Age=[masked]; Path=/x; Domain=.shop.example",
        ),
        ("a=b; expires=Thu, 01 Jan 2026 00:00:00 GMT", "a; expires=Thu, 01 Jan 2026 00:00:00 GMT"),
        ("a=b; Invented=secret; HttpOnly=secret", "a; HttpOnly=[masked]"),
        ("novalue; Path=/", "[masked]; Path=/"),
    ],
)
def test_of_a_cookie_name_and_known_attributes_are_kept(header: str, shown: str) -> None:
    assert mask_set_cookie(header) == shown


def test_cookie_names_come_without_values() -> None:
    assert cookie_names("a=secret; sessionid=x=y; lonely; größe=1") == ["a", "sessionid", "größe"]
    assert cookie_names("") == []


def test_at_most_64_cookie_names_are_kept() -> None:
    assert len(cookie_names("; ".join(f"c{n}=1" for n in range(100)))) == 64


def test_the_cookie_cut_in_two_is_left_out() -> None:
    assert cookie_names("a=" + "x" * 16_376 + "; hunter2=1") == ["a"]


@pytest.mark.usefixtures("failing_closed")
def test_odd_headers_give_nothing() -> None:
    assert allowed_request_headers(None) == MaskedHeaders()
    assert allowed_response_headers(object()) == MaskedHeaders()
    assert cookie_names(None) == []
    assert mask_set_cookie(None) == "[masked]"


def test_values_and_names_of_other_types_are_not_shown() -> None:
    assert allowed_request_headers({"Host": b"x"}).values == {"host": "[masked]"}
    assert allowed_request_headers({3: "x"}) == MaskedHeaders()
