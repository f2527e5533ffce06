from __future__ import annotations

import html
import re

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from debugpanel.viewer import paging
from tests.viewer.seeding import MS, plain_trace, store

pytestmark = pytest.mark.django_db(databases=["default", "debugpanel"])

LIST = "/admin/debugpanel/trace/"


def text_of(reader, query="", status=200):
    response = reader.get(LIST + query)
    assert response.status_code == status
    return response.content.decode()


def shown(text):
    return re.findall(r"/debugpanel/trace/([0-9a-f-]{36})/change/", text)


def words(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def link(text, label):
    return html.unescape(re.search(rf'<a href="([^"]*)">{label}</a>', text)[1])


def statements(reader, query=""):
    """What the page asked of the trace table."""
    with CaptureQueriesContext(connections["debugpanel"]) as captured:
        reader.get(LIST + query)
    return [entry["sql"] for entry in captured if "debugpanel_trace" in entry["sql"]]


def rename(table, *, to):
    with connections["debugpanel"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {to}")


def test_a_row_says_what_when_and_why(reader):
    store(plain_trace(status=500, unhandled=True, reason="error", user="42", query_count=7))
    row = words(text_of(reader))
    assert "GET shop/ orders/ <int:id>/ /shop/ orders/ 7/" in row
    assert "500 x 12.0 ms 7 error 42" in row


def test_signs_beside_the_numbers_say_what_was_wrong(reader):
    store(plain_trace(reason="pattern", query_count=61, duration_ns=2_140 * MS))
    assert "200 2,140 ms ! 61 =" in words(text_of(reader))


def test_newest_come_first(reader):
    old, new = store(plain_trace(ago_s=500)), store(plain_trace(ago_s=5))
    assert shown(text_of(reader)) == [str(new.pk), str(old.pk)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "server client slow posted"),
        ("?status=5", "server"),
        ("?status=4", "client"),
        ("?marker=error", "server"),
        ("?marker=slow", "slow"),
        ("?marker=error&window=all", "server"),
        ("?reason=slow", "slow"),
        ("?method=POST", "posted"),
        ("?window=1h", "server client"),
        ("?window=24h", "server client slow posted yesterday"),
        ("?window=all", "server client slow posted yesterday ancient"),
    ],
)
def test_filters(reader, query, found):
    rows = {
        "server": store(plain_trace(ago_s=1, status=503, reason="error")),
        "client": store(plain_trace(ago_s=2, status=404)),
        "slow": store(plain_trace(ago_s=4000, duration_ns=9_000 * MS, reason="slow")),
        "posted": store(plain_trace(ago_s=5000, method="POST")),
        "yesterday": store(plain_trace(ago_s=20 * 3600)),
        "ancient": store(plain_trace(ago_s=400 * 24 * 3600)),
    }
    names = {str(row.pk): name for name, row in rows.items()}
    assert [names[key] for key in shown(text_of(reader, query))] == found.split()


def test_reading_a_page_takes_two_statements(reader):
    for number in range(60):
        store(plain_trace(ago_s=number))
    assert len(statements(reader)) == 2


@pytest.mark.parametrize("query", ["", "?q=/shop/", "?status=5&marker=error&window=all", "?p=2"])
def test_no_statement_counts_or_reads_the_whole_table(reader, query):
    for number in range(60):
        store(plain_trace(ago_s=number, status=500))
    asked = statements(reader, query)
    assert asked
    for sql in asked:
        assert "LIMIT" in sql
        assert "DISTINCT" not in sql
        assert "%shop" not in sql


@pytest.mark.parametrize("query", ["?all=", "?all=1", "?window=all&all="])
def test_a_crafted_address_fetches_no_more_than_a_page(reader, query):
    for number in range(55):
        store(plain_trace(ago_s=number))
    assert len(shown(text_of(reader, query))) == 50


def test_the_count_stops_at_a_thousand(reader, monkeypatch):
    monkeypatch.setattr(paging, "MAX_COUNTED", 60)
    for number in range(61):
        store(plain_trace(ago_s=number))
    text = text_of(reader)
    assert "60 or more traces" in words(text)
    assert "Show all" not in text


def test_a_small_count_is_exact(reader):
    store(plain_trace())
    assert re.search(r"\b1 trace\b", words(text_of(reader)))


def test_older_pages_lose_and_repeat_no_row(reader):
    rows = [store(plain_trace(ago_s=number)) for number in range(120)]
    seen = []
    query = ""
    while query is not None:
        text = text_of(reader, query)
        seen.extend(shown(text))
        store(plain_trace(ago_s=0))
        query = link(text, "Older than these") if "Older than these" in text else None
    assert seen == [str(row.pk) for row in rows]


def test_rows_of_one_moment_are_told_apart_by_their_id(reader):
    moment = plain_trace().started_ns
    for number in range(120):
        store(plain_trace(started_ns=moment, id=plain_trace().id + number))
    first = text_of(reader)
    second = text_of(reader, link(first, "Older than these"))
    third = text_of(reader, link(second, "Older than these"))
    seen = [*shown(first), *shown(second), *shown(third)]
    assert len(seen) == len(set(seen)) == 120


def test_older_keeps_the_filters_and_can_be_taken_away(reader):
    for number in range(60):
        store(plain_trace(ago_s=number, status=500))
    query = link(text_of(reader, "?status=5"), "Older than these")
    text = text_of(reader, query)
    assert "status=5" in query
    assert "Older than 20" in words(text)
    assert len(shown(text_of(reader, link(text, "Newest")))) == 50


def test_sorting_by_duration_is_for_narrow_windows_only(reader):
    slow = store(plain_trace(ago_s=60, duration_ns=900 * MS))
    fast = store(plain_trace(ago_s=5))
    assert shown(text_of(reader, "?o=-3")) == [str(slow.pk), str(fast.pk)]
    assert shown(text_of(reader, "?o=-3&window=7d")) == [str(fast.pk), str(slow.pk)]


@pytest.mark.parametrize(
    "query",
    [
        "?status=9",
        "?status=%00",
        "?marker=x",
        "?reason=1;drop",
        "?method=BREW",
        "?window=forever",
        "?older=x",
        "?older=99999999999999999999999-" + "0" * 32,
        "?older=1-" + "g" * 32,
        "?older=%C2%B2-" + "0" * 32,
        "?p=99999",
        "?p=-1",
        "?path__icontains=x",
        "?route__name__regex=((((",
        "?nothing=1",
        "?_to_field=path",
        "?e=1&status=9",
    ],
)
def test_an_address_that_makes_no_sense_gets_a_sentence(reader, query):
    for number in range(51):
        store(plain_trace(ago_s=number))
    text = text_of(reader, query, status=400)
    assert "does not have" in text
    assert 'id="header"' in text


@pytest.mark.parametrize("query", ["?p=x", "?o=99.x", "?q=%00", "?q=%ED%A0%80", "?e=1"])
def test_an_address_that_can_be_read_in_part_is(reader, query):
    row = store(plain_trace())
    response = reader.get(LIST + query)
    assert response.status_code == 200
    if not query.startswith("?q=%ED"):
        assert str(row.pk) in response.content.decode()


def test_an_empty_table_says_what_would_record(reader, settings):
    settings.DEBUGPANEL = {"SAMPLE_RATE": 0.05}
    said = words(text_of(reader))
    assert "No trace is stored yet." in said
    assert "SAMPLE_RATE = 0.05" in said
    assert "python manage.py debugpanel_doctor" in said


def test_an_empty_table_says_that_recording_is_off(reader, settings):
    settings.DEBUGPANEL = {"ENABLED": False}
    assert "Recording is switched off" in words(text_of(reader))


def test_an_empty_window_leads_to_what_is_stored(reader):
    row = store(plain_trace(ago_s=10 * 3600))
    text = text_of(reader)
    assert "No trace is stored from the past 6 hours." in words(text)
    assert shown(text_of(reader, link(text, "Show all that is stored"))) == [str(row.pk)]


def test_filters_that_match_nothing_can_be_cleared(reader):
    row = store(plain_trace())
    text = text_of(reader, "?status=5")
    assert "No trace matches." in words(text)
    assert shown(text_of(reader, link(text, "Clear all filters"))) == [str(row.pk)]


@pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])
def test_missing_tables_are_said_with_their_cure(reader):
    rename("debugpanel_trace", to="elsewhere")
    try:
        said = words(text_of(reader, status=503))
    finally:
        rename("elsewhere", to="debugpanel_trace")
    assert "python manage.py migrate debugpanel --database debugpanel" in said
