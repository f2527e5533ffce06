"""From a basket to a paid order, in one transaction."""

from __future__ import annotations

import logging
import secrets
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils import timezone

import debugpanel
from sandbox_project.shop import basket, partners, pricing
from sandbox_project.shop.models import (
    Customer,
    Order,
    OrderLine,
    Payment,
    Product,
    StockMovement,
)
from sandbox_project.shop.signals import order_placed

logger = logging.getLogger(__name__)


class OutOfStockError(Exception):
    """Somebody else was quicker."""

    def __init__(self, product: Product) -> None:
        super().__init__(f"{product.name} is sold out")
        self.product = product


def place_order(customer: Customer, lines: list[basket.Line], voucher: str) -> Order:
    """FAULT: the payment call is made while the transaction holds the database."""
    debugpanel.annotate(voucher=voucher or "none", pieces=sum(line.quantity for line in lines))
    with transaction.atomic():
        order = write_order(customer, lines, voucher)
        take_from_shelves(lines)
        write_lines(order, lines)
        pay(order)
        transaction.on_commit(lambda: announce(order))
    return order


def write_order(customer: Customer, lines: list[basket.Line], voucher: str) -> Order:
    goods = basket.total(lines)
    discount = pricing.voucher_discount(voucher, goods)
    return Order.objects.create(
        number=f"T{secrets.randbelow(10**9):09d}",
        customer=customer,
        placed_at=timezone.now(),
        voucher=voucher,
        discount=discount,
        total=goods - discount,
    )


def take_from_shelves(lines: list[basket.Line]) -> None:
    for line in lines:
        shelf = Product.objects.filter(pk=line.product.pk, stock__gte=line.quantity)
        if not shelf.update(stock=F("stock") - line.quantity):
            raise OutOfStockError(line.product)
    StockMovement.objects.bulk_create(sold(line) for line in lines)


def sold(line: basket.Line) -> StockMovement:
    return StockMovement(
        product=line.product, pieces=-line.quantity, reason="sold", moved_at=timezone.now()
    )


def write_lines(order: Order, lines: list[basket.Line]) -> None:
    OrderLine.objects.bulk_create(order_line(order, line) for line in lines)


def order_line(order: Order, line: basket.Line) -> OrderLine:
    discount = Decimal(0)
    if order.voucher:
        discount = pricing.discount_share(line.amount, order.discount, order.total)
    return OrderLine(
        order=order,
        product=line.product,
        quantity=line.quantity,
        price=line.product.price,
        discount=discount,
    )


def pay(order: Order) -> None:
    reference = partners.pay(order.number, order.total)
    Payment.objects.create(
        order=order, reference=reference, amount=order.total, paid_at=timezone.now()
    )


def announce(order: Order) -> None:
    logger.info("Order %s placed", order.number)
    order_placed.send(sender=Order, order=order)
