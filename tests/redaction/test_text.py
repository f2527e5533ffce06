from __future__ import annotations

import pytest

from debugpanel.redaction import mask_message, mask_text, text
from debugpanel.trace.values import MAX_TEXT

SECRET = "k3J9x0Qz7Lm2Vb8Tq1R9w"


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        ("nothing to see", "nothing to see"),
        ("GET /search?q=foo&page=3 HTTP/1.1", "GET /search?q=[masked]&page=3 HTTP/1.1"),
        ("postgres://u:pw@db:5432/shop", "postgres://db:5432/shop"),
        ("postgres://u:p/w@db/shop", "postgres://[masked]"),
        ("see (https://a.example/b).", "see (https://a.example/b)."),
        ("https://a.example/?t=x#frag", "https://a.example/?t=[masked]"),
        ("why? because a=b", "why? because a=b"),
        ("Authorization=Bearer abc def", "Authorization=[masked] [masked] def"),
        ("a\0b \ud800", "a\ufffdb \ufffd"),
    ],
)
def test_text_is_masked(raw: str, masked: str) -> None:
    assert mask_text(raw, 500) == masked


def test_masking_comes_before_the_cut() -> None:
    raw = f"key is {SECRET}"
    assert mask_text(raw, 12) == "key is [mas…"


def test_a_long_text_loses_its_last_word_and_its_rest() -> None:
    raw = "word " * 3_276 + "abcdefgh" + " more"
    masked = mask_text(raw, 100_000)
    assert masked.endswith("word [masked]")
    assert "abcd" not in masked


def test_a_long_text_of_one_word_is_masked_as_a_whole() -> None:
    assert mask_text("x" * MAX_TEXT, 100) == "[masked]"


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        ("invalid literal: 'abc'", "invalid literal: '[masked]'"),
        ("with b'abc' inside", "with b'[masked]' inside"),
        ('no "such" thing', 'no "[masked]" thing'),
        ("`a` and “b” and ‘c’ and «d»", "`[masked]` and “[masked]” and ‘[masked]’ and «[masked]»"),  # noqa: RUF001
        ("can't open user's file 'x y'", "can't open user's file '[masked]'"),
        ("it's 'O'Brien' here", "it's '[masked]' here"),
        ("l'objet 'x'", "l'objet '[masked]'"),
        (r"was 'a\'b c' once", "was '[masked]' once"),
        ("never 'closed and so on", "never '[masked]"),
        ("never 'closed\"", "never '[masked]\""),
        ("ends in '", "ends in '[masked]"),
        ("password=hunter2 for 'bob'", "password=[masked] for '[masked]'"),
    ],
)
def test_a_message_loses_what_it_quotes(raw: str, masked: str) -> None:
    assert mask_message(raw, 500) == masked


@pytest.mark.usefixtures("failing_closed")
@pytest.mark.parametrize("mask", [mask_text, mask_message])
def test_what_is_no_text_becomes_a_marker(mask: object) -> None:
    assert mask(None, 100) == "[masked]"
    assert mask(["x"], 100) == "[masked]"


@pytest.mark.usefixtures("failing_closed")
def test_a_detector_that_raises_masks_the_whole_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> str:
        raise RuntimeError(text)

    monkeypatch.setattr(text, "mask_secrets", broken)
    assert mask_text("a value: x1", 100) == "[masked]"


@pytest.mark.usefixtures("failing_closed")
def test_a_rule_that_fails_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from debugpanel import guard

    monkeypatch.setattr(guard, "breakers", {})
    mask_text(None, 100)
    assert guard.breakers["redaction"].total_failures == 1
