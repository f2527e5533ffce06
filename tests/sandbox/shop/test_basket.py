from __future__ import annotations

import pytest
from django.test import Client

from sandbox_project.shop.models import Product

pytestmark = pytest.mark.django_db


def test_what_was_put_in_is_in_the_basket(client: Client, product: Product) -> None:
    answer = client.post("/basket/add/", {"sku": product.sku, "quantity": 2}, follow=True)
    assert f"{product.name} is in your basket" in answer.text
    assert answer.context["total"] == 2 * product.price


def test_a_basket_holds_no_more_than_fifty_of_a_kind(client: Client, product: Product) -> None:
    for _ in range(2):
        client.post("/basket/add/", {"sku": product.sku, "quantity": 40})
    assert client.session["basket"] == {product.sku: 50}


def test_what_was_taken_out_is_gone(client: Client, product: Product) -> None:
    client.post("/basket/add/", {"sku": product.sku, "quantity": 2})
    answer = client.post(f"/basket/remove/{product.sku}/", follow=True)
    assert "Your basket is empty" in answer.text


@pytest.mark.parametrize("quantity", ["0", "51", "many"])
def test_an_impossible_quantity_is_refused_in_words(
    client: Client, product: Product, quantity: str
) -> None:
    answer = client.post("/basket/add/", {"sku": product.sku, "quantity": quantity}, follow=True)
    assert "not a quantity we can pack" in answer.text


def test_an_unknown_article_is_not_found(client: Client) -> None:
    assert client.post("/basket/add/", {"sku": "NO-1", "quantity": 1}).status_code == 404


def test_a_link_cannot_put_things_into_a_basket(client: Client) -> None:
    assert client.get("/basket/add/").status_code == 405
