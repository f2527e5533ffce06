from __future__ import annotations

import pytest

from debugpanel.trace.traceparent import format_traceparent, parse_traceparent

TRACE, SPAN = "ab" * 16, "cd" * 8


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f" 00-{TRACE}-{SPAN}-01 ", True),
        (f"01-{TRACE}-{SPAN}-01-more", True),
    ],
)
def test_valid_headers_are_read(header: str, sampled: bool) -> None:
    assert parse_traceparent(header) == (TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "garbage",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        "0" * 10_000,
        None,
        b"00",
    ],
)
def test_anything_else_is_none(header: object) -> None:
    assert parse_traceparent(header) is None


def test_what_is_written_can_be_read() -> None:
    header = format_traceparent(int(TRACE, 16), int(SPAN, 16), sampled=True)
    assert parse_traceparent(header) == (TRACE, SPAN, True)
