"""What every page shows: the categories and the number of pieces in the basket."""

from __future__ import annotations

from typing import Any

from django.core.cache import caches
from django.http import HttpRequest

from sandbox_project.shop import basket
from sandbox_project.shop.models import Category

CATEGORIES_KEPT_S = 60


def shop(request: HttpRequest) -> dict[str, Any]:
    if request.path.startswith("/admin/"):
        return {}
    return {"categories": categories(), "basket_pieces": sum(basket.quantities(request).values())}


def categories() -> list[Category]:
    kept = caches["worker"]
    return kept.get_or_set("categories", all_categories, CATEGORIES_KEPT_S) or []


def all_categories() -> list[Category]:
    return list(Category.objects.all())
