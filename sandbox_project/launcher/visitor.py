"""One visitor: a browser without a screen, with cookies, forms and the numbers of its answers."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from random import Random
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

TIMEOUT_S = 60
BROWSER = "Mozilla/5.0 (compatible; sandbox visitor)"
LINK = re.compile(r'href="(/[^"]*)"')
ARTICLE = re.compile(r'name="sku" value="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    status: int
    address: str
    text: str

    def links(self, start: str) -> list[str]:
        return [link for link in LINK.findall(self.text) if link.startswith(start)]

    def article(self) -> str | None:
        found = ARTICLE.search(self.text)
        return found[1] if found else None


@dataclass(slots=True)
class Visitor:
    url: str
    random: Random
    statuses: Counter[int] = field(default_factory=Counter)
    cookies: CookieJar = field(default_factory=CookieJar)

    def get(self, path: str) -> Page:
        return self.open(Request(self.url + path, headers={"User-Agent": BROWSER}))

    def post(self, path: str, fields: dict[str, object]) -> Page:
        content = urlencode({**fields, "csrfmiddlewaretoken": self.token()}).encode()
        return self.open(Request(self.url + path, content, headers={"User-Agent": BROWSER}))

    def post_json(self, path: str, content: Any) -> Page:
        headers = {"User-Agent": "stocktaker/2.1", "Content-Type": "application/json"}
        return self.open(Request(self.url + path, json.dumps(content).encode(), headers))

    def token(self) -> str:
        values = {cookie.name: cookie.value for cookie in self.cookies}
        return values.get("csrftoken") or ""

    def open(self, request: Request) -> Page:
        try:
            answer = self.opener().open(request, timeout=TIMEOUT_S)
        except HTTPError as error:
            answer = error
        with answer:
            text = answer.read().decode(errors="replace")
            self.statuses[answer.status] += 1
            return Page(status=answer.status, address=answer.url, text=text)

    def opener(self) -> OpenerDirector:
        return build_opener(HTTPCookieProcessor(self.cookies))

    def log_in(self, user: str, password: str) -> Page:
        self.get("/account/login/")
        return self.post("/account/login/", {"username": user, "password": password})
