from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.urls import path

from sandbox_project.shop.views import account

app_name = "account"

urlpatterns = [
    path("login/", auth_views.LoginView.as_view(template_name="shop/login.html"), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("register/", account.register, name="register"),
    path("orders/", account.orders, name="orders"),
    path("orders/<str:number>/", account.order, name="order"),
    path("orders/<str:number>/invoice/", account.invoice, name="invoice"),
]
