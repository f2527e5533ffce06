"""Finds the pages of a site by following its links, and replays what was found.

A script is what each of the four clients does, in phases that begin together: what one client
changes is then seen, or not seen, by the others in every run alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from tests.realworld.browser import HOST, Browser, Request, Response

CLIENTS = 4
PAGES_PER_ROUND = 40
NUMBER = re.compile(r"\d+")

Phase = tuple[tuple[Request, ...], ...]
"""For each client, what it sends one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which links are followed."""

    start: tuple[str, ...]
    excluded: re.Pattern[str]
    most_of_one_shape: int
    pages: int


class LinkParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.links.append(href)


def discover(browsers: Sequence[Browser], scope: Scope) -> list[Response]:
    """Breadth first, in an order that depends on the pages alone and not on their speed."""
    frontier = Frontier(scope)
    frontier.add(scope.start)
    pages: list[Response] = []
    while len(pages) < scope.pages and (paths := frontier.take(scope.pages - len(pages))):
        requests = [Request(method="GET", path=path) for path in paths]
        responses = send_in_turn(browsers, requests)
        for response in responses:
            frontier.add(links_of(response))
        pages += responses
    return pages


class Frontier:
    """The links still to be followed, few of each shape so that no list fills the crawl."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._waiting: list[str] = []
        self._seen: set[str] = set()
        self._shapes: Counter[str] = Counter()

    def add(self, paths: Iterable[str]) -> None:
        for path in paths:
            if path not in self._seen and not self._scope.excluded.search(path):
                self._seen.add(path)
                self._add_of_its_shape(path)

    def _add_of_its_shape(self, path: str) -> None:
        shape = NUMBER.sub("0", path.partition("?")[0])
        self._shapes[shape] += 1
        if self._shapes[shape] <= self._scope.most_of_one_shape:
            self._waiting.append(path)

    def take(self, most: int) -> list[str]:
        count = min(most, PAGES_PER_ROUND)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken


def links_of(response: Response) -> list[str]:
    if location := response.header("Location"):
        return list(_inside(response, [location]))
    if not response.is_html:
        return []
    parser = LinkParser()
    parser.feed(response.body.decode())
    return list(_inside(response, parser.links))


def _inside(response: Response, links: Iterable[str]) -> Iterable[str]:
    page = f"http://{HOST}{response.request.path}"
    for link in links:
        url = urlsplit(urljoin(page, link))
        if url.scheme == "http" and url.netloc == HOST:
            yield url._replace(scheme="", netloc="", fragment="").geturl() or "/"


def send_in_turn(browsers: Sequence[Browser], requests: Sequence[Request]) -> list[Response]:
    """The first client sends the first request, the second the second, and all at the same time."""
    answers = send_phase(browsers, shared_out(requests))
    return [answers[position % CLIENTS][position // CLIENTS] for position in range(len(requests))]


def send_phase(browsers: Sequence[Browser], phase: Phase) -> list[list[Response]]:
    with ThreadPoolExecutor(len(browsers)) as clients:
        return list(clients.map(_send_all, browsers, phase))


def _send_all(browser: Browser, requests: Iterable[Request]) -> list[Response]:
    return [browser.send(request) for request in requests]


def replay(port: int, script: Sequence[Phase]) -> list[Response]:
    """Every response of the script, in the order of the script."""
    browsers = [Browser(port=port) for _ in range(CLIENTS)]
    per_phase = [send_phase(browsers, phase) for phase in script]
    return [response for phase in per_phase for client in phase for response in client]


def for_one_client(requests: Iterable[Request], *, number: int = 0) -> Phase:
    """Only this client acts, so that what it changes has one order."""
    return tuple(tuple(requests) if number == client else () for client in range(CLIENTS))


def shared_out(requests: Sequence[Request]) -> Phase:
    return tuple(tuple(requests[number::CLIENTS]) for number in range(CLIENTS))
