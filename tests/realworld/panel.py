"""What debugpanel stored, and its pages as a member of staff opens them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.realworld.browser import Browser, Request, Response
from tests.realworld.crawler import CLIENTS, links_of, send_in_turn
from tests.realworld.runs import ON, Place
from tests.realworld.sites import READER_PASSWORD

TRACE_PAGE = re.compile(r"/debugpanel/trace/([0-9a-f-]{32,36})/change/")
CURSOR = re.compile(r"[?&]older=([^&]+)")
MOST_LIST_PAGES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    id: str
    method: str
    path: str
    route: str
    status: int
    reason: str
    user: str | None
    worker: str
    statements: int
    kinds: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    installed_file: str
    alias: str
    counted: int
    status_classes: list[int]
    traces: list[Trace]
    undecodable: list[str]
    workers: list[dict[str, Any]]


def read_store(place: Place) -> Store:
    printed = place.run("-W", "ignore", "read_store.py", settings=ON)
    stored = json.loads(printed)
    return Store(**stored | {"traces": [Trace(**trace) for trace in stored["traces"]]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """All pages of debugpanel that its list leads to."""

    lists: list[Response]
    traces: list[Response]
    server_log: str

    def trace_ids(self) -> set[str]:
        found = (TRACE_PAGE.search(page.request.path) for page in self.traces)
        return {match[1].replace("-", "") for match in found if match}


def open_every_trace(place: Place) -> Visit:
    with place.served("gunicorn", ON) as server:
        browsers = [_reader(place, server.port) for _ in range(CLIENTS)]
        lists = _list_pages(browsers[0], f"{place.site.admin}debugpanel/trace/?window=all")
        paths = {path: None for page in lists for path in _trace_paths(page)}
        traces = send_in_turn(browsers, [Request(method="GET", path=path) for path in paths])
        server.stop()
    return Visit(lists=lists, traces=traces, server_log=server.log.read_text())


def _reader(place: Place, port: int) -> Browser:
    browser = Browser(port=port)
    for request in place.site.login_of(place.site.reader, READER_PASSWORD):
        browser.send(request)
    return browser


def _list_pages(browser: Browser, path: str) -> list[Response]:
    pages = []
    while path and len(pages) < MOST_LIST_PAGES:
        page = browser.get(path)
        pages.append(page)
        path = _older(page)
    return pages


def _older(page: Response) -> str:
    """The link that goes on behind the last row."""
    seen = CURSOR.findall(page.request.path)
    ahead = (path for path in links_of(page) if CURSOR.search(path))
    return next((path for path in ahead if CURSOR.findall(path) != seen), "")


def _trace_paths(page: Response) -> list[str]:
    return [path for path in links_of(page) if TRACE_PAGE.search(path)]
