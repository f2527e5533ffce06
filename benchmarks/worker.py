"""One long-lived process that serves one page in one variant, block after block.

It reads the number of requests of a block from standard input and answers with a line of
JSON: CPU seconds of the request thread and wall seconds, a request.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import Any

from benchmarks import site


def main(variant: str, page: str, directory: str) -> None:
    site.set_up(variant, page, directory)
    from django.core.handlers.wsgi import WSGIHandler

    handler = WSGIHandler()
    cookie = site.sign_in() if page == "typical" else ""
    if variant == "switched off":
        switch_off()
    _serve(handler, page, cookie, 30)
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_block(handler, page, cookie, int(line))), flush=True)


def switch_off() -> None:
    """Switch recording off as a running process does: the hooks stay."""
    from django.conf import settings

    from debugpanel import conf

    settings.DEBUGPANEL = {"ENABLED": False}
    conf.reset()


def _block(handler: Any, page: str, cookie: str, requests: int) -> dict[str, float]:
    wall_s, cpu_s = time.perf_counter(), time.thread_time()
    _serve(handler, page, cookie, requests)
    cpu_s, wall_s = time.thread_time() - cpu_s, time.perf_counter() - wall_s
    return {"cpu_s": cpu_s / requests, "wall_s": wall_s / requests}


def _serve(handler: Any, page: str, cookie: str, requests: int) -> None:
    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        if not status.startswith("200"):
            raise RuntimeError(f"{page} answered {status}")

    for _ in range(requests):
        response = handler(site.environ(page, cookie), start_response)
        for _chunk in response:
            pass
        response.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
