from __future__ import annotations

import pytest

from debugpanel.panels.rendering import values


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (3, "3"),
        ("<b>", "&lt;b&gt;"),
        ({"a": [1, None], "<": "x"}, "a: 1, , &lt;: x"),
        ("[masked]", '<span class="dp-masked">[masked]</span>'),
        ("a [masked:card]<", 'a <span class="dp-masked">[masked:card]</span>&lt;'),
        ("[masked", "[masked"),
    ],
)
def test_values_are_data_and_masks_are_marked(value, shown):
    assert values.shown(value) == shown


def test_a_long_value_is_cut_with_its_length():
    shown = values.shown("<" * 10_000)
    assert shown.endswith("… (10,000 characters)")
    assert "<" not in shown


def test_pairs_come_from_mappings_and_from_pairs():
    assert values.pairs({"a": 1}) == values.pairs([("a", 1)]) == [("a", "1")]
    assert values.pairs(None) == []
