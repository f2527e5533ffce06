"""The second server: rates, warehouses and payments of a partner who is not always well.

Faults come by count, not by chance, so that a run can be repeated:

    /rates              every 4th answer is slow, every 6th is an error
    /warehouse/<n>/     quick and right
    /payments           every 3rd answer is slow, the 5th and 6th of every 8 are errors
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zlib import crc32

RATES = {"USD": "1.09", "GBP": "0.86", "SEK": "11.31", "NOK": "11.72"}
SLOW_RATES_S = 0.4
SLOW_PAYMENT_S = 0.6

Answer = tuple[HTTPStatus, dict[str, Any]]

NO_SERVICE: Answer = (HTTPStatus.NOT_FOUND, {"error": "no such service"})


class Partner:
    """What the partner answers; one number per service counts the calls."""

    def __init__(self, pause: Callable[[float], None] = time.sleep) -> None:
        self.pause = pause
        self.rates_calls = itertools.count(1)
        self.payment_calls = itertools.count(1)

    def rates(self) -> Answer:
        call = next(self.rates_calls)
        if call % 4 == 0:
            self.pause(SLOW_RATES_S)
        if call % 6 == 0:
            return HTTPStatus.BAD_GATEWAY, {"error": "the bank does not answer"}
        return HTTPStatus.OK, {"base": "EUR", "rates": RATES}

    def pay(self) -> Answer:
        call = next(self.payment_calls)
        if call % 3 == 0:
            self.pause(SLOW_PAYMENT_S)
        if call % 8 in (5, 6):
            return HTTPStatus.SERVICE_UNAVAILABLE, {"error": "card network is busy"}
        return HTTPStatus.CREATED, {"reference": f"PAY-{call:06d}"}

    def warehouse(self, path: str) -> Answer:
        return HTTPStatus.OK, {"pieces": crc32(path.encode()) % 40}


class Handler(BaseHTTPRequestHandler):
    """Reads the address, asks the partner, writes JSON."""

    protocol_version = "HTTP/1.1"
    server: PartnerServer

    def do_GET(self) -> None:
        self.send(*self.answer_to_get(self.server.partner))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send(*self.answer_to_post(self.server.partner))

    def answer_to_get(self, partner: Partner) -> Answer:
        if self.path == "/rates":
            return partner.rates()
        if self.path.startswith("/warehouse/"):
            return partner.warehouse(self.path)
        return NO_SERVICE

    def answer_to_post(self, partner: Partner) -> Answer:
        return partner.pay() if self.path == "/payments" else NO_SERVICE

    def send(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing: the launcher's screen is for its own lines."""


class PartnerServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int = 0, partner: Partner | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.partner = partner or Partner()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hung up is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


if __name__ == "__main__":
    PartnerServer(8001).serve_forever()
