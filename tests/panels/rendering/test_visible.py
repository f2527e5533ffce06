from __future__ import annotations

import pytest

from debugpanel.panels.rendering.visible import visible, with_visible_text
from debugpanel.trace.model import Frame, Trace


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\tlines", "plain\n\tlines"),
        ("größer 日本 🙂", "größer 日本 🙂"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u200bb\x1b[31m\x07", "a\\u200bb\\x1b[31m\\x07"),
        ("line\u2028line\U000e0041", "line\\u2028line\\U000e0041"),
    ],
)
def test_hidden_characters_are_shown_as_their_escapes(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_every_text_of_a_trace_is_made_visible() -> None:
    trace = Trace()
    trace.path = "/\u202ex"
    trace.facts = {"q\u202e": ["\u202e"]}
    trace.stacks = {0: [Frame("\u202e.py", "f", 1, True)]}
    trace.spans = [(1, 2, "span", 3, 0, "\u202e", {"n": 1})]
    shown = with_visible_text(trace)
    assert "\u202e" not in "".join(map(str, shown.__dict__.values()))
    assert shown.stacks[0][0] == Frame("\\u202e.py", "f", 1, True)
    assert shown.spans[0] == (1, 2, "span", 3, 0, "\\u202e", {"n": 1})
