from __future__ import annotations

import csv

import pytest
from django.test import Client

from sandbox_project.shop.models import Order

pytestmark = pytest.mark.django_db

PLACES = ["/staff/report/", "/staff/orders.csv", "/staff/ledger.csv"]


@pytest.mark.parametrize("path", PLACES)
def test_customers_are_kept_out(buyer: Client, path: str) -> None:
    assert buyer.get(path).headers["Location"] == f"/account/login/?next={path}"


def test_the_report_adds_up(staff: Client) -> None:
    figures = staff.get("/staff/report/").context
    assert figures["totals"]["orders"] == Order.objects.count()
    assert sum(row["orders"] for row in figures["months"]) == Order.objects.count()


def test_the_export_streams_one_line_for_each_order(staff: Client) -> None:
    answer = staff.get("/staff/orders.csv")
    assert answer.streaming
    rows = list(csv.DictReader(b"".join(answer).decode().splitlines()))
    assert {row["number"] for row in rows} == set(Order.objects.values_list("number", flat=True))


def test_the_admin_lists_the_products(staff: Client) -> None:
    assert "300 products" in staff.get("/admin/shop/product/").text
