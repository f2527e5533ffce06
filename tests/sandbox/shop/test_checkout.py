from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from sandbox_project.partner import Partner
from sandbox_project.shop.models import Customer, Order, Product

pytestmark = pytest.mark.django_db

ADDRESS = {"name": "Ada Abbot", "street": "Quay 4", "city": "Oban"}


def put(client: Client, product: Product, quantity: int = 2) -> None:
    client.post("/basket/add/", {"sku": product.sku, "quantity": quantity})


def test_strangers_log_in_before_they_pay(client: Client) -> None:
    assert client.get("/checkout/").headers["Location"] == "/account/login/?next=/checkout/"


def test_an_empty_basket_cannot_be_paid(buyer: Client) -> None:
    assert "Your basket is empty" in buyer.get("/checkout/", follow=True).text


def test_a_paid_order_leaves_shelf_basket_and_a_letter(
    buyer: Client,
    customer: Customer,
    product: Product,
    partner: Partner,
    django_capture_on_commit_callbacks: Any,
) -> None:
    put(buyer, product)
    with django_capture_on_commit_callbacks(execute=True):
        answer = buyer.post("/checkout/", ADDRESS)
    order = Order.objects.get(number=answer.headers["Location"].split("/")[-2])
    assert order.total == 2 * product.price
    assert order.payment.reference == "PAY-000001"
    assert Product.objects.get(pk=product.pk).stock == product.stock - 2
    assert "basket" not in buyer.session
    assert [letter.to for letter in mail.outbox] == [[customer.user.email]]


def test_a_voucher_lowers_the_total(buyer: Client, product: Product, partner: Partner) -> None:
    put(buyer, product, 10)
    buyer.post("/checkout/", {**ADDRESS, "voucher": "crew25"})
    order = Order.objects.latest("id")
    assert order.discount + order.total == 10 * product.price
    assert order.lines.get().discount == order.discount


def test_an_unknown_voucher_is_refused_in_words(buyer: Client, product: Product) -> None:
    put(buyer, product)
    answer = buyer.post("/checkout/", {**ADDRESS, "voucher": "WELCOME"})
    assert "We do not know this voucher" in answer.text


def test_the_last_piece_is_sold_once(buyer: Client, product: Product, partner: Partner) -> None:
    put(buyer, product)
    Product.objects.filter(pk=product.pk).update(stock=1)
    answer = buyer.post("/checkout/", ADDRESS, follow=True)
    assert "somebody was quicker" in answer.text
    assert Product.objects.get(pk=product.pk).stock == 1
