from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import AsyncClient, Client

from sandbox_project.partner import Partner
from sandbox_project.shop.models import Product

pytestmark = pytest.mark.django_db


def test_the_list_has_pages_and_categories(client: Client) -> None:
    answer = client.get("/api/products/?category=ropes").json()
    assert (answer["count"], answer["page"]) == (25, 1)
    assert {product["category"] for product in answer["products"]} == {"ropes"}


def test_one_product_has_price_and_stock(client: Client, product: Product) -> None:
    answer = client.get(f"/api/products/{product.sku}/").json()
    assert (answer["price"], answer["stock"]) == (str(product.price), product.stock)


@pytest.mark.parametrize("path", ["/api/products/NO-1/", "/api/availability/NO-1/"])
def test_an_unknown_article_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).json() == {"error": "no such article"}


def test_all_warehouses_answer(client: Client, product: Product, partner: Partner) -> None:
    answer = client.get(f"/api/availability/{product.sku}/").json()
    assert answer["shop"] == product.stock
    assert list(answer["warehouses"]) == ["north", "south", "harbour"]


@pytest.mark.django_db(transaction=False)
async def test_the_asynchronous_chain_answers_too(partner: Partner) -> None:
    answer = await AsyncClient().get("/api/availability/NO-1/")
    assert answer.status_code == 404


def test_silent_warehouses_are_a_bad_gateway(
    client: Client, product: Product, settings: object
) -> None:
    settings.PARTNER_URL = "http://127.0.0.1:9"
    assert client.get(f"/api/availability/{product.sku}/").status_code == 502


def test_a_quote_is_cheaper_by_the_dozen(client: Client, product: Product) -> None:
    wanted = {"lines": [{"sku": product.sku, "quantity": 12}]}
    quote = client.post("/api/quotes/", wanted, content_type="application/json").json()
    assert Decimal(quote["total"]) < 12 * product.price


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"lines": 3}', '{"lines": [{"sku": "NO-1", "quantity": 1}]}']
)
def test_a_quote_that_makes_no_sense_is_refused(client: Client, body: str) -> None:
    answer = client.post("/api/quotes/", body, content_type="application/json")
    assert answer.status_code == 400
