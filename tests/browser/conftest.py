from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.services import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.viewer.seeding import client_of_a_reader

POLICY = "tests.browser.policy.PolicyMiddleware"


@dataclass(slots=True)
class Visit:
    """A page and everything it complained about."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def to(self, path: str) -> Page:
        self.page.goto(self.address + path, wait_until="load")
        return self.page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread until the module ends: Django would refuse to use the
    # database, and asynchronous tests of other modules could not run.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        path = shutil.which(CHROMIUM.address)
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(
    browser: Browser, live_server: Any, settings: Any, transactional_db: None
) -> Iterator[Callable[..., Visit]]:
    """Open the site as a staff user who may view traces, under the strict policy."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    contexts = []

    def open_page(*, width: int = 1280, height: int = 900, scheme: str = "light") -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        context.add_cookies([_login_cookie(live_server.url)])
        page = context.new_page()
        visit = Visit(page, live_server.url)
        page.on("console", lambda message: visit.complaints.append(message.text))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        return visit

    yield open_page
    for context in contexts:
        context.close()


def _login_cookie(address: str) -> Any:
    client = client_of_a_reader()
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}
