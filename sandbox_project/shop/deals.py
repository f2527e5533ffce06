"""Deals of the moment: products whose sales slow down get cheaper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from debugpanel import span
from sandbox_project.shop.models import OrderLine, Product

KEY = "deals"
KEPT_S = 6
SHOWN = 12
DAYS = 365
WINDOWS_DAYS = range(7, 57, 7)

Sales = dict[int, list[int]]


def current() -> list[Product]:
    """FAULT: when the entry expires, every visitor of that moment works it out at once."""
    found: list[Product] | None = cache.get(KEY)
    if found is None:
        found = work_out()
        cache.set(KEY, found, KEPT_S)
    return found


@span("work out the deals")
def work_out() -> list[Product]:
    slowdowns = {product: slowdown(days) for product, days in daily_sales().items()}
    chosen = sorted(slowdowns, key=lambda product: (-slowdowns[product], product))[:SHOWN]
    by_id = Product.objects.select_related("brand").in_bulk(chosen)
    return [by_id[product] for product in chosen]


def daily_sales() -> Sales:
    since = timezone.now() - timedelta(days=DAYS)
    lines = OrderLine.objects.filter(order__placed_at__gte=since)
    sold = lines.values_list("product_id", "order__placed_at", "quantity")
    return by_day(sold.iterator(), since)


def by_day(sold: Iterable[tuple[int, datetime, int]], since: datetime) -> Sales:
    sales: Sales = defaultdict(lambda: [0] * (DAYS + 1))
    for product, placed_at, quantity in sold:
        sales[product][(placed_at - since).days] += quantity
    return sales


def slowdown(days: list[int]) -> float:
    """How far the last window lies under the best one, for the width where that is farthest."""
    return max(slowdown_in(days, width_days) for width_days in WINDOWS_DAYS)


def slowdown_in(days: list[int], width_days: int) -> float:
    averages = [
        sum(days[start : start + width_days]) / width_days
        for start in range(len(days) - width_days)
    ]
    return max(averages) - averages[-1]
