"""Traces as the writer leaves them, and putting them into the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Permission, User
from django.test import Client

from debugpanel.models import Route, TracePayload, from_microseconds, route_key
from debugpanel.models import Trace as Row
from debugpanel.trace import codec
from debugpanel.trace.ids import new_trace_id
from debugpanel.trace.model import Frame, Group, Trace

MS = 1_000_000
LINES = 'SELECT "shop_line"."id", "shop_line"."quantity" FROM "shop_line" WHERE "order_id" = ?'
ORDER = 'SELECT "shop_order"."id", "shop_order"."placed" FROM "shop_order" WHERE "id" = ? LIMIT 21'
STOCK = 'UPDATE "shop_stock" SET "left" = "left" - ? WHERE "product_id" = ?'
OWN = Frame("tests/viewer/seeding.py", "rich_trace", 20, True)
LIBRARY = Frame("django/db/models/query.py", "QuerySet.__iter__", 100, False)


def client_of_a_reader() -> Client:
    """A browser of a staff user who may view traces, and nothing else."""
    user, _ = User.objects.get_or_create(username="reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_trace"))
    client = Client()
    client.force_login(user)
    return client


def plain_trace(*, ago_s: float = 60, **attributes: Any) -> Trace:
    """The least that is stored: a request without spans."""
    moment = datetime.now(UTC) - timedelta(seconds=ago_s)
    trace = Trace()
    trace.started_ns = int(moment.timestamp() * 1_000_000) * 1000
    trace.id = new_trace_id(trace.started_ns)
    trace.name, trace.path, trace.method = "shop/orders/<int:id>/", "/shop/orders/7/", "GET"
    trace.view, trace.status, trace.state = "shop.views.order", 200, "ok"
    trace.duration_ns = trace.total_ns = 12 * MS
    trace.reason, trace.worker = "random", "web-1:4711"
    for name, value in attributes.items():
        setattr(trace, name, value)
    return trace


def rich_trace(**attributes: Any) -> Trace:
    """An order page with an N+1, an error that was handled, log records and much else."""
    trace = plain_trace(
        reason="pattern", user="42", client="198.51.100.0", release="41ab2f", cpu_ns=310 * MS
    )
    trace.duration_ns = trace.total_ns = 870 * MS
    trace.spans = [
        (2 * MS, 800 * MS, "view", 1, 0, "shop.views.order", ""),
        (4 * MS, 7 * MS, "sql", 0, 1, ORDER, "default", 1, False, 1, "", "a" * 16),
        (8 * MS, 8 * MS, "sql", 0, 1, "BEGIN", "default", None, False, None, "", "b" * 16),
        *_repeated_lines(51),
        (560 * MS, 574 * MS, "sql", 0, 1, STOCK, "default", 2, False, 1, "", "d" * 16),
        (575 * MS, 576 * MS, "sql", 0, 1, "COMMIT", "default", None, False, None, "", "e" * 16),
        (580 * MS, 581 * MS, "cache", 0, 1, "get", "default", "price:*", 1, 0, 512, ""),
        (590 * MS, 733 * MS, "http", 0, 1, "GET pay.example", "/v1/charge", 200, 120, 900, ""),
        (740 * MS, 790 * MS, "span", 2, 1, "pricing", {"sku": "B-12", "token": "[masked]"}, ""),
        (801 * MS, 862 * MS, "template", 3, 0, "shop/order.html", 1, 61 * MS, 61 * MS, "django"),
    ]
    trace.stacks = {3: [LIBRARY, OWN]}
    trace.events = [
        (10 * MS, "log", 1, "shop.orders", 20, "order [masked] opened", "shop/views.py", 12, ""),
        (734 * MS, "log", 1, "shop.pay", 40, "charge failed", "shop/pay.py", 30, "PayError"),
        (
            733 * MS,
            "exception",
            1,
            "shop.pay.PayError",
            "declined: <b>card</b>",
            True,
            [LIBRARY, OWN],
            [["cause", "TimeoutError", "no answer", [LIBRARY]]],
            "f" * 16,
        ),
        (745 * MS, "event", 2, "discount", {"percent": 10}),
    ]
    trace.facts = {
        "scheme": "https",
        "query": "page=2&token=[masked]",
        "request_headers": {"accept": "text/html", "user-agent": "<script>alert(1)</script>"},
        "other_request_headers": ["authorization"],
        "response_headers": {"content-type": "text/html"},
        "cookies": ["sessionid", "csrftoken"],
    }
    trace.notes = {"tenant": "north"}
    trace.query_count, trace.query_ns = 53, 527 * MS
    trace.findings = [
        {
            "kind": "n_plus_one",
            "fingerprint": "c" * 16,
            "statement": LINES,
            "count": 51,
            "total_ns": 510 * MS,
            "share": 0.586,
            "parent": 1,
            "frame": OWN,
        }
    ]
    trace.dropped = {"log": 3}
    trace.event_counts = {"log": 5, "exception": 1}
    for name, value in attributes.items():
        setattr(trace, name, value)
    return trace


def _repeated_lines(count: int) -> list[tuple[Any, ...]]:
    step = 10 * MS
    return [
        (
            (20 + number * 10) * MS,
            (20 + number * 10) * MS + step,
            "sql",
            0,
            1,
            LINES,
            "default",
            1,
            False,
            3,
            "",
            "c" * 16,
        )
        for number in range(count)
    ]


def overflowed_trace() -> Trace:
    trace = plain_trace(query_count=10_000)
    trace.spans = [(0, MS, "view", 1, 0, "shop.views.report", "")]
    group = Group(0, 1, 0)
    group.count, group.total_ns = 9_500, 3_200 * MS
    trace.overflow = {("sql", LINES): group}
    return trace


def store(trace: Trace, *, payload: bytes | None = None, has_payload: bool = True) -> Row:
    """Put a trace into the tables; the payload may be anything."""
    row = _row(trace)
    row.save(force_insert=True)
    if has_payload:
        data = codec.encode(trace) if payload is None else payload
        TracePayload.objects.create(trace=row, data=data)
    return row


def _row(trace: Trace) -> Row:
    started = from_microseconds(trace.started_ns // 1000)
    key = route_key(trace.kind, trace.name)
    facts = {"kind": trace.kind, "name": trace.name, "view": trace.view, "first_seen": started}
    Route.objects.get_or_create(id=key, defaults=facts)
    is_error = trace.status >= 500 or trace.unhandled
    return Row(
        id=UUID(int=trace.id),
        started=started,
        kind=trace.kind,
        route_id=key,
        method=trace.method,
        path=trace.path,
        status=trace.status,
        status_class=trace.status // 100,
        duration_ns=trace.duration_ns,
        cpu_ns=trace.cpu_ns,
        query_count=trace.query_count,
        query_ns=trace.query_ns,
        user=trace.user or None,
        client=trace.client,
        worker=trace.worker,
        release=trace.release,
        reason=trace.reason,
        weight=trace.weight,
        remote_id=trace.remote_id or None,
        error_at=started if is_error else None,
        slow_at=started if trace.duration_ns > 1_000 * MS else None,
    )
