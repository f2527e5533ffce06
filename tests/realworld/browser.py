"""One client of a site: cookies, forms with their CSRF token, and every response as it came."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

HOST = "realworld.test"
TIMEOUT_S = 60
CSRF_FIELD = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    form: tuple[tuple[str, str], ...] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    request: Request
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def is_html(self) -> bool:
        return self.header("Content-Type").startswith("text/html")


@dataclass(slots=True, kw_only=True)
class Browser:
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    csrf_token: str = ""

    def get(self, path: str) -> Response:
        return self.send(Request(method="GET", path=path))

    def send(self, request: Request) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(
                request.method, request.path, self._body(request), self._headers(request)
            )
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        headers = tuple(answer.getheaders())
        response = Response(request=request, status=answer.status, headers=headers, body=body)
        self._remember(response)
        return response

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Host": HOST, "User-Agent": "realworld", "Connection": "close"}
        if request.form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return headers

    def _body(self, request: Request) -> bytes | None:
        if request.form is None:
            return None
        return urlencode([*request.form, ("csrfmiddlewaretoken", self.csrf_token)]).encode()

    def _remember(self, response: Response) -> None:
        if token := CSRF_FIELD.search(response.body):
            self.csrf_token = unescape(token[1].decode())
        for name, value in response.headers:
            if name.lower() == "set-cookie":
                self._remember_cookie(value)

    def _remember_cookie(self, header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
