"""Text that wants to be code, through every field that shows text: the pages stay as they are."""

from __future__ import annotations

import contextlib
import logging
import unicodedata
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client

import debugpanel
from debugpanel.models import Trace
from tests.privacy.conftest import Stored, Visit
from tests.privacy.sweep import LIST
from tests.viewer.seeding import Frame, client_of_a_reader, rich_trace, store

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])

CORPUS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea></style><svg onload=alert(1)>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" onfocus="alert(1)" autofocus="',
    "` onclick=`alert(1)",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)//https://x.example",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><input name=x>",
    "<style>@import '//evil.example'</style>",
    "<!-- --><b>x</b><!--",
    "]]><b>x</b><![CDATA[",
    "{{ request.user.password }}{% debug %}",
    "{% include 'admin/base.html' %}${7*7}#{7*7}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "<details open ontoggle=alert(1)>",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    "x\u2028<b>\u2029x\x0b\x1b[31m",
    "\u202eexe.\u2066gpj\u2069 \u200bnone\u200f\u061c",
]

PLAIN = "plain words"

DIRECTING = {0x061C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF}

_VOID = {"br", "hr", "img", "input", "link", "meta", "rect", "wbr"}


class Page(HTMLParser):
    """Counts the elements and attributes of a page, and collects what could be executed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.handlers: list[str] = []
        self.links: set[str] = set()
        self.loose: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements[f"{tag} {' '.join(sorted(name for name, _ in attributes))}"] += 1
        for name, value in attributes:
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.handlers.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction", "xlink:href"):
                self.links.add(value or "")
            self.note_directing(value or "")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.note_directing(data)

    def note_directing(self, text: str) -> None:
        if any(is_directing(character) for character in text):
            self.loose.append(f"{'/'.join(self.open[-4:])}: {text.strip()!r}")


def is_directing(character: str) -> bool:
    """Say whether a character is invisible, or changes the direction of others."""
    is_control = unicodedata.category(character) == "Cc" and character not in "\n\r\t"
    return ord(character) in DIRECTING or is_control


def pages_of_traces(reader: Client) -> list[Page]:
    rows = Trace.objects.order_by("started")
    return [page_at(reader, f"{LIST}{row.pk}/change/") for row in rows]


def page_at(reader: Client, address: str) -> Page:
    response = reader.get(address)
    assert response.status_code == 200
    return Page(response.content.decode())


def assert_inert(page: Page) -> None:
    assert page.handlers == []
    assert page.loose == []
    for link in page.links:
        assert link.split(":")[0].lower() not in ("javascript", "data", "vbscript"), link
        assert not link.startswith("//"), link


def say(text: str) -> Any:
    """Return a view that says a text wherever a view can say one."""

    def act(request: HttpRequest) -> HttpResponse:
        logging.getLogger(f"shop.{text}").warning(text)
        logging.getLogger("shop").warning("said %s", text)
        with debugpanel.span(text, **{"said": text, text: 1}):
            debugpanel.event(text, said=text)
        debugpanel.annotate(**{text: text})
        cache.get(text.replace(" ", "_").replace("\x1b", "").replace("\x0b", ""))
        template = engines["django"].from_string("x")
        template.template.name = text
        template.render({})
        send(f'SELECT "{text}", `{text}` /* {text} */')
        send(f"SELECT x.{text} FROM {text}")
        raise type("Odd", (Exception,), {"__module__": text, "__qualname__": text})(text)

    return act


def send(sql: str) -> None:
    with (
        contextlib.suppress(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def visit_saying(visit: Visit, text: str) -> None:
    header = "".join(character for character in text if character.isprintable())
    visit(
        f"/people/{text.replace('/', '_').replace('?', '_').replace('#', '_')}/",
        act=say(text),
        HTTP_USER_AGENT=header,
        HTTP_REFERER=header,
        HTTP_ACCEPT=header,
        QUERY_STRING=f"page={header}&{header}=1",
        HTTP_COOKIE=f"{header}=1",
    )


def test_what_a_request_says_stays_text(visit: Visit, stored: Stored) -> None:
    reader = client_of_a_reader()
    for text in (PLAIN, *CORPUS):
        visit_saying(visit, text)
    assert all(trace.unhandled for trace in stored(at_least=1 + len(CORPUS)))
    plain, *others = pages_of_traces(reader)
    assert_inert(page_at(reader, LIST))
    for page in others:
        assert_inert(page)
        # One statement more or less makes a list of runs, or none.
        assert set(page.elements) - set(plain.elements) <= {"wbr ", "details ", "summary "}


def row_saying(text: str, *, ago_s: float) -> None:
    """Store a trace that nothing of ours has masked: the tables may hold anything."""
    frame = Frame(text, text, 3, True)
    trace = rich_trace(name=text, path=text, user=text, view=text, worker=text, release=text)
    trace.started_ns -= int(ago_s * 1_000_000_000)
    trace.method, trace.client, trace.reason, trace.kind = text[:16], text, text[:16], text[:16]
    trace.state, trace.remote_id = "ok", text[:32]
    trace.spans = [
        (*span[:5], text, *[_said(value, text) for value in span[6:]]) for span in trace.spans
    ]
    trace.events = [
        (at, kind, parent, text, *_event_values(kind, values, text, frame))
        for at, kind, parent, _, *values in trace.events
    ]
    trace.stacks = {3: [frame]}
    trace.facts = {name: _said(value, text) for name, value in trace.facts.items()}
    trace.notes = {text: {text: [text]}}
    trace.findings = [{**trace.findings[0], "statement": text, "frame": frame}]
    trace.dropped = {text: 3}
    store(trace)


def _said(value: Any, text: str) -> Any:
    if type(value) is str:
        return text
    if type(value) is list:
        return [text for _ in value]
    if type(value) is dict:
        return {f"{key}{text}": text for key in value}
    return value


def _event_values(kind: str, values: list[Any], text: str, frame: Frame) -> list[Any]:
    if kind != "exception":
        return [_said(value, text) for value in values]
    return [text, True, [frame], [[text, text, text, [frame]]], text]


def test_what_the_tables_hold_stays_text() -> None:
    reader = client_of_a_reader()
    for ago_s, text in enumerate((*CORPUS, PLAIN), start=60):
        row_saying(text, ago_s=ago_s)
    plain, *others = pages_of_traces(reader)
    assert_inert(page_at(reader, LIST))
    for page in others:
        assert_inert(page)
        # Addresses break elsewhere and code has other colours: nothing else may differ.
        differing = (page.elements - plain.elements) | (plain.elements - page.elements)
        assert set(differing) <= {"wbr ", "span class"}


def test_the_list_has_the_same_elements_whatever_it_holds() -> None:
    reader = client_of_a_reader()
    for ago_s in range(60, 60 + len(CORPUS)):
        row_saying(PLAIN, ago_s=ago_s)
    plain = page_at(reader, LIST)
    Trace.objects.all().delete()
    for ago_s, text in enumerate(CORPUS, start=60):
        row_saying(text, ago_s=ago_s)
    page = page_at(reader, LIST)
    assert_inert(page)
    differing = (page.elements - plain.elements) | (plain.elements - page.elements)
    assert set(differing) <= {"wbr "}


def test_the_check_sees_what_would_be_wrong() -> None:
    page = Page("<p onclick=x><a href='javascript:x'>\u202ex</a></p><script>")
    assert page.handlers == ["p onclick"]
    assert page.links == {"javascript:x"}
    assert len(page.loose) == 1
    assert page.elements["script "] == 1
