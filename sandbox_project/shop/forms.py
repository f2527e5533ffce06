"""What visitors may send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.db import transaction

from sandbox_project.shop import pricing
from sandbox_project.shop.basket import MAX_PIECES
from sandbox_project.shop.models import Customer


class BasketForm(forms.Form):
    sku = forms.CharField(max_length=12)
    quantity = forms.IntegerField(min_value=1, max_value=MAX_PIECES, initial=1)


class CheckoutForm(forms.Form):
    name = forms.CharField(max_length=80)
    street = forms.CharField(max_length=80)
    city = forms.CharField(max_length=60)
    voucher = forms.CharField(max_length=20, required=False)

    def clean_voucher(self) -> str:
        voucher: str = self.cleaned_data["voucher"].strip().upper()
        if voucher and voucher not in pricing.VOUCHERS:
            raise forms.ValidationError("We do not know this voucher.")
        return voucher


class RegisterForm(UserCreationForm):  # type: ignore[type-arg]
    email = forms.EmailField()
    first_name = forms.CharField(max_length=60)
    last_name = forms.CharField(max_length=60)
    city = forms.CharField(max_length=60)

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "first_name", "last_name", "email")

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        user = super().save(commit)
        if commit:
            Customer.objects.create(user=user, city=self.cleaned_data["city"])
        return user
