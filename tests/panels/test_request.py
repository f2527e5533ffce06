from __future__ import annotations

from debugpanel.panels.request import RequestPanel
from debugpanel.trace.model import Trace
from tests.panels.showing import markup, words
from tests.viewer.seeding import MS, plain_trace, rich_trace

PANEL = RequestPanel()


def test_both_sides_of_the_exchange_are_shown():
    said = words(PANEL, rich_trace())
    assert said.startswith("Request Request GET /shop/orders/7/ Scheme https")
    assert "Cookies sessionid, csrftoken accept text/html" in said
    assert "Response Status 200 content-type text/html" in said


def test_headers_whose_values_are_not_stored_are_named():
    assert "authorization value not stored" in words(PANEL, rich_trace())


def test_masked_values_are_shown_as_such():
    text = markup(PANEL, rich_trace())
    assert 'page=2&amp;token=<span class="dp-masked">[masked]</span>' in text


def test_headers_are_data():
    text = markup(PANEL, rich_trace())
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_stream_says_when_its_first_byte_was_ready():
    assert "First byte after 3.00 ms" in words(PANEL, plain_trace(first_byte_ns=3 * MS))


def test_sizes_have_their_unit():
    assert "Size sent 2.0 kB" in words(PANEL, plain_trace(facts={"response_bytes": 2048}))


def test_a_trace_without_a_request_has_no_such_panel():
    assert not PANEL.is_for(Trace())
