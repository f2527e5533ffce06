from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from sandbox_project.logins import PASSWORD
from sandbox_project.shop.models import Customer, Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(customer: Customer) -> Order:
    return customer.orders.order_by("id")[0]


def test_a_customer_of_the_demo_data_can_log_in(client: Client, customer: Customer) -> None:
    who = {"username": customer.user.username, "password": PASSWORD}
    assert client.post("/account/login/", who).headers["Location"] == "/account/orders/"


def test_a_wrong_password_is_refused_in_words(client: Client, customer: Customer) -> None:
    who = {"username": customer.user.username, "password": "forgotten"}
    assert "correct username and password" in client.post("/account/login/", who).text


def test_who_opens_an_account_is_logged_in_and_welcomed(client: Client) -> None:
    form = {
        "username": "new.visitor",
        "first_name": "New",
        "last_name": "Visitor",
        "email": "new@example.org",
        "city": "Oban",
        "password1": "harbour-wall-9",
        "password2": "harbour-wall-9",
    }
    answer = client.post("/account/register/", form, follow=True)
    assert "You have not bought anything yet" in answer.text
    assert mail.outbox[0].subject == "Welcome aboard"


def test_the_history_lists_the_orders(buyer: Client, order: Order) -> None:
    assert order.number in buyer.get("/account/orders/").text


def test_an_order_shows_its_lines(buyer: Client, order: Order) -> None:
    answer = buyer.get(order.get_absolute_url())
    assert order.lines.all()[0].product.name in answer.text


def test_an_invoice_is_a_file_with_the_amount(buyer: Client, order: Order) -> None:
    answer = buyer.get(f"{order.get_absolute_url()}invoice/")
    assert f"invoice-{order.number}.txt" in answer["Content-Disposition"]
    assert f"Paid: EUR {order.total}" in b"".join(answer).decode()


def test_the_orders_of_others_are_not_found(buyer: Client, customer: Customer) -> None:
    foreign = Order.objects.exclude(customer=customer)[0]
    assert buyer.get(foreign.get_absolute_url()).status_code == 404


def test_who_logs_out_is_gone(buyer: Client) -> None:
    buyer.post("/account/logout/")
    assert buyer.get("/account/orders/").status_code == 302
