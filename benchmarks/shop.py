"""A page of 60 spans, each request a little different: 35 statements of 15 shapes, 12 cache
calls, 10 templates, 3 spans of its own; and 5 log records and the headers of a browser.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from benchmarks.site import SHOP_TEMPLATES, has_panel

if has_panel():
    from debugpanel import span
else:

    @contextmanager
    def span(name: str, **attributes: object) -> Iterator[None]:
        yield


STATEMENTS = 35
SHAPES = 15
SPANS = 60
USERS = 5_000
BROWSERS = 200

logger = logging.getLogger("shop.catalogue")
_ORDERS = ("id", "email", "username", "last_name", "-id", "-email", "-date_joined", "-username")
_NAMES = ("codename", "name", "-codename", "-name", "-id", "content_type_id")


def product(request: HttpRequest, number: int) -> HttpResponse:
    customer = number * 7_919 % USERS
    logger.info("Showing product %d to customer %d", number, customer)
    _look_into_caches(number, customer)
    with span("pricing", sku=f"sku-{number}", quantity=number % 5, currency="EUR"):
        _query(number)
    with span("recommendations", limit=10, personal=True):
        logger.info("Found %s related products in %s", number % 9, "category-books")
    with span("stock", warehouse="north", article=number):
        logger.warning("Only %d pieces of article %s left", number % 3, f"B-{number}")
    logger.info("Discount %s applied: %.2f percent", "summer", number % 10 / 2)
    text = "".join(get_template(name).render({"n": number}) for name in SHOP_TEMPLATES)
    logger.info("Rendered %d characters", len(text))
    response = HttpResponse(text, headers={"Vary": "Cookie", "Cache-Control": "private"})
    response.set_cookie("seen", str(number))
    return response


def _look_into_caches(number: int, customer: int) -> None:
    for key in ("site:settings", "menu:main", "feature_flags", "exchange_rates:EUR"):
        cache.get(key)
    for name in ("price", "stock", "rating", "related"):
        cache.get(f"product:{number}:{name}")
    cache.get(f"basket:{customer}:items")
    cache.get(f"customer:{customer}:segment")
    cache.get(f"django.contrib.sessions.cache{number:016x}{customer:016x}")
    cache.get(f"template.cache.sidebar.{number * 2_654_435_761:032x}")


def _query(number: int) -> None:
    """One shape seven times, as a loop over rows does, and fourteen shapes twice."""
    for row in range(STATEMENTS - 2 * (SHAPES - 1)):
        list(Permission.objects.select_related("content_type").filter(pk=row))
    for _ in range(2):
        for order in _ORDERS:
            list(User.objects.filter(is_active=True, email__contains="@").order_by(order)[:20])
        for name in _NAMES:
            list(Permission.objects.filter(content_type__model="user").order_by(name)[:20])


def environ(number: int) -> dict[str, Any]:
    """Return the WSGI environment of a browser's request."""
    browser = f"Mozilla/5.0 (X11; Linux x86_64; rv:{number % BROWSERS}.0) Gecko/20100101"
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/shop/{number}/",
        "SCRIPT_NAME": "",
        "QUERY_STRING": f"page={number % 9}&ref=newsletter",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": f"203.0.113.{number % 250}",
        "HTTP_HOST": "shop.example",
        "HTTP_COOKIE": f"sessionid={number:032x}; csrftoken=abc; lang=de",
        "HTTP_USER_AGENT": f"{browser} Firefox/{number % BROWSERS}.0",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "HTTP_ACCEPT_LANGUAGE": "de,en-US;q=0.7,en;q=0.3",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
        "HTTP_REFERER": f"https://shop.example/category/{number % 40}/?page={number % 9}",
        "HTTP_SEC_FETCH_DEST": "document",
        "HTTP_SEC_FETCH_MODE": "navigate",
        "HTTP_SEC_FETCH_SITE": "same-origin",
        "HTTP_UPGRADE_INSECURE_REQUESTS": "1",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "https",
    }
