"""The till."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from sandbox_project.shop import basket, partners
from sandbox_project.shop import checkout as till
from sandbox_project.shop.forms import CheckoutForm
from sandbox_project.shop.models import Customer


@login_required
def checkout(request: HttpRequest) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.select_related("user"), user=request.user)
    lines = basket.lines(request)
    if not lines:
        messages.info(request, "Your basket is empty.")
        return redirect("shop:basket")
    form = CheckoutForm(request.POST or None, initial=initial(customer))
    if request.method == "POST" and form.is_valid():
        return buy(request, customer, lines, form.cleaned_data["voucher"])
    context = {"form": form, "lines": lines, "total": basket.total(lines)}
    return render(request, "shop/checkout.html", context)


def initial(customer: Customer) -> dict[str, str]:
    return {"name": customer.user.get_full_name(), "city": customer.city}


def buy(
    request: HttpRequest, customer: Customer, lines: list[basket.Line], voucher: str
) -> HttpResponse:
    try:
        order = till.place_order(customer, lines, voucher)
    except till.OutOfStockError as error:
        messages.error(request, f"{error.product.name}: somebody was quicker, we have too few.")
        return redirect("shop:basket")
    except partners.PaymentRefusedError:
        return render(request, "shop/payment_failed.html", status=503)
    basket.empty(request)
    messages.success(request, "Thank you. Your order is on its way to the packers.")
    return redirect(order)
