from __future__ import annotations

from django.urls import path

from sandbox_project.shop.views import api

app_name = "api"

urlpatterns = [
    path("products/", api.product_list, name="products"),
    path("products/<str:sku>/", api.product, name="product"),
    path("availability/<str:sku>/", api.availability, name="availability"),
    path("quotes/", api.quote, name="quotes"),
]
