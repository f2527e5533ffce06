"""Every address of the sandbox shop."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler404 = "sandbox_project.shop.views.pages.not_found"
handler500 = "sandbox_project.shop.views.pages.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("sandbox_project.shop.urls")),
    path("account/", include("sandbox_project.shop.urls_account")),
    path("staff/", include("sandbox_project.shop.urls_staff")),
    path("api/", include("sandbox_project.shop.urls_api")),
]
