"""What the shop knows: things on shelves, people, and what people bought."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.urls import reverse


class Category(models.Model):
    name = models.CharField(max_length=60)
    slug = models.SlugField(unique=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:category", args=[self.slug])


class Brand(models.Model):
    name = models.CharField(max_length=60, unique=True)
    country = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    sku = models.CharField("article number", max_length=12, unique=True)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, unique=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    brand = models.ForeignKey(Brand, models.PROTECT, related_name="products")
    description = models.TextField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    stock = models.PositiveIntegerField()
    weight_g = models.PositiveIntegerField("weight in grams")
    added = models.DateField(db_index=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:product", args=[self.slug])

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()[:2]).upper()

    def review_count(self) -> int:
        """One query per call: what a template loop turns into an N+1."""
        return self.reviews.count()


class Customer(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    city = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.user.get_full_name()


class Review(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="reviews")
    stars = models.PositiveSmallIntegerField()
    text = models.TextField()
    written_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-written_at"]

    def __str__(self) -> str:
        return f"{self.stars} stars"


class Order(models.Model):
    class Status(models.TextChoices):
        PAID = "paid"
        SENT = "sent"
        RETURNED = "returned"

    number = models.CharField(max_length=16, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    status = models.CharField(max_length=10, choices=Status, default=Status.PAID)
    placed_at = models.DateTimeField(db_index=True)
    voucher = models.CharField(max_length=20, blank=True)
    discount = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal(0))
    total = models.DecimalField(max_digits=9, decimal_places=2)

    class Meta:
        ordering = ["-placed_at", "-id"]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("account:order", args=[self.number])


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    discount = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(0))

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product_id}"

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity - self.discount


class Payment(models.Model):
    order = models.OneToOneField(Order, models.CASCADE, related_name="payment")
    reference = models.CharField(max_length=30)
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    paid_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reference


class StockMovement(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="movements")
    pieces = models.IntegerField(help_text="Negative when pieces left the shelf.")
    reason = models.CharField(max_length=20)
    moved_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["moved_at", "id"]

    def __str__(self) -> str:
        return f"{self.pieces:+d} {self.reason}"


class PageVisit(models.Model):
    """Who looked at what. Visitors are free text, in any case, with no index: see ``trending``."""

    visitor = models.CharField(max_length=40)
    product = models.ForeignKey(Product, models.CASCADE, related_name="visits")
    visited_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.visitor
