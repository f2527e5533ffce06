"""Files made while they are sent."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from sandbox_project.shop.models import Order

HEAD = ("number", "placed", "customer", "city", "status", "voucher", "total")
CHUNK = 200


class Echo:
    """A file whose ``write`` hands the text back."""

    def write(self, text: str) -> str:
        return text


def orders_csv() -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(HEAD)
    orders = Order.objects.select_related("customer__user").iterator(chunk_size=CHUNK)
    for order in orders:
        yield writer.writerow(columns(order))


def columns(order: Order) -> tuple[object, ...]:
    return (
        order.number,
        order.placed_at.isoformat(timespec="seconds"),
        order.customer.user.get_full_name(),
        order.customer.city,
        order.status,
        order.voucher,
        order.total,
    )
