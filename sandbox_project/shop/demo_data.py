"""Fills the empty shop: some 10,000 rows, the same ones for the same seed and day."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from sandbox_project.logins import PASSWORD
from sandbox_project.shop import demo_words as words
from sandbox_project.shop.models import (
    Brand,
    Category,
    Customer,
    Order,
    OrderLine,
    PageVisit,
    Payment,
    Product,
    Review,
    StockMovement,
)

KINDS_PER_NOUN = 5
CUSTOMERS = 200
ORDERS = 1200
REVIEWS = 900
MOVEMENTS = 2500
VISITS = 1600
VISITORS = 300
DAYS = 400


class DemoData:
    """One method per table, in the order of their foreign keys."""

    def __init__(self, *, seed: int, until: datetime) -> None:
        self.random = Random(seed)
        self.until = until

    @transaction.atomic
    def make(self) -> None:
        self.categories = Category.objects.bulk_create(self.new_categories())
        self.brands = Brand.objects.bulk_create(
            Brand(name=name, country=country) for name, country in words.BRANDS
        )
        self.products = Product.objects.bulk_create(self.new_products())
        self.customers = Customer.objects.bulk_create(self.new_customers())
        self.make_orders()
        Review.objects.bulk_create(self.new_review() for _ in range(REVIEWS))
        StockMovement.objects.bulk_create(self.new_movement() for _ in range(MOVEMENTS))
        PageVisit.objects.bulk_create(self.new_visit() for _ in range(VISITS))

    def moment(self) -> datetime:
        return self.until - timedelta(minutes=self.random.randrange(DAYS * 24 * 60))

    def new_categories(self) -> list[Category]:
        return [
            Category(name=name, slug=slugify(name), position=position)
            for position, name in enumerate(words.NOUNS)
        ]

    def new_products(self) -> list[Product]:
        return [
            self.new_product(category, f"{kind} {noun}")
            for category in self.categories
            for noun in words.NOUNS[category.name]
            for kind in self.random.sample(words.KINDS, KINDS_PER_NOUN)
        ]

    def new_product(self, category: Category, name: str) -> Product:
        number = self.random.randrange(10**6)
        return Product(
            sku=f"{slugify(name)[:2].upper()}-{number:06d}",
            name=name,
            slug=f"{slugify(name)}-{number}",
            category=category,
            brand=self.random.choice(self.brands),
            description=" ".join(self.random.sample(words.PRAISE, 3)),
            price=Decimal(self.random.randrange(350, 32000)) / 100,
            stock=self.random.choice((0, 2, 12, 60, 250)),
            weight_g=self.random.randrange(40, 9000),
            added=self.moment().date(),
        )

    def new_customers(self) -> list[Customer]:
        users = User.objects.bulk_create(self.new_users())
        return [Customer(user=user, city=self.random.choice(words.CITIES)) for user in users]

    def new_users(self) -> list[User]:
        password = make_password(PASSWORD)
        names = [(first, last) for first in words.FIRST_NAMES for last in words.LAST_NAMES]
        return [
            User(
                username=f"{first}.{last}".lower(),
                first_name=first,
                last_name=last,
                email=f"{first}.{last}@example.org".lower(),
                password=password,
            )
            for first, last in names[::2][:CUSTOMERS]
        ]

    def make_orders(self) -> None:
        drafts = [(self.new_order(number), self.new_lines()) for number in range(ORDERS)]
        for order, lines in drafts:
            order.total = sum((line.amount for line in lines), Decimal(0))
        Order.objects.bulk_create(order for order, _ in drafts)
        for order, lines in drafts:
            for line in lines:
                line.order = order
        OrderLine.objects.bulk_create(line for _, lines in drafts for line in lines)
        Payment.objects.bulk_create(self.new_payment(order) for order, _ in drafts)

    def new_order(self, number: int) -> Order:
        return Order(
            number=f"T{number:05d}",
            customer=self.random.choice(self.customers),
            status=self.random.choice(Order.Status.values),
            placed_at=self.moment(),
        )

    def new_lines(self) -> list[OrderLine]:
        chosen = self.random.sample(self.products, self.random.randint(1, 4))
        return [
            OrderLine(product=product, quantity=self.random.randint(1, 5), price=product.price)
            for product in chosen
        ]

    def new_payment(self, order: Order) -> Payment:
        return Payment(
            order=order,
            reference=f"OLD-{order.number}",
            amount=order.total,
            paid_at=order.placed_at,
        )

    def new_review(self) -> Review:
        stars = self.random.choice((1, 2, 3, 4, 4, 5, 5))
        return Review(
            product=self.random.choice(self.products),
            customer=self.random.choice(self.customers),
            stars=stars,
            text=self.random.choice(words.OPINIONS[stars]),
            written_at=self.moment(),
        )

    def new_movement(self) -> StockMovement:
        arrived = self.random.random() < 0.4
        return StockMovement(
            product=self.random.choice(self.products),
            pieces=self.random.randint(5, 40) if arrived else -self.random.randint(1, 6),
            reason="delivered" if arrived else "sold",
            moved_at=self.moment(),
        )

    def new_visit(self) -> PageVisit:
        visitor = f"Visitor-{self.random.randrange(VISITORS):04d}"
        return PageVisit(
            visitor=self.random.choice((visitor, visitor.lower(), visitor.upper())),
            product=self.random.choice(self.products),
            visited_at=self.moment(),
        )
