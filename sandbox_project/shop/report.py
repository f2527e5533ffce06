"""Numbers for the people who run the shop."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Count, DecimalField, ExpressionWrapper, F, Sum
from django.db.models.functions import TruncMonth

from sandbox_project.shop.models import Category, Customer, Order, OrderLine, Product

LOW_STOCK = 3
SHOWN = 10

AMOUNT = ExpressionWrapper(
    F("order_lines__quantity") * F("order_lines__price"),
    output_field=DecimalField(max_digits=12, decimal_places=2),
)


def figures() -> dict[str, Any]:
    orders = Order.objects.aggregate(orders=Count("id"), sales=Sum("total"), mean=Avg("total"))
    return {
        "totals": orders,
        "pieces": OrderLine.objects.aggregate(pieces=Sum("quantity"))["pieces"],
        "months": months(),
        "best": best_products(),
        "by_category": by_category(),
        "low": Product.objects.filter(stock__lte=LOW_STOCK).select_related("category")[:SHOWN],
        "cities": Customer.objects.values("city").annotate(people=Count("id")).order_by("-people"),
    }


def months() -> list[dict[str, Any]]:
    by_month = Order.objects.order_by().annotate(month=TruncMonth("placed_at")).values("month")
    return list(by_month.annotate(orders=Count("id"), sales=Sum("total")).order_by("-month"))


def best_products() -> list[Product]:
    sold = Product.objects.annotate(sold=Sum("order_lines__quantity"), sales=Sum(AMOUNT))
    return list(sold.exclude(sold=None).order_by("-sold", "id")[:SHOWN])


def by_category() -> list[Category]:
    pieces = Sum("products__order_lines__quantity")
    return list(Category.objects.annotate(products_sold=pieces).order_by("-products_sold"))
