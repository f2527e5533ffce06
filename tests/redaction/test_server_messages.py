from __future__ import annotations

import pytest

from debugpanel.redaction.server_messages import mask_server_messages


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("DETAIL:  Key (a, lower(b))=(1, ada) exists.", "DETAIL:  Key (a, lower(b))=([masked]"),
        ("Failing row contains (7, ada, null).", "Failing row contains ([masked]"),
        ("Duplicate entry 'o'neil' for key 'a.b'", "Duplicate entry [masked]"),
        ('invalid input value for enum mood: "ada"', "invalid input value for enum mood: [masked]"),
        ('date/time field value out of range: "x"', "date/time field value out of range: [masked]"),
        ("Truncated incorrect DOUBLE value: 'x'", "Truncated incorrect DOUBLE value: [masked]"),
        ("failed\nLINE 1: SELECT 'ada'\n   ^", "failed\nLINE 1: [masked]\n   ^"),
        ("UNIQUE constraint failed: shop_user.mail", "UNIQUE constraint failed: shop_user.mail"),
        ("LINE 7 of the basket is empty", "LINE 7 of the basket is empty"),
    ],
)
def test_values_that_a_server_quotes_are_masked(message: str, masked: str) -> None:
    assert mask_server_messages(message) == masked
