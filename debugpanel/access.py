"""Who may see, and who may see what was stored as sensitive.

A client's address may only restrict access, never grant it; `sampling.peers` finds it.
"""

from __future__ import annotations

from django.http import HttpRequest

VIEW = "debugpanel.view_trace"
VIEW_SENSITIVE = "debugpanel.view_sensitive"


def may_view(request: HttpRequest) -> bool:
    """Active staff with the permission to view traces, whatever the admin site asks for."""
    return _is_staff_with(request, VIEW)


def may_view_sensitive(request: HttpRequest) -> bool:
    """Revealing needs a permission of its own, on top of seeing the trace at all."""
    return may_view(request) and _is_staff_with(request, VIEW_SENSITIVE)


def _is_staff_with(request: HttpRequest, permission: str) -> bool:
    user = getattr(request, "user", None)
    if user is None or not user.is_active or not getattr(user, "is_staff", False):
        return False
    return bool(user.has_perm(permission))
