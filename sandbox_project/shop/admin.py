"""The shop's own tables in the Django admin, beside the debug panel."""

from __future__ import annotations

from django.contrib import admin

from sandbox_project.shop.models import Brand, Category, Order, OrderLine, Product

admin.site.site_header = "Tidewater Chandlery"
admin.site.site_title = "Tidewater Chandlery"


@admin.register(Category, Brand)
class NamedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    search_fields = ["name"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "sku", "category", "brand", "price", "stock"]
    list_filter = ["category"]
    list_select_related = ["category", "brand"]
    search_fields = ["name", "sku"]
    prepopulated_fields = {"slug": ["name"]}


class OrderLineInline(admin.TabularInline):  # type: ignore[type-arg]
    model = OrderLine
    raw_id_fields = ["product"]
    extra = 0


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["number", "customer", "status", "placed_at", "total"]
    list_filter = ["status"]
    list_select_related = ["customer__user"]
    raw_id_fields = ["customer"]
    search_fields = ["number"]
    inlines = [OrderLineInline]
