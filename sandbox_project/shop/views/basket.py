"""Looking into the basket, putting in, taking out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from sandbox_project.shop import basket
from sandbox_project.shop.forms import BasketForm
from sandbox_project.shop.models import Product


def show(request: HttpRequest) -> HttpResponse:
    lines = basket.lines(request)
    return render(request, "shop/basket.html", {"lines": lines, "total": basket.total(lines)})


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    form = BasketForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That is not a quantity we can pack.")
        return redirect("shop:basket")
    product = get_object_or_404(Product, sku=form.cleaned_data["sku"])
    basket.put(request, product.sku, form.cleaned_data["quantity"])
    messages.success(request, f"{product.name} is in your basket.")
    return redirect("shop:basket")


@require_POST
def remove(request: HttpRequest, sku: str) -> HttpResponse:
    basket.take_out(request, sku)
    return redirect("shop:basket")
