"""kill -9 of a gunicorn worker under load: what is answered stays right, and recording goes on."""

from __future__ import annotations

import http.client
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.realworld.browser import Browser, Request, Response
from tests.realworld.conftest import Sites
from tests.realworld.crawler import CLIENTS, send_in_turn
from tests.realworld.panel import Store, read_store
from tests.realworld.runs import OFF, ON
from tests.realworld.servers import Server
from tests.realworld.sites import get
from tests.realworld.twin import differences

UNDER_LOAD = [get(f"/blog/post-{number}/") for number in range(30)] * 4
KILL_AFTER = len(UNDER_LOAD) // 3
AFTERWARDS = [get("/search/?query=loaf")] * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    usual: list[Response]
    """What a site without debugpanel answers to the same requests."""
    answered: list[Response]
    lost: int
    """Requests that were inside the worker when it died."""
    afterwards: list[Response]
    workers: int
    store: Store


@pytest.fixture(scope="module")
def aftermath(sites: Sites) -> Aftermath:
    original = sites.prepared("wagtail").original
    with original.copy("wagtail_unhurt").served("gunicorn", OFF) as server:
        usual = send_in_turn(browsers(server), UNDER_LOAD)
        server.stop()
    place = original.copy("wagtail_killed")
    with place.served("gunicorn", ON) as server:
        outcomes = send_and_kill(server)
        afterwards = send_in_turn(browsers(server), AFTERWARDS)
        workers = len(server.worker_ids())
        server.stop()
    return Aftermath(
        usual=usual,
        answered=[outcome for outcome in outcomes if outcome],
        lost=outcomes.count(None),
        afterwards=afterwards,
        workers=workers,
        store=read_store(place),
    )


def browsers(server: Server) -> list[Browser]:
    return [Browser(port=server.port) for _ in range(CLIENTS)]


def send_and_kill(server: Server) -> list[Response | None]:
    """All requests by four clients at once; None where the worker took the answer with it."""

    def send(numbered: tuple[int, Request]) -> Response | None:
        number, request = numbered
        if number == KILL_AFTER:
            os.kill(server.worker_ids()[0], signal.SIGKILL)
        try:
            return Browser(port=server.port).send(request)
        except (OSError, http.client.HTTPException):
            return None

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(send, enumerate(UNDER_LOAD)))


def test_only_what_was_inside_the_worker_is_lost(aftermath: Aftermath) -> None:
    assert aftermath.lost <= CLIENTS


def test_every_answer_is_the_usual_one(aftermath: Aftermath) -> None:
    by_request = {response.request: response for response in aftermath.usual}
    usual = [by_request[response.request] for response in aftermath.answered]
    assert differences(usual, aftermath.answered) == []


def test_another_worker_takes_its_place(aftermath: Aftermath) -> None:
    assert aftermath.workers == 2


def test_all_later_requests_are_recorded(aftermath: Aftermath) -> None:
    assert {response.status for response in aftermath.afterwards} == {200}
    paths = [trace.path for trace in aftermath.store.traces]
    assert paths.count("/search/") == len(AFTERWARDS)


def test_nothing_half_written_is_stored(aftermath: Aftermath) -> None:
    assert aftermath.store.undecodable == []
    assert len(aftermath.store.traces) <= len(UNDER_LOAD) + len(AFTERWARDS)
