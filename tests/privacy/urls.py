from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from tests.privacy import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("django.contrib.auth.urls")),
    path("host/", include("tests.host.urls")),
    path("act/", views.act),
    path("act/async/", views.act_async),
    path("confirm/<str:key>/", views.act),
    path("magic/<int:pin>/", views.act),
    path("people/<str:who>/", views.act),
    path("unsubscribe/<path:signed>/", views.act),
    re_path(r"^old/(?P<token>[^/]+)/$", views.act),
    re_path(r"^older/([^/]+)/$", views.act),
]
