"""Lists of products and the page of one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from sandbox_project.shop import catalogue, partners, pricing
from sandbox_project.shop import deals as deals_of_the_moment
from sandbox_project.shop import trending as visits
from sandbox_project.shop.forms import BasketForm
from sandbox_project.shop.models import Category, Product

NEW_SHOWN = 24


def product_list(request: HttpRequest) -> HttpResponse:
    sorting = request.GET.get("sort", "name")
    found = catalogue.sorted_by(catalogue.products(), sorting)
    page = catalogue.page_of(found, request.GET.get("page"))
    return render(request, "shop/list.html", {"title": "Catalogue", "page": page, "sort": sorting})


def category(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Category, slug=slug)
    sorting = request.GET.get("sort", "name")
    found = catalogue.sorted_by(catalogue.products().filter(category=shown), sorting)
    page = catalogue.page_of(found, request.GET.get("page"))
    return render(request, "shop/list.html", {"title": shown.name, "page": page, "sort": sorting})


def search(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    found = catalogue.matching(words) if words else catalogue.products().none()
    page = catalogue.page_of(found, request.GET.get("page"))
    return render(request, "shop/search.html", {"words": words, "page": page})


def product(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(catalogue.products(), slug=slug)
    context = {
        "product": shown,
        "steps": [(step, pricing.piece_price(shown.price, step)) for step in pricing.STEPS],
        "currencies": pricing.in_currencies(shown.price, partners.exchange_rates()),
        "reviews": shown.reviews.select_related("customer__user")[:10],
        "related": catalogue.related_to(shown),
        "form": BasketForm(initial={"sku": shown.sku}),
    }
    return render(request, "shop/product.html", context)


def new_arrivals(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/new.html", {"products": catalogue.newest(NEW_SHOWN)})


def trending(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/trending.html", {"products": visits.seen_together()})


def price_matrix(request: HttpRequest) -> HttpResponse:
    products = Product.objects.select_related("brand")
    context = {"products": products, "quantities": pricing.PACKS}
    return render(request, "shop/matrix.html", context)


def deals(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/deals.html", {"products": deals_of_the_moment.current()})
