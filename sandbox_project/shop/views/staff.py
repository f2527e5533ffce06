"""For the people who run the shop."""

from __future__ import annotations

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from sandbox_project.shop import exports, ledger
from sandbox_project.shop.report import figures

CSV = "text/csv; charset=utf-8"


@staff_member_required(login_url="account:login")
def report(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/report.html", figures())


@staff_member_required(login_url="account:login")
def orders_csv(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(exports.orders_csv(), content_type=CSV, headers=named("orders"))


@staff_member_required(login_url="account:login")
def ledger_csv(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ledger.as_text(), content_type=CSV, headers=named("ledger"))


def named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.csv"'}
