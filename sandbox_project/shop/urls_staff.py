from __future__ import annotations

from django.urls import path

from sandbox_project.shop.views import staff

app_name = "staff"

urlpatterns = [
    path("report/", staff.report, name="report"),
    path("orders.csv", staff.orders_csv, name="orders-csv"),
    path("ledger.csv", staff.ledger_csv, name="ledger"),
]
