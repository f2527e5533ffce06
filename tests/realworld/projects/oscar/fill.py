"""Fills the shop: categories, products with stock and reviews, customers, orders. Run once."""

from __future__ import annotations

import datetime as dt
import io
import random
from decimal import Decimal

import django

django.setup()

from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.contrib.flatpages.models import FlatPage  # noqa: E402
from django.contrib.sites.models import Site  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.db.models import F, QuerySet, Value  # noqa: E402
from oscar.apps.catalogue.categories import create_from_breadcrumbs  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402
from oscar.test.factories import create_basket, create_order, create_product  # noqa: E402
from PIL import Image  # noqa: E402

Country = get_model("address", "Country")
Order = get_model("order", "Order")
Product = get_model("catalogue", "Product")
ProductCategory = get_model("catalogue", "ProductCategory")
ProductImage = get_model("catalogue", "ProductImage")
ProductReview = get_model("reviews", "ProductReview")

LONG_AGO = dt.datetime(2021, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
CATEGORIES = ["Books > Fiction", "Books > Cooking", "Kitchen > Pans", "Kitchen > Knives", "Garden"]
PRODUCTS = 60


def fill() -> None:
    random.seed(0)
    site = Site.objects.get()
    site.domain = site.name = "realworld.test"
    site.save()
    Country.objects.create(
        iso_3166_1_a2="GB",
        iso_3166_1_a3="GBR",
        printable_name="United Kingdom",
        is_shipping_country=True,
    )
    clients = [add_client(number) for number in range(4)]
    User.objects.create_superuser("reader", "reader@example.org", "of the reader")
    products = [add_product(number, clients) for number in range(PRODUCTS)]
    for number in range(8):
        add_order(number, clients, products)
    for name in ("about", "terms"):
        page = FlatPage.objects.create(url=f"/{name}/", title=name, content=f"<p>{name}</p>")
        page.sites.add(site)
    age(User.objects.all(), "date_joined")


def add_client(number: int) -> User:
    group, created = Group.objects.get_or_create(name="Staff")
    if created:
        group.permissions.set(Permission.objects.all())
    user = User.objects.create_user(
        f"client{number}", f"c{number}@example.org", "of the client", first_name=f"Client {number}"
    )
    user.is_staff = True
    user.save()
    user.groups.add(group)
    return user


def add_product(number: int, reviewers: list[User]) -> Product:
    product = create_product(
        upc=f"upc-{number}", title=f"Product {number}", price=Decimal(5 + number), num_in_stock=1000
    )
    category = create_from_breadcrumbs(CATEGORIES[number % len(CATEGORIES)])
    ProductCategory.objects.create(product=product, category=category)
    ProductImage.objects.create(product=product, original=make_picture(number))
    for user in reviewers[: number % 3]:
        ProductReview.objects.create(
            product=product, score=number % 5 + 1, title="So it is", body="Bought it.", user=user
        )
    age(Product.objects.filter(pk=product.pk), "date_created", "date_updated")
    age(product.reviews.all(), "date_created")
    age(product.images.all(), "date_created")
    age(product.stockrecords.all(), "date_created", "date_updated")
    return product


def make_picture(number: int) -> ContentFile:
    picture = io.BytesIO()
    Image.new("RGB", (300, 300), (4 * number, 90, 120)).save(picture, "PNG")
    return ContentFile(picture.getvalue(), name=f"product-{number}.png")


def add_order(number: int, clients: list[User], products: list[Product]) -> None:
    basket = create_basket(empty=True)
    for product in products[number * 3 : number * 3 + 3]:
        basket.add_product(product)
    order = create_order(number=f"{1000 + number}", basket=basket, user=clients[number % 4])
    age(Order.objects.filter(pk=order.pk), "date_placed")
    age(type(basket).objects.filter(pk=basket.pk), "date_created", "date_submitted")


def age(rows: QuerySet, *columns: str) -> None:
    """Pages that say when something was made would differ from run to run, as would an order."""
    each = Value(LONG_AGO) + F("pk") * dt.timedelta(seconds=1)
    rows.update(**dict.fromkeys(columns, each))


fill()
