"""A server on loopback that answers anything, for outgoing calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = self.headers.get("X-Answer", "").encode()
        self.send_response(401 if "denied" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", f"answer={self.headers.get('X-Answer', '')}")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - names of the base class

    def log_message(self, *args: object) -> None:
        """Say nothing: the request line holds what a test planted."""


@contextmanager
def answering() -> Iterator[str]:
    """Yield `127.0.0.1:port` of a server that runs for the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
