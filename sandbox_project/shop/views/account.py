"""Customers: becoming one, and what they bought."""

from __future__ import annotations

from io import BytesIO

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string

from sandbox_project.shop import mails
from sandbox_project.shop.forms import RegisterForm
from sandbox_project.shop.models import Order

ORDERS_PER_PAGE = 20


def register(request: HttpRequest) -> HttpResponse:
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        login(request, user)
        mails.welcome(user.customer)
        return redirect("account:orders")
    return render(request, "shop/register.html", {"form": form})


def orders_of(request: HttpRequest) -> QuerySet[Order]:
    return Order.objects.filter(customer__user=request.user)


@login_required
def orders(request: HttpRequest) -> HttpResponse:
    placed = orders_of(request).annotate(line_count=Count("lines")).order_by("-placed_at", "-id")
    page = Paginator(placed, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "shop/orders.html", {"page": page})


@login_required
def order(request: HttpRequest, number: str) -> HttpResponse:
    shown = get_object_or_404(orders_of(request).select_related("payment"), number=number)
    lines = shown.lines.select_related("product")
    return render(request, "shop/order.html", {"order": shown, "lines": lines})


@login_required
def invoice(request: HttpRequest, number: str) -> FileResponse:
    mine = orders_of(request).select_related("customer__user").prefetch_related("lines__product")
    shown = get_object_or_404(mine, number=number)
    text = render_to_string("shop/invoice.txt", {"order": shown}, using="jinja2")
    content = BytesIO(text.encode())
    return FileResponse(content, as_attachment=True, filename=f"invoice-{number}.txt")
