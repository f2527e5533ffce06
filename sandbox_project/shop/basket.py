"""The basket: article numbers and quantities in the session."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest

from sandbox_project.shop.models import Product

KEY = "basket"
MAX_PIECES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    product: Product
    quantity: int

    @property
    def amount(self) -> Decimal:
        return self.product.price * self.quantity


def quantities(request: HttpRequest) -> dict[str, int]:
    return dict(request.session.get(KEY, {}))


def lines(request: HttpRequest) -> list[Line]:
    wanted = quantities(request)
    if not wanted:
        return []
    found = Product.objects.filter(sku__in=wanted).select_related("category")
    return [Line(product=product, quantity=wanted[product.sku]) for product in found]


def total(basket_lines: list[Line]) -> Decimal:
    return sum((line.amount for line in basket_lines), Decimal(0))


def put(request: HttpRequest, sku: str, quantity: int) -> None:
    wanted = quantities(request)
    wanted[sku] = min(wanted.get(sku, 0) + quantity, MAX_PIECES)
    request.session[KEY] = wanted


def take_out(request: HttpRequest, sku: str) -> None:
    wanted = quantities(request)
    wanted.pop(sku, None)
    request.session[KEY] = wanted


def empty(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
