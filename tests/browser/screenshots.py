"""Pictures for the README: `python -m tests.browser.screenshots`.

Starts the sandbox shop in a folder that is thrown away, lets visitors in, opens the list of traces
and the trace with the N+1, and writes both to docs/_static/.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from sandbox_project.logins import PASSWORD, STAFF
from tests.services import CHROMIUM, CHROMIUM_ARGUMENTS

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = ROOT / "docs" / "_static"
VISITS = 30
LIST = "/admin/debugpanel/trace/"
READY = "Ctrl-C closes the sandbox."


def main() -> int:
    if reason := CHROMIUM.why_not():
        sys.exit(reason)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sandbox() as address, browser_page() as page:
        log_in(page, address)
        take(page, address + LIST, "traces.png", height=760)
        take(page, trace_of(page, address, "/new/"), "trace.png", height=1100)
    return 0


@contextmanager
def sandbox() -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "sandbox_project", "--no-venv"]
        running = subprocess.Popen(
            [*command, "--port", str(port), "--visits", str(VISITS)],
            cwd=ROOT,
            env=os.environ | {"SANDBOX_DATA": data},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until_ready(running)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=60)


def wait_until_ready(running: subprocess.Popen[str]) -> None:
    for line in running.stdout or ():
        print(line, end="")
        if READY in line:
            return
    sys.exit("The sandbox did not start; what it said is above.")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def browser_page() -> Iterator[Page]:
    path = shutil.which(CHROMIUM.address)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser.new_page(color_scheme="light")
        browser.close()


def log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/")
    page.fill("#id_username", STAFF)
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")


def trace_of(page: Page, address: str, path: str) -> str:
    page.goto(f"{address}{LIST}?q={path}")
    link = page.locator("#result_list tbody th a").first.get_attribute("href")
    return f"{address}{link}"


def take(page: Page, address: str, name: str, *, height: int) -> None:
    page.set_viewport_size({"width": 1280, "height": height})
    page.goto(address)
    if page.locator("#nav-sidebar").is_visible():
        page.click("#toggle-nav-sidebar")
    # Chromium would take the picture while the side bar still moves.
    page.wait_for_timeout(300)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=str(PICTURES / name))
    print(f"Wrote {PICTURES / name}")


if __name__ == "__main__":
    sys.exit(main())
