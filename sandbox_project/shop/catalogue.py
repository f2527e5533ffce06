"""Finding products."""

from __future__ import annotations

from django.core.paginator import Page, Paginator
from django.db.models import Avg, Count, Q, QuerySet

from sandbox_project.shop.models import Product

PER_PAGE = 24
RELATED = 4
MAX_WORDS = 6
SORTINGS = {
    "name": ("name", "id"),
    "price": ("price", "id"),
    "newest": ("-added", "id"),
    "stars": ("-stars", "name", "id"),
}


def products() -> QuerySet[Product]:
    return Product.objects.select_related("brand", "category").annotate(
        stars=Avg("reviews__stars"), reviewed=Count("reviews")
    )


def sorted_by(found: QuerySet[Product], sorting: str) -> QuerySet[Product]:
    return found.order_by(*SORTINGS.get(sorting, SORTINGS["name"]))


def page_of(found: QuerySet[Product], number: str | None) -> Page[Product]:
    return Paginator(found, PER_PAGE).get_page(number)


def matching(words: str) -> QuerySet[Product]:
    wanted = Q()
    for word in words.split()[:MAX_WORDS]:
        wanted &= named(word)
    return products().filter(wanted).order_by("name", "id")


def named(word: str) -> Q:
    in_text = Q(name__icontains=word) | Q(description__icontains=word)
    return in_text | Q(brand__name__icontains=word)


def related_to(product: Product) -> list[Product]:
    return list(products().filter(category=product.category).exclude(pk=product.pk)[:RELATED])


def newest(number: int) -> QuerySet[Product]:
    """FAULT when a template follows its relations: nothing is fetched along."""
    return Product.objects.order_by("-added", "id")[:number]
