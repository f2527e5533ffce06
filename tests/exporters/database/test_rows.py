from __future__ import annotations

import pytest

from debugpanel import conf
from debugpanel.exporters.database import rows
from tests.trace.examples import TRACE_ID, full_trace


def rows_of(trace, known=(), has_uuid_type=False):
    return rows.rows_of_trace(trace, conf.get(), known, has_uuid_type=has_uuid_type)


def column(trace, name):
    return dict(zip(rows.TRACES.columns, rows_of(trace).trace, strict=True))[name]


@pytest.mark.parametrize(
    ("has_uuid_type", "text"),
    [
        (False, "0199c8a15f007abc8def0123456789ab"),
        (True, "0199c8a1-5f00-7abc-8def-0123456789ab"),
    ],
)
def test_an_id_is_written_as_its_column_takes_it(has_uuid_type, text):
    assert rows.uuid_text(TRACE_ID, has_uuid_type=has_uuid_type) == text


def test_known_statements_are_left_out():
    assert rows_of(full_trace(), known={"00000000000000aa"}).statements == []


def test_an_error_without_an_event_is_known_by_its_fingerprint():
    found = rows_of(full_trace(errors=["gone"])).error_groups
    assert [row[:3] for row in found] == [("gone", "", "")]


def test_an_error_outside_the_project_is_placed_where_it_was_raised():
    trace = full_trace()
    event = trace.events[1]
    trace.events[1] = (*event[:6], [event[6][0]], *event[7:])
    assert rows_of(trace).error_groups[0][3] == "django/db/models/query.py"


def test_each_error_is_one_group():
    assert len(rows_of(full_trace(errors=["a", "b", "a"])).error_groups) == 2


@pytest.mark.parametrize(("status", "word"), [(0, 0), (99, 0), (204, 2), (599, 5), (600, 0)])
def test_a_status_has_a_class(status, word):
    assert column(full_trace(status=status), "status_class") == word


def test_a_route_may_have_its_own_idea_of_slow(settings):
    settings.DEBUGPANEL = {"SLOW_MS_BY_ROUTE": {"shop/orders/<int:pk>/": 50}}
    assert column(full_trace(), "slow_at") == column(full_trace(), "started")


def test_what_was_kept_as_slow_stays_slow():
    assert column(full_trace(reason="slow", duration_ns=1), "slow_at")


def test_texts_are_cut_visibly():
    assert column(full_trace(path="/" * 900), "path") == "/" * 499 + "…"


def test_a_long_route_is_one_route():
    one = rows.route_row("request", "a" * 300 + "b", "", 0)
    other = rows.route_row("request", "a" * 300 + "c", "", 0)
    assert one == other
