from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "sandbox_project.shop"
    verbose_name = "Tidewater Chandlery"

    def ready(self) -> None:
        from sandbox_project.shop import mails
        from sandbox_project.shop.signals import order_placed

        order_placed.connect(mails.confirm_order, dispatch_uid="confirm_order")
