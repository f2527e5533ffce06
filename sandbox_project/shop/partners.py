"""Calls to the partner's server; every failure becomes one of two errors of ours."""

from __future__ import annotations

import asyncio
import logging
import ssl
from decimal import Decimal

import httpx
import requests
from django.conf import settings
from django.core.cache import cache

import debugpanel

logger = logging.getLogger(__name__)

RATES_KEPT_S = 20
TIMEOUT_S = 3
PAYMENT_ATTEMPTS = 2
WAREHOUSES = ("north", "south", "harbour")


# Made once: reading the certificates of the system takes longer than a whole page.
TLS = ssl.create_default_context()


class PartnerError(Exception):
    """The partner did not do what we asked."""


class PaymentRefusedError(PartnerError):
    """The payment service failed as often as we tried."""


def exchange_rates() -> dict[str, Decimal]:
    """Units of each currency for one euro; empty while the partner is not well."""
    kept: dict[str, Decimal] | None = cache.get("rates")
    if kept is not None:
        return kept
    try:
        rates = fetch_rates()
    except requests.RequestException as error:
        logger.warning("No exchange rates: %s", type(error).__name__)
        return {}
    cache.set("rates", rates, RATES_KEPT_S)
    return rates


def fetch_rates() -> dict[str, Decimal]:
    response = requests.get(f"{settings.PARTNER_URL}/rates", timeout=TIMEOUT_S)
    response.raise_for_status()
    return {code: Decimal(rate) for code, rate in response.json()["rates"].items()}


def pay(order_number: str, amount: Decimal) -> str:
    """Takes the money and returns the partner's reference."""
    for attempt in range(1, PAYMENT_ATTEMPTS + 1):
        try:
            return request_payment(order_number, amount)
        except requests.RequestException as error:
            kind = type(error).__name__
            debugpanel.event("payment refused", attempt=attempt)
            logger.warning("Payment of %s failed, attempt %d: %s", order_number, attempt, kind)
    raise PaymentRefusedError(f"order {order_number} was not paid")


def request_payment(order_number: str, amount: Decimal) -> str:
    response = requests.post(
        f"{settings.PARTNER_URL}/payments",
        json={"order": order_number, "amount": str(amount), "currency": "EUR"},
        timeout=TIMEOUT_S,
    )
    response.raise_for_status()
    reference: str = response.json()["reference"]
    return reference


@debugpanel.span("ask the warehouses")
async def pieces_by_warehouse(sku: str) -> dict[str, int]:
    """All warehouses at the same time."""
    partner = httpx.AsyncClient(base_url=settings.PARTNER_URL, timeout=TIMEOUT_S, verify=TLS)
    async with partner as client:
        asked = [client.get(f"/warehouse/{name}/{sku}") for name in WAREHOUSES]
        try:
            answers = await asyncio.gather(*asked)
        except httpx.HTTPError as error:
            raise PartnerError("the warehouses do not answer") from error
    return {name: answer.json()["pieces"] for name, answer in zip(WAREHOUSES, answers, strict=True)}
