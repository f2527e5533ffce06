"""Prices: quantity steps, vouchers and other currencies."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
STEPS = {1: Decimal(0), 3: Decimal(2), 5: Decimal(3), 10: Decimal(5), 25: Decimal(8)}
PACKS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100)
VOUCHERS = {"TIDE10": Decimal(10), "CREW25": Decimal(25), "FREEBIE": Decimal(100)}


class UnknownVoucherError(ValueError):
    """No such voucher."""


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def piece_price(price: Decimal, quantity: int) -> Decimal:
    """The price of one piece when so many are bought together."""
    percent = max(off for step, off in STEPS.items() if step <= max(quantity, 1))
    return rounded(price * (100 - percent) / 100)


def voucher_discount(voucher: str, goods: Decimal) -> Decimal:
    if not voucher:
        return Decimal(0)
    if voucher not in VOUCHERS:
        raise UnknownVoucherError(voucher)
    return rounded(goods * VOUCHERS[voucher] / 100)


def discount_share(line_amount: Decimal, discount: Decimal, to_pay: Decimal) -> Decimal:
    """The part of the voucher that falls on one line.

    FAULT: nobody thought of vouchers that leave nothing to pay.
    """
    rate = discount / to_pay
    return rounded(line_amount * rate / (1 + rate))


def in_currencies(price: Decimal, rates: dict[str, Decimal]) -> dict[str, Decimal]:
    return {code: rounded(price * rate) for code, rate in sorted(rates.items())}
