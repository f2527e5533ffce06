"""The JSON API: products, availability in the warehouses, quotes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sandbox_project.shop import partners, pricing
from sandbox_project.shop.models import Product

PER_PAGE = 50


class BadQuoteError(ValueError):
    """The body is not a list of lines with known articles."""


def problem(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)


def as_json(product: Product) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "name": product.name,
        "category": product.category.slug,
        "brand": product.brand.name,
        "price": str(product.price),
        "stock": product.stock,
    }


def listed(request: HttpRequest) -> QuerySet[Product]:
    found = Product.objects.select_related("category", "brand")
    if category := request.GET.get("category"):
        return found.filter(category__slug=category)
    return found


def product_list(request: HttpRequest) -> JsonResponse:
    pages = Paginator(listed(request), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    products = [as_json(product) for product in page]
    return JsonResponse({"count": pages.count, "page": page.number, "products": products})


def product(request: HttpRequest, sku: str) -> JsonResponse:
    found = Product.objects.select_related("category", "brand").filter(sku=sku).first()
    if found is None:
        return problem(404, "no such article")
    return JsonResponse(as_json(found))


async def availability(request: HttpRequest, sku: str) -> JsonResponse:
    found = await Product.objects.filter(sku=sku).afirst()
    if found is None:
        return problem(404, "no such article")
    try:
        warehouses = await partners.pieces_by_warehouse(sku)
    except partners.PartnerError as error:
        return problem(502, str(error))
    return JsonResponse({"sku": sku, "shop": found.stock, "warehouses": warehouses})


@csrf_exempt
@require_POST
def quote(request: HttpRequest) -> JsonResponse:
    try:
        lines = [quoted(line) for line in wanted_lines(request.body)]
    except BadQuoteError as error:
        return problem(400, str(error))
    total = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
    return JsonResponse({"lines": lines, "total": str(total)})


def wanted_lines(body: bytes) -> list[tuple[str, int]]:
    try:
        content = json.loads(body)
        return [(str(line["sku"]), int(line["quantity"])) for line in content["lines"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BadQuoteError("send {lines: [{sku, quantity}, ...]}") from error


def quoted(line: tuple[str, int]) -> dict[str, Any]:
    sku, quantity = line
    found = Product.objects.filter(sku=sku).first()
    if found is None or quantity < 1:
        raise BadQuoteError(f"no such line: {sku}, {quantity}")
    piece = pricing.piece_price(found.price, quantity)
    return {"sku": sku, "quantity": quantity, "piece": str(piece), "amount": str(piece * quantity)}
