from __future__ import annotations

import re
import zlib

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from debugpanel import defaults, guard
from debugpanel.panels.base import Panel
from debugpanel.trace import codec
from tests.viewer.seeding import overflowed_trace, plain_trace, rich_trace, store
from tests.viewer.test_changelist import LIST, words

pytestmark = pytest.mark.django_db(databases=["default", "debugpanel"])

UNKNOWN = "0192f3c0a1b27c3d8e4f5a6b7c8d9e0f"


class BrokenPanel(Panel):
    name = "broken"
    title = "Broken"
    template = "debugpanel/panels/logs.html"

    def context(self, trace):
        raise RuntimeError("secret of the host")


def page_of(reader, row, status=200):
    response = reader.get(f"{LIST}{row.pk}/change/")
    assert response.status_code == status
    return response.content.decode()


def panels_of(text):
    return re.findall(r'<section class="module dp-panel" id="dp-(\w+)"', text)


def test_a_rich_trace_shows_every_panel_in_order(reader):
    text = page_of(reader, store(rich_trace()))
    expected = ["summary", "timeline", "sql", "exceptions", "logs", "spans", "request"]
    assert panels_of(text) == expected
    assert "GET shop/orders/&lt;int:id&gt;/ · 200 · 870 ms" in text


def test_a_bare_trace_shows_only_what_there_is(reader):
    assert panels_of(page_of(reader, store(plain_trace()))) == ["summary", "request"]


def test_a_trace_past_its_limits_says_so(reader):
    said = words(page_of(reader, store(overflowed_trace())))
    assert "9,500 spans past the limit of one trace are only summed up" in said


def test_the_page_reads_the_store_once(reader):
    row = store(rich_trace())
    with CaptureQueriesContext(connections["debugpanel"]) as captured:
        page_of(reader, row)
    assert len(captured) == 1


PAYLOADS = {
    "empty": b"",
    "cut short": codec.encode(rich_trace())[:40],
    "not compressed": b"\x01hello",
    "from the future": b"\xc8" + zlib.compress(b"[]"),
    "another shape": b"\x01" + zlib.compress(b'{"a": 1}'),
    "a bomb": b"\x01" + zlib.compress(b"0" * 50_000_000),
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=list(PAYLOADS))
def test_a_payload_that_cannot_be_read_leaves_the_summary(reader, payload):
    said = words(page_of(reader, store(rich_trace(), payload=payload)))
    assert "The stored trace" in said
    assert "What the list knows of it is shown." in said
    assert "53 queries, 527 ms" in said


def test_a_missing_payload_leaves_the_summary(reader):
    text = page_of(reader, store(plain_trace(user="42"), has_payload=False))
    assert "Its spans and events are not stored." in text
    assert "12.0 ms" in text


@pytest.mark.parametrize("object_id", [UNKNOWN, "0192f3c0-a1b2-7c3d-8e4f-5a6b7c8d9e0f"])
def test_a_trace_that_is_not_stored_gets_a_page_that_says_why(reader, object_id, settings):
    settings.DEBUGPANEL = {"SAMPLE_RATE": 0.02, "RETENTION_DAYS": 3}
    for address in (f"{LIST}{object_id}/change/", f"{LIST}id/{object_id}/"):
        response = reader.get(address)
        said = words(response.content.decode())
        assert response.status_code == 404
        assert "This trace is not stored" in said
        assert "0.02 of all others" in said
        assert "kept for 3 days" in said


@pytest.mark.parametrize(
    "object_id",
    ["1", "x" * 32, "%00", "..%2F..", "%ED%A0%80", "0" * 5000, "{" + "0" * 30],
)
def test_what_is_no_id_gets_a_page_too(reader, object_id):
    response = reader.get(f"{LIST}{object_id}/change/")
    assert response.status_code == 404
    assert "This is not a trace id" in response.content.decode()
    assert 'id="header"' in response.content.decode()


def test_a_panel_that_fails_costs_only_itself(reader, settings, monkeypatch):
    monkeypatch.setattr(guard, "raises_errors", False)
    monkeypatch.setattr(guard, "breakers", {})
    broken = f"{__name__}.BrokenPanel"
    settings.DEBUGPANEL = {"PANELS": [broken, "no.such.Panel", *defaults.PANELS]}
    text = page_of(reader, store(rich_trace()))
    assert panels_of(text)[:3] == ["brokenpanel", "panel", "summary"]
    assert "RuntimeError in context" in text
    assert "secret of the host" not in text
    assert guard.breakers[f"panel {broken}"].total_failures == 1


def test_a_panel_from_outside_is_shown(reader, settings):
    settings.DEBUGPANEL = {"PANELS": [f"{__name__}.NotesPanel"]}
    text = page_of(reader, store(rich_trace()))
    assert panels_of(text) == ["notes"]


class NotesPanel(Panel):
    name = "notes"
    title = "Notes"
    template = "debugpanel/panels/logs.html"

    def context(self, trace):
        return {"rows": []}


@pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])
def test_what_the_exporter_stored_is_what_the_page_shows(reader):
    from debugpanel.exporters.database import DatabaseExporter

    exporter = DatabaseExporter()
    trace = rich_trace()
    assert exporter.write([trace]) == 1
    exporter.close()
    said = words(reader.get(f"{LIST}{trace.hex_id}/change/").content.decode())
    assert "N+1: one query was sent 51 times from tests/viewer/seeding.py:20" in said
