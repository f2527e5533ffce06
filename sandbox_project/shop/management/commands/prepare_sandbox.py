"""Makes both databases, fills the empty shop and creates the staff user."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from sandbox_project.logins import PASSWORD, STAFF
from sandbox_project.shop.demo_data import DemoData
from sandbox_project.shop.models import Customer, Product

SEED = 1911


class Command(BaseCommand):
    help = "Migrates all databases, fills the shop when it is empty and creates the staff user."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED, help="chooses the demo data")

    def handle(self, *args: Any, seed: int, **options: Any) -> None:
        for alias in ("default", "debugpanel"):
            call_command("migrate", database=alias, verbosity=0)
        self.fill(seed)
        self.create_staff()

    def fill(self, seed: int) -> None:
        if Product.objects.exists():
            return
        DemoData(seed=seed, until=timezone.now()).make()
        self.stdout.write(f"Put {Product.objects.count()} products on the shelves.")

    def create_staff(self) -> None:
        if User.objects.filter(username=STAFF).exists():
            return
        user = User.objects.create_superuser(
            STAFF, "admin@tidewater.example", PASSWORD, first_name="Harbour", last_name="Master"
        )
        Customer.objects.create(user=user, city="Oban")
        self.stdout.write(f"Created the staff user {STAFF}.")
