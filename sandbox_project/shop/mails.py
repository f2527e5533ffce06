"""Letters to customers."""

from __future__ import annotations

from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from sandbox_project.shop.models import Customer, Order


def confirm_order(sender: type[Order], order: Order, **kwargs: Any) -> None:
    send("order", f"Your order {order.number}", order.customer, {"order": order})


def welcome(customer: Customer) -> None:
    send("welcome", "Welcome aboard", customer, {})


def send(letter: str, subject: str, customer: Customer, context: dict[str, Any]) -> None:
    context = {**context, "customer": customer}
    message = EmailMultiAlternatives(
        subject,
        render_to_string(f"shop/mails/{letter}.txt", context),
        to=[customer.user.email],
    )
    message.attach_alternative(render_to_string(f"shop/mails/{letter}.html", context), "text/html")
    message.send()
