"""Pages that are not about one product."""

from __future__ import annotations

from pathlib import Path

from django.db.models import Count
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from debugpanel import trace_id
from sandbox_project.shop import catalogue
from sandbox_project.shop.faults import FAULTS
from sandbox_project.shop.models import Category, Review

GUIDE = Path(__file__).resolve().parent.parent / "downloads" / "splicing-guide.txt"


def home(request: HttpRequest) -> HttpResponse:
    counted = Category.objects.annotate(pieces=Count("products")).order_by("position")
    reviews = Review.objects.select_related("product", "customer__user")[:3]
    context = {
        "counted_categories": counted,
        "reviews": reviews,
        "best_rated": catalogue.sorted_by(catalogue.products(), "stars")[:4],
    }
    return render(request, "shop/home.html", context)


def faults(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/faults.html", {"faults": FAULTS})


def guide(request: HttpRequest) -> FileResponse:
    return FileResponse(GUIDE.open("rb"), as_attachment=True, filename=GUIDE.name)


def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "well", "categories": Category.objects.count()})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "shop/not_found.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/server_error.html", {"trace": trace_id()}, status=500)
