from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from debugpanel.redaction import detectors
from debugpanel.redaction.detectors import DETECTORS, is_card, is_harmless, mask_pairs, mask_secrets
from debugpanel.redaction.urls import mask_urls_in

HEX = "9f86d081884c7d659a2feaa0c55ad015"
SIGNATURE = "hZDCce0Q8uiTFI_1Tz9MenDNIdU9OPUQhl_lPv_6hoY"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        # JWT and other dotted values
        (f"got {JWT} here", "got [masked] here"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "[masked]"),
        (f"cart.items1.{SIGNATURE}", "[masked]"),
        # values after a scheme
        ("Bearer abc", "Bearer [masked]"),
        ("bearer: abc, x", "bearer: [masked], x"),
        ("Basic dXNlcjpwdw== then", "Basic [masked] then"),
        ("Basic%20dXNlcjpwdw", "Basic%20[masked]"),
        ('Digest username="Mufasa", response="6629"', "Digest [masked]"),
        ("Negotiate YII=", "Negotiate [masked]"),
        # PEM
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x", "[masked:pem] x"),
        ("a -----BEGIN PRIVATE KEY-----\nMII without an end", "a [masked:pem]"),
        # Django signed values and password hashes
        (f"hello:1tLkq9:{SIGNATURE} x", "[masked] x"),
        ("cart=hello:1tLkq9:hZDCce0Q8uiTFI_1Tz9MenDNIdU", "cart=[masked]"),
        ("pbkdf2_sha256$600000$salt$aGFzaA== x", "[masked] x"),
        ("argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA", "[masked]"),
        ("bcrypt_sha256$$2b$12$N9qo8uLOickgx2ZMRZoMye", "[masked]"),
        ("is $2b$12$N9qo8uLO now", "is [masked] now"),
        ("md5$salt$hash", "[masked]"),
        # keys of vendors
        ("AKIAIOSFODNN7EXAMPLE", "[masked]"),
        ("ghp_aaaaaaaaaaaaaaaaaaaa", "[masked]"),
        ("sk_live_aaaaaaaaaaaaaaaaaaaa", "[masked]"),
        ("xoxb-aaaaaaaaaaaaaaaaaaaa", "[masked]"),
        # random runs
        (f"at {HEX} now", "at [masked] now"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[masked]"),
        ("static/vendor-3f2b1c9d8a7e6f5d4c3b.js", "static/[masked].js"),
        ("k3J9x0Qz7Lm2%2DVb8Tq1R9w", "[masked]"),
        # e-mail addresses
        ("to john.doe@example.com now", "to [masked:email]@example.com now"),
        ("john.doe%40example.com", "[masked:email]@example.com"),
        ("'john@example.com'", "'[masked:email]@example.com'"),
        ("o'brien+x@example.com", "[masked:email]@example.com"),
        ("<jürgen@müller.de>", "<[masked:email]@müller.de>"),
        # cards
        ("card 4111111111111111.", "card [masked:card]."),
        ("4111 1111 1111 1111 12/27", "[masked:card] 12/27"),
        ("3782-822463-10005", "[masked:card]"),
        ("order 1000 4111-1111-1111-1111", "order [masked:card]"),
        ("4111111111111111 12345678901234567890123", "[masked:card] [masked]"),
        # IBAN
        ("IBAN DE89 3704 0044 0532 0130 00 ok", "IBAN [masked:iban] ok"),
        ("gb82west12345698765432", "[masked:iban]"),
        ("ab12 NO93 8601 1117 947", "ab12 [masked:iban]"),
    ],
)
def test_a_secret_is_found(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "2024-01-05T12:30:45.123456+00:00",
        "1732157000123 and 1732157000123456789",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "shop/templates/shop/product_detail.html:42",
        "4111111111111112",
        "DE89 3704 0044 0532 0130 01",
        "/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82-%D0%BC%D0%B8%D1%80/",
        "192.168.100.200:8000",
        "@property",
        "costs $5 or $6",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password=hunter2, user=bob", "password=[masked], user=bob"),
        ("password=a,b&c user", "password=[masked] user"),
        ("token=abc&page=2", "token=[masked]&page=2"),
        ("pwd = x y", "pwd = [masked] y"),
        ("password: correct horse, user: bob", "password: [masked], user: bob"),
        ("passphrase: one, two\nnext", "passphrase: [masked]\nnext"),
        ("{'api_key': 'a\"b', 'x': 1}", "{'api_key': [masked], 'x': 1}"),
        ('{"token": "x \\" y", "a": 1}', '{"token": [masked], "a": 1}'),
        ('{\\"token\\": \\"x y\\", 1}', '{\\"token\\": [masked], 1}'),
        ("secret=b'x y' z", "secret=[masked] z"),
        ("settings['PASSWORD'] = 'x y'", "settings['PASSWORD'] = [masked]"),
        ("token = {'a': 'b', 'c': 'd'}", "token = [masked]"),
        ("Key (email)=(x@y.z) exists", "Key (email)=[masked]"),
        ("password => x", "password => [masked]"),
        ("token == 'x'", "token == [masked]"),
        ("https://auth.example.com:8000/", "https://auth.example.com:8000/"),
        ("[masked:email]: later", "[masked:email]: later"),
        ("password=[masked] x", "password=[masked] x"),
        ("password=&page=2", "password=&page=2"),
        ("a = 1; b: 2", "a = 1; b: 2"),
    ],
)
def test_the_value_of_a_sensitive_key_is_masked(text: str, masked: str) -> None:
    assert mask_pairs(text) == masked


def test_a_project_adds_keys_to_pairs() -> None:
    assert mask_pairs("loyalty=7", extra_keys=frozenset({"loyalty"})) == "loyalty=[masked]"


def test_an_unclosed_quotation_is_masked_to_the_end() -> None:
    assert mask_pairs("password='hunter2 and so on") == "password=[masked]"


@pytest.mark.parametrize("digits", ["4111111111111111", "378282246310005", "30569309025904"])
def test_the_luhn_digit_tells_a_card(digits: str) -> None:
    assert is_card(digits)
    assert not is_card(digits[:-1] + str((int(digits[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "text",
    ["", "the product 42 (blue) was sold", "Page not found.", "took: 2.5 s", "a=b", "a::b/c"],
)
def test_harmless_text_needs_no_detector(text: str) -> None:
    assert is_harmless(text)


@pytest.mark.parametrize(
    "text",
    [
        "a@b",
        "http://a",
        "//a",
        "Basic x",
        "x:Bearer=y",
        "x sk-abcdefghijklmnop",
        "4111.11 1111",
        "eyJhbGciOi",
        "4111 1111 1111 1111",
        "a" * 20,
        "x1",
        "-----BEGIN X-----",
    ],
)
def test_what_a_detector_must_see_is_not_harmless(text: str) -> None:
    assert not is_harmless(text)


HARMLESS_PIECES = [
    *" .,/()!':=-_\n",
    *("a", "Zeit", "SG", "sk", "hf_", "DE", "eyJ", "bearer", "basic", "password", "abcdefghij"),
    *("1", "42", "411", "4111", "1111", "12345678901", "2.5", "89", "%40", "?a=b"),
]


@given(st.lists(st.sampled_from(HARMLESS_PIECES), max_size=16).map("".join))
@settings(max_examples=300)
def test_in_harmless_text_no_detector_finds_anything(text: str) -> None:
    assume(is_harmless(text))
    assert mask_secrets(text) == mask_urls_in(text) == text


ADVERSARIAL = [
    "a" * 16_000,
    "a.b@" * 4_000,
    "a'" * 8_000,
    "a@" * 8_000,
    "eyJ." * 4_000,
    "ab.c" * 4_000,
    "abcd." * 3_200,
    "1 " * 8_000,
    "4111 " * 3_200,
    "111-" * 4_000,
    "DE89 " * 3_200,
    "%41" * 5_000,
    "://" * 5_000,
    "?a=" * 5_000,
    "a=b " * 4_000,
    "a:" * 8_000,
    "password=" * 1_700,
    'token="' * 2_200,
    "\\" * 16_000,
    "[" * 16_000,
    "'\"`" * 5_000,
    "-----BEGIN " * 1_400,
    "-----BEGIN X-----" * 900,
    "pbkdf2_" * 2_200,
    "$a" * 8_000,
    "basic " * 2_600,
    "a-" * 8_000,
    "0" * 16_000,
    " " * 16_000,
]


@pytest.mark.parametrize("text", ADVERSARIAL, ids=lambda text: text[:12])
@pytest.mark.parametrize("detect", [*DETECTORS, mask_pairs, is_harmless], ids=lambda f: f.__name__)
def test_adversarial_text_is_read_to_the_end(detect: object, text: str) -> None:
    assert isinstance(detect(text), str | bool)


def test_every_mask_function_of_the_module_is_in_the_list() -> None:
    own = {f for name, f in vars(detectors).items() if name.startswith("mask_")}
    assert own - set(DETECTORS) == {mask_pairs, mask_secrets}
