from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.test import RequestFactory

from debugpanel import access

pytestmark = pytest.mark.django_db


def request_of(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


def user_with(*permissions, **attributes):
    user = User.objects.create_user("somebody", password="x", **attributes)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    ("permissions", "attributes", "may"),
    [
        (["view_trace"], {"is_staff": True}, True),
        ([], {"is_staff": True}, False),
        (["view_trace"], {"is_staff": False}, False),
        (["view_trace"], {"is_staff": True, "is_active": False}, False),
        ([], {"is_staff": True, "is_superuser": True}, True),
        ([], {"is_staff": False, "is_superuser": True}, False),
        (["view_sensitive"], {"is_staff": True}, False),
    ],
)
def test_viewing_needs_active_staff_with_the_permission(permissions, attributes, may):
    assert access.may_view(request_of(user_with(*permissions, **attributes))) is may


@pytest.mark.parametrize(
    ("permissions", "may"),
    [
        (["view_trace", "view_sensitive"], True),
        (["view_trace"], False),
        (["view_sensitive"], False),
    ],
)
def test_revealing_needs_its_own_permission_as_well(permissions, may):
    request = request_of(user_with(*permissions, is_staff=True))
    assert access.may_view_sensitive(request) is may


def test_anonymous_visitors_and_requests_without_a_user_see_nothing():
    assert not access.may_view(request_of(AnonymousUser()))
    assert not access.may_view(RequestFactory().get("/"))
