from __future__ import annotations

from django.urls import path

from sandbox_project.shop.views import basket, catalogue, checkout, pages

app_name = "shop"

urlpatterns = [
    path("", pages.home, name="home"),
    path("faults/", pages.faults, name="faults"),
    path("guide/", pages.guide, name="guide"),
    path("health/", pages.health, name="health"),
    path("catalogue/", catalogue.product_list, name="catalogue"),
    path("catalogue/<slug:slug>/", catalogue.category, name="category"),
    path("product/<slug:slug>/", catalogue.product, name="product"),
    path("search/", catalogue.search, name="search"),
    path("new/", catalogue.new_arrivals, name="new"),
    path("seen-together/", catalogue.trending, name="trending"),
    path("price-matrix/", catalogue.price_matrix, name="matrix"),
    path("deals/", catalogue.deals, name="deals"),
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket-add"),
    path("basket/remove/<str:sku>/", basket.remove, name="basket-remove"),
    path("checkout/", checkout.checkout, name="checkout"),
]
