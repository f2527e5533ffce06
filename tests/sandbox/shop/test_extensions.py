from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from debugpanel.testing import capture_trace
from debugpanel.trace.model import Trace
from sandbox_project.extensions.kept_log import KeptLogExporter
from sandbox_project.extensions.purchase import PurchasePanel
from sandbox_project.extensions.stock import StockInstrument
from sandbox_project.partner import Partner
from sandbox_project.shop.models import Product
from tests.sandbox.shop.test_checkout import ADDRESS, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def purchase(buyer: Client, product: Product, partner: Partner) -> Trace:
    return buy(buyer, product)


def buy(client: Client, product: Product) -> Trace:
    put(client, product, 3)
    with capture_trace() as captured:
        client.post("/checkout/", {**ADDRESS, "voucher": "TIDE10"})
    return captured.trace


def stock_values(trace: Trace) -> list[tuple[Any, ...]]:
    return [span.values for span in trace.iter_spans() if span.kind == "stock"]


def test_the_instrument_counts_articles_and_pieces(purchase: Trace) -> None:
    assert stock_values(purchase) == [(1, 3)]


def test_queries_for_the_shelf_stand_below_its_span(purchase: Trace) -> None:
    stock = next(span for span in purchase.iter_spans() if span.kind == "stock")
    below = [span.name for span in purchase.iter_spans() if span.parent == stock.number]
    assert any("UPDATE" in name and "shop_product" in name for name in below)


def test_an_uninstalled_instrument_is_silent(
    buyer: Client, product: Product, partner: Partner
) -> None:
    instrument = StockInstrument()
    instrument.uninstall()
    try:
        assert stock_values(buy(buyer, product)) == []
    finally:
        instrument.install()
    assert stock_values(buy(buyer, product)) == [(1, 3)]


def test_the_panel_is_for_purchases_only(client: Client, purchase: Trace) -> None:
    with capture_trace() as captured:
        client.get("/faults/")
    assert PurchasePanel().is_for(purchase)
    assert not PurchasePanel().is_for(captured.trace)


def test_the_panel_tells_what_was_bought_and_how_it_was_paid(purchase: Trace) -> None:
    panel = PurchasePanel()
    text = render_to_string(panel.template, panel.context(purchase))
    assert "3 pieces left the shelves. Voucher: TIDE10." in text
    assert "1 payment call took" in text


def test_the_exporter_writes_a_line_for_each_trace(
    purchase: Trace, tmp_path: Path, settings: Any
) -> None:
    settings.DATA = tmp_path
    assert KeptLogExporter().write([purchase, purchase]) == 2
    lines = (tmp_path / "kept.log").read_text().splitlines()
    assert len(lines) == 2
    assert purchase.hex_id in lines[0]
    assert "POST /checkout/ 302" in lines[0]


def test_the_shop_names_its_own_work(client: Client) -> None:
    with capture_trace() as captured:
        client.get("/deals/")
    assert "work out the deals" in [span.name for span in captured.trace.iter_spans()]
