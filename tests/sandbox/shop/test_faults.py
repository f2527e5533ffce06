"""The faults are promised on a page of the shop: nobody may repair them by accident."""

from __future__ import annotations

import threading
import tracemalloc
from typing import Any

import pytest
import requests
from django.db import connection
from django.template.base import Template
from django.test import Client
from django.urls import reverse

from sandbox_project.partner import Partner
from sandbox_project.shop import deals, partners, trending
from sandbox_project.shop.faults import FAULTS
from sandbox_project.shop.models import Order, Product
from tests.sandbox.shop.test_checkout import ADDRESS, put

pytestmark = pytest.mark.django_db


def test_the_page_names_every_fault_and_its_place(client: Client) -> None:
    answer = client.get("/faults/")
    for fault in FAULTS:
        assert fault.title in answer.text
        assert f'href="{reverse(fault.url_name)}"' in answer.text


def test_new_arrivals_ask_three_questions_for_every_product(
    client: Client, django_assert_num_queries: Any
) -> None:
    client.get("/faults/")
    with django_assert_num_queries(1 + 3 * 24):
        client.get("/new/")


def test_no_index_serves_seen_together_though_one_could() -> None:
    assert "<expr>=?" not in query_plan(trending.TOGETHER)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX cure ON shop_pagevisit (lower(visitor))")
    assert "<expr>=?" in query_plan(trending.TOGETHER)


def test_the_price_matrix_renders_tiny_templates_by_the_thousand(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    names: list[str] = []
    render = Template._render
    monkeypatch.setattr(
        Template, "_render", lambda self, context: names.append(self.name) or render(self, context)
    )
    client.get("/faults/")
    with django_assert_num_queries(1):
        client.get("/price-matrix/")
    assert names.count("shop/parts/matrix_cell.html") == 300 * 16
    assert names.count("shop/parts/matrix_price.html") == 3 * 300 * 16


def test_nothing_keeps_two_visitors_from_working_out_the_same_deals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both_at_work = threading.Barrier(2, timeout=20)
    monkeypatch.setattr(deals, "work_out", lambda: [both_at_work.wait()])
    visitors = [threading.Thread(target=deals.current) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert not both_at_work.broken


def test_deals_come_from_the_cache_in_between(
    client: Client, django_assert_num_queries: Any
) -> None:
    shown = client.get("/deals/").context["products"]
    assert len(shown) == deals.SHOWN
    with django_assert_num_queries(0):
        assert client.get("/deals/").context["products"] == shown


def test_a_voucher_of_everything_breaks_and_rolls_the_order_back(
    buyer: Client, product: Product, partner: Partner
) -> None:
    orders = Order.objects.count()
    put(buyer, product)
    answer = buyer.post("/checkout/", {**ADDRESS, "voucher": "FREEBIE"})
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert Order.objects.count() == orders
    assert Product.objects.get(pk=product.pk).stock == product.stock
    assert next(partner.payment_calls) == 1


def test_a_payment_that_fails_twice_rolls_the_order_back(
    buyer: Client, product: Product, partner: Partner
) -> None:
    skip_payments(partner, 4)
    orders = Order.objects.count()
    put(buyer, product)
    answer = buyer.post("/checkout/", ADDRESS)
    assert answer.status_code == 503
    assert Order.objects.count() == orders
    assert buyer.session["basket"] == {product.sku: 2}


def test_a_payment_that_fails_once_is_tried_again(partner: Partner) -> None:
    skip_payments(partner, 5)
    assert partners.pay("T1", Product.objects.all()[0].price) == "PAY-000007"


def test_missing_rates_leave_the_page_as_it_is(
    client: Client, product: Product, partner: Partner
) -> None:
    for _ in range(5):
        next(partner.rates_calls)
    answer = client.get(product.get_absolute_url())
    assert answer.status_code == 200
    assert "not known at the moment" in answer.text


def test_the_partner_is_slow_by_count() -> None:
    pauses: list[float] = []
    partner = Partner(pause=pauses.append)
    for _ in range(6):
        partner.pay()
    assert len(pauses) == 2


def test_the_partner_knows_no_other_service(partner: Partner, settings: Any) -> None:
    assert requests.get(f"{settings.PARTNER_URL}/secrets", timeout=5).status_code == 404
    assert requests.post(f"{settings.PARTNER_URL}/rates", timeout=5).status_code == 404


def test_the_ledger_holds_a_year_in_memory(staff: Client) -> None:
    tracemalloc.start()
    answer = staff.get("/staff/ledger.csv")
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not answer.streaming
    assert answer.content.count(b"\n") == 300 * 365
    assert peak_bytes > 30_000_000


def skip_payments(partner: Partner, calls: int) -> None:
    for _ in range(calls):
        next(partner.payment_calls)


def query_plan(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", [trending.SHOWN])
        return "\n".join(row[-1] for row in cursor.fetchall())
