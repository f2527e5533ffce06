"""Filters for money and stars."""

from __future__ import annotations

from decimal import Decimal

from django import template

from sandbox_project.shop import pricing

register = template.Library()


@register.filter
def money(amount: Decimal | None) -> str:
    if amount is None:
        return "none"
    return f"€ {amount:,.2f}"


@register.filter
def stars(number: float | None) -> str:
    if number is None:
        return "no reviews yet"
    full = round(number)
    return "★" * full + "☆" * (5 - full)


@register.filter
def piece_price(price: Decimal, quantity: int) -> Decimal:
    return pricing.piece_price(price, quantity)


@register.filter
def pack_price(price: Decimal, quantity: int) -> Decimal:
    return pricing.piece_price(price, quantity) * quantity


@register.filter
def pack_saving(price: Decimal, quantity: int) -> Decimal:
    return price * quantity - pack_price(price, quantity)
