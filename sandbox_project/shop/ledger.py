"""The stock ledger: what lay on each shelf on each day of a year."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from django.utils import timezone

from debugpanel import span
from sandbox_project.shop.models import Product, StockMovement

DAYS = 365

Row = dict[str, object]
Movements = dict[tuple[int, date], int]


def as_text() -> str:
    """FAULT: a year of rows for every product is in memory before the first byte leaves."""
    with span("collect the rows", days=DAYS):
        rows = all_rows()
    with span("join the rows", rows=len(rows)):
        lines = [";".join(str(value) for value in row.values()) for row in rows]
        return "\n".join(["day;article;name;brand;pieces", *lines])


def all_rows() -> list[Row]:
    moved = movements()
    rows: list[Row] = []
    for product in Product.objects.select_related("brand"):
        rows.extend(year_of(product, moved))
    return rows


def movements() -> Movements:
    moved: Movements = defaultdict(int)
    for movement in StockMovement.objects.all():
        moved[movement.product_id, movement.moved_at.date()] += movement.pieces
    return moved


def year_of(product: Product, moved: Movements) -> list[Row]:
    """Counted backwards, because only today's shelf is known."""
    pieces, day, rows = product.stock, timezone.now().date(), []
    for _ in range(DAYS):
        rows.append(
            {
                "day": day.isoformat(),
                "article": product.sku,
                "name": product.name,
                "brand": product.brand.name,
                "pieces": pieces,
            }
        )
        pieces -= moved.get((product.pk, day), 0)
        day -= timedelta(days=1)
    return rows
