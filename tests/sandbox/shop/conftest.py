"""A filled shop, a partner that keeps nobody waiting, and visitors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from sandbox_project.partner import Partner, PartnerServer
from sandbox_project.shop.demo_data import DemoData
from sandbox_project.shop.models import Customer, Product

TODAY = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        DemoData(seed=1911, until=TODAY).make()


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    for cache in caches.all(initialized_only=False):
        cache.clear()


@pytest.fixture
def partner(settings: Any) -> Iterator[Partner]:
    waits_for_nobody = Partner(pause=lambda seconds: None)
    server = PartnerServer(partner=waits_for_nobody)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.PARTNER_URL = server.url
    yield waits_for_nobody
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def product(db: None) -> Product:
    return Product.objects.filter(stock__gte=60).order_by("id")[0]


@pytest.fixture
def customer(db: None) -> Customer:
    return Customer.objects.select_related("user").order_by("id")[0]


@pytest.fixture
def buyer(customer: Customer) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(customer.user)
    return client


@pytest.fixture
def staff(admin_client: Client) -> Client:
    return admin_client
