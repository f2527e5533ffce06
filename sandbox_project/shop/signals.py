"""Moments other parts of the shop may listen to."""

from __future__ import annotations

from django.dispatch import Signal

order_placed = Signal()
