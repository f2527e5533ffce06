"""URLs of a project whose admin site is its own, under another prefix and name."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import path

from debugpanel.admin import register

site = AdminSite(name="backstage")
register(site)
register(site)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("intern/backstage/", site.urls),
]
