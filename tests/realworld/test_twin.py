"""A site that nobody here wrote answers the same with debugpanel inside as without."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from tests.realworld.browser import Response
from tests.realworld.conftest import Twin
from tests.realworld.logs import new_complaints, new_lines
from tests.realworld.panel import TRACE_PAGE
from tests.realworld.runs import Run, shape_of
from tests.realworld.twin import differences

LEAST_PAGES = {"gunicorn": 300, "uvicorn": 100}
LEAST_ANSWERED = 0.85
MOST_SHOWN = 10

# What the driver and Django's transactions send by themselves.
NOT_OF_THE_CODE = (
    *("SELECT set_config(", "FETCH ", "CLOSE "),
    *("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"),
)
WARMING_STATEMENTS = 1
"""Sent by `warm.py` before the first request."""


def test_the_crawl_reaches_pages_of_site_and_admin(twin: Twin) -> None:
    answered = {page.request.path for page in twin.on.responses if page.status == 200}
    assert twin.pages >= LEAST_PAGES[twin.on.kind]
    assert len(answered) >= LEAST_ANSWERED * twin.pages


def test_the_admin_answers_the_clients_that_logged_in(twin: Twin) -> None:
    admin = twin.on.place.site.admin
    answers = [r for r in twin.on.responses if r.request.path.startswith(admin)]
    assert [r.status for r in answers].count(200) > len(answers) / 2


def test_two_runs_without_debugpanel_are_alike(twin: Twin) -> None:
    assert_alike(twin.off, twin.off_again)


def test_status_headers_and_body_are_those_without_debugpanel(twin: Twin) -> None:
    assert_alike(twin.off, twin.on)


def assert_alike(one: Run, other: Run) -> None:
    found = differences(one.responses, other.responses)
    shown = [f"{len(found)} differ:", *found[:MOST_SHOWN]]
    logged = sorted(new_lines(one, [other]) | new_lines(other, [one]))
    assert not found, "\n".join([*shown, "only one of the servers logged:", *logged])


def test_two_runs_without_debugpanel_send_the_same_statements(twin: Twin) -> None:
    assert shapes(twin.off.statements()) == shapes(twin.off_again.statements())


def test_the_site_sends_not_one_statement_more(twin: Twin) -> None:
    assert len(twin.off.statements()) > twin.requests
    assert shapes(twin.on.statements()) == shapes(twin.off.statements())


def test_no_connection_of_the_site_touches_the_tables_of_debugpanel(twin: Twin) -> None:
    assert [sql for sql in twin.on.statements() if "debugpanel_" in sql] == []


def shapes(statements: list[str]) -> Counter[str]:
    return Counter(map(shape_of, statements))


def test_the_server_logs_nothing_that_it_does_not_log_without_debugpanel(twin: Twin) -> None:
    assert new_lines(twin.on, [twin.off, twin.off_again]) == set()


def test_the_database_complains_of_nothing_new(twin: Twin) -> None:
    assert new_complaints(twin.on, [twin.off, twin.off_again]) == set()


def test_the_server_ends_as_without_debugpanel(twin: Twin) -> None:
    assert twin.on.exit_code == twin.off.exit_code


def test_it_is_the_built_wheel_that_runs(twin: Twin) -> None:
    assert "site-packages" in twin.store.installed_file


def test_every_request_is_counted(twin: Twin) -> None:
    assert twin.store.counted == twin.requests


def test_every_request_is_counted_with_its_status(twin: Twin) -> None:
    sent = Counter(response.status // 100 for response in twin.on.responses)
    assert twin.store.status_classes == [sent[number] for number in range(6)]


def test_every_request_is_kept_at_a_rate_of_one(twin: Twin) -> None:
    sent = Counter((page.request.method, page.status) for page in twin.on.responses)
    assert Counter((trace.method, trace.status) for trace in twin.store.traces) == sent


def test_traces_are_found_by_the_path_of_their_request(twin: Twin) -> None:
    sent = Counter(urlsplit(page.request.path).path for page in twin.on.responses)
    kept = Counter(trace.path for trace in twin.store.traces)
    plain = {path: count for path, count in sent.items() if path.isascii() and "%" not in path}
    assert {path: kept[path] for path in plain} == plain


def test_every_kept_trace_decodes(twin: Twin) -> None:
    assert twin.store.undecodable == []


def test_traces_hold_what_the_site_did(twin: Twin) -> None:
    kinds = {kind for trace in twin.store.traces for kind in trace.kinds}
    assert {"cache", "sql", "template", "view"} <= kinds


def test_traces_hold_every_statement_that_the_site_sent(twin: Twin) -> None:
    sent = [sql for sql in twin.on.statements() if not sql.startswith(NOT_OF_THE_CODE)]
    recorded = sum(trace.statements for trace in twin.store.traces)
    assert recorded == len(sent) - WARMING_STATEMENTS


def test_the_list_leads_to_every_trace(twin: Twin) -> None:
    assert {trace.id for trace in twin.store.traces} <= twin.visit.trace_ids()


def test_every_trace_opens_in_the_admin(twin: Twin) -> None:
    assert [page.request.path for page in twin.visit.traces if page.status != 200] == []


def test_a_page_of_a_trace_shows_its_request(twin: Twin) -> None:
    by_id = {trace.id: trace for trace in twin.store.traces}
    pages = [page for page in twin.visit.traces if shown_id(page) in by_id]
    assert len(pages) == len(by_id)
    for page in pages:
        trace = by_id[shown_id(page)]
        assert trace.route.encode() in page.body or trace.path.encode() in page.body


def shown_id(page: Response) -> str:
    found = TRACE_PAGE.search(page.request.path)
    return found[1].replace("-", "") if found else ""


def test_looking_at_traces_logs_no_error(twin: Twin) -> None:
    assert "Traceback" not in twin.visit.server_log
    assert "debugpanel" not in twin.visit.server_log
