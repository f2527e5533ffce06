"""Who gets what from which address: every URL of ours, every kind of visitor, every method."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from debugpanel.models import Trace
from tests.privacy import sweep
from tests.viewer.seeding import rich_trace, store

pytestmark = pytest.mark.django_db(databases=["default", "debugpanel"])

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
READING = ("GET", "HEAD")

LOGIN, REFUSED, ONLY_READING = 302, 403, 405


def anonymous() -> Client:
    return Client()


def _client_of(**attributes: Any) -> Client:
    user = User.objects.create_user("visitor", password="x", **attributes)
    client = Client()
    client.force_login(user)
    return client


def _permit(codename: str) -> None:
    user = User.objects.get(username="visitor")
    user.user_permissions.add(Permission.objects.get(codename=codename))


def plain_user() -> Client:
    return _client_of()


def plain_user_with_permission() -> Client:
    client = _client_of()
    _permit("view_trace")
    return client


def staff() -> Client:
    return _client_of(is_staff=True)


def staff_with_another_permission() -> Client:
    client = staff()
    _permit("view_user")
    for permission in Permission.objects.filter(content_type__app_label="debugpanel"):
        if permission.codename != "view_trace":
            _permit(permission.codename)
    return client


def staff_with_view() -> Client:
    client = staff()
    _permit("view_trace")
    return client


def superuser() -> Client:
    return _client_of(is_staff=True, is_superuser=True)


def superuser_without_staff() -> Client:
    return _client_of(is_superuser=True)


def inactive() -> Client:
    client = superuser()
    User.objects.update(is_active=False)
    return client


def no_longer_staff() -> Client:
    client = staff_with_view()
    User.objects.update(is_staff=False)
    return client


def logged_out_elsewhere() -> Client:
    client = staff_with_view()
    Session.objects.all().delete()
    return client


SENT_TO_LOGIN = (
    anonymous,
    plain_user,
    plain_user_with_permission,
    superuser_without_staff,
    inactive,
    no_longer_staff,
    logged_out_elsewhere,
)
TURNED_AWAY = (staff, staff_with_another_permission)
ADMITTED = (staff_with_view, superuser)
EVERYBODY = (*SENT_TO_LOGIN, *TURNED_AWAY, *ADMITTED)

# What those who may read get from each address, by the name of its URL.
ANSWERS = {
    "debugpanel_trace_changelist": 200,
    "debugpanel_trace_by_id": 302,
    "debugpanel_trace_change": 200,
}


def urls_of_ours(
    resolver: URLResolver, inside: str = "", *, is_ours: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield pattern and name of every URL that a view, a name or a path of ours answers."""
    for item in resolver.url_patterns:
        pattern = inside + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from urls_of_ours(item, pattern, is_ours=is_ours or _is_ours(item.pattern))
        elif is_ours or _is_ours(item.name, item.callback, item.pattern):
            yield pattern, str(item.name)


def _is_ours(*things: object) -> bool:
    modules = [getattr(thing, "__module__", "") for thing in things]
    owners = [getattr(getattr(thing, "model_admin", None), "__module__", "") for thing in things]
    return "debugpanel" in " ".join(map(str, [*things, *owners])) or any(
        str(module).startswith("debugpanel") for module in modules
    )


def test_the_matrix_holds_every_address() -> None:
    found = dict(urls_of_ours(get_resolver("tests.privacy.urls")))
    assert set(found.values()) == {*ANSWERS, "app_list"}
    assert all(pattern.startswith("admin/") for pattern in found)


@pytest.mark.parametrize("visitor", EVERYBODY, ids=lambda visitor: visitor.__name__)
def test_the_admins_own_page_of_the_app_is_for_those_who_may_see_traces(
    visitor: Callable[[], Client],
) -> None:
    expected = LOGIN if visitor in SENT_TO_LOGIN else 200 if visitor in ADMITTED else 404
    assert visitor().get("/admin/debugpanel/").status_code == expected


def test_a_new_address_would_be_found() -> None:
    def view() -> None: ...

    view.__module__ = "debugpanel.viewer.new"
    patterns: list[Callable[..., None] | URLPattern] = []

    class Resolver:
        url_patterns = patterns

    from django.urls import path

    patterns += [path("x/", view), path("y/", len)]  # type: ignore[list-item]
    assert list(urls_of_ours(Resolver())) == [("x/", "None")]  # type: ignore[arg-type]


def addresses() -> dict[str, str]:
    row = store(rich_trace())
    arguments = {
        "debugpanel_trace_changelist": [],
        "debugpanel_trace_by_id": [row.pk.hex],
        "debugpanel_trace_change": [row.pk],
    }
    assert set(arguments) == set(ANSWERS)
    return {name: reverse(f"admin:{name}", args=given) for name, given in arguments.items()}


def expected(visitor: Callable[[], Client], name: str, method: str) -> int:
    if visitor in SENT_TO_LOGIN:
        return LOGIN
    if visitor in TURNED_AWAY:
        return REFUSED
    return ANSWERS[name] if method in READING else ONLY_READING


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("visitor", EVERYBODY, ids=lambda visitor: visitor.__name__)
def test_everybody_gets_what_they_may(
    visitor: Callable[[], Client], debug: bool, settings: Any
) -> None:
    settings.DEBUG = debug
    client, found = visitor(), addresses()
    before = everything_stored()
    for (name, address), method in itertools.product(found.items(), METHODS):
        response = client.generic(method, address)
        assert response.status_code == expected(visitor, name, method), (name, method)
        if response.status_code == LOGIN and visitor in SENT_TO_LOGIN:
            assert response.url.startswith("/admin/login/")
        if visitor not in ADMITTED:
            assert "shop" not in response.content.decode()
    assert everything_stored() == before


def everything_stored() -> list[str]:
    return [f"{place}: {text}" for place, text in sweep.stored_texts()] + [
        str(row) for row in User.objects.order_by("pk").values("pk", "is_staff", "is_superuser")
    ]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("visitor", [*SENT_TO_LOGIN, *TURNED_AWAY], ids=lambda v: v.__name__)
def test_the_answer_does_not_tell_whether_a_trace_is_stored(
    visitor: Callable[[], Client], method: str
) -> None:
    client, found = visitor(), addresses()
    stored_pk = str(Trace.objects.get().pk)
    missing_pk = "0192f3c0-a1b2-7c3d-8e4f-5a6b7c8d9e0f"
    for address in found.values():
        other = address.replace(stored_pk, missing_pk)
        other = other.replace(stored_pk.replace("-", ""), missing_pk.replace("-", ""))
        here, there = client.generic(method, address), client.generic(method, other)
        assert here.status_code == there.status_code
        assert len(here.content) == len(there.content)


def test_refused_visitors_get_what_the_admin_gives() -> None:
    found = addresses()
    for visitor in (anonymous, plain_user, staff):
        User.objects.filter(username="visitor").delete()
        client = visitor()
        ours = client.get(found["debugpanel_trace_changelist"])
        theirs = client.get("/admin/auth/user/")
        assert ours.status_code == theirs.status_code
        assert ours.content == theirs.content


def test_reading_sends_nothing_but_selects() -> None:
    client, found = staff_with_view(), addresses()
    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    default, ours = connections["default"], connections["debugpanel"]
    with default.execute_wrapper(note), ours.execute_wrapper(note):
        for address in found.values():
            client.get(address)
            client.head(address)
    assert sent
    assert [sql for sql in sent if not sql.startswith("SELECT")] == []


SITE_PATHS = [
    "/",
    "/host/text/",
    "/host/missing/",
    "/debugpanel/",
    "/__debug__/",
    "/_debugpanel/",
    "/admin/",
    "/admin/login/",
    "/static/debugpanel/debugpanel.css",
    "/debug/",
    "/trace/",
    "/nowhere",
]


@pytest.mark.parametrize("visitor", [anonymous, plain_user], ids=lambda v: v.__name__)
def test_nothing_outside_the_admin_says_that_it_is_installed(
    visitor: Callable[[], Client], settings: Any
) -> None:
    client = visitor()
    with_it = [client.get(path) for path in SITE_PATHS]
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "debugpanel" not in name]
    without = [client.get(path) for path in SITE_PATHS]
    for one, other in zip(with_it, without, strict=True):
        assert one.status_code == other.status_code
        assert list(one.headers) == list(other.headers)
        assert "debugpanel" not in one.content.decode().replace(one.request["PATH_INFO"], "")
        assert "debugpanel" not in str(one.headers).replace(one.request["PATH_INFO"], "")


FUZZ = [
    "q=%00", "q=\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "q=" + "x" * 5000,
    "q=user:1'%20OR%201=1--", "q=%F0%9F%98%80", "q=route:%25", "q=user:%00", "q=path:%00",
    "q=trace:zz", "p=-1", "p=99999999999999999999", "p=x", "p=0", "o=1", "o=-9", "o=x", "o=1.-2.3",
    "all=", "window=x", "window=all&o=4", "status=5&status=9", "status='", "marker=%00",
    "method=GET%00", "reason=x", "older=1-" + "f" * 32, "older=" + "9" * 40 + "-" + "0" * 32,
    "older=%00", "older=-1-x", "older=%D9%A1-" + "0" * 32, "user__password__startswith=a",
    "route__name=x", "payload__data__isnull=1", "id__in=1,2", "e=1", "_facets=1", "_popup=1",
    "_to_field=id", "__class__=1", "started__gte=x", "path__regex=(a%2B)%2B$",
]  # fmt: skip


@pytest.mark.parametrize("query", FUZZ)
def test_no_query_of_the_list_fails_or_reads_another_column(query: str) -> None:
    client, found = staff_with_view(), addresses()
    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connections["debugpanel"].execute_wrapper(note):
        response = client.get(found["debugpanel_trace_changelist"], QUERY_STRING=query)
    assert response.status_code in (200, 302, 400, 404)
    assert len(sent) <= 5
    assert not any("OR 1=1" in sql or "tracepayload" in sql for sql in sent)


@pytest.mark.parametrize(
    "identity", ["x", "%00", "0" * 32, "f" * 36, "{}", "..%2f..%2f", "1" * 500, "%F0%9F%98%80"]
)
def test_no_identity_fails(identity: str) -> None:
    client = staff_with_view()
    for address in (f"{sweep.LIST}{identity}/change/", f"{sweep.LIST}id/{identity}/"):
        assert client.get(address).status_code == 404
