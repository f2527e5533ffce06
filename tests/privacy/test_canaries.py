"""Secrets sent through every field of the real pipeline: none is found again, anywhere."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import logging
import subprocess
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
import requests
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import EmailMessage, send_mail
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import AsyncClient, Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

import debugpanel
from tests.privacy import sweep, views
from tests.privacy.canaries import Canaries
from tests.privacy.conftest import Stored, Visit
from tests.privacy.stub import answering

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"]),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

logger = logging.getLogger("host.privacy")


def test_the_sweep_finds_what_is_stored(
    visit: Visit, stored: Stored, canaries: Canaries, own_records: list[str]
) -> None:
    visit("/act/", HTTP_USER_AGENT="a plain browser")
    stored()
    canaries.plant("user agent", "a plain browser")
    logging.getLogger("debugpanel.x").warning("a plain browser")
    reader = Client()
    reader.force_login(User.objects.get(username="reader"))
    found = sweep.leaks(canaries, reader, own_records[0])
    for place in ("our own output", "tracepayload.data", "/change/"):
        assert any(f"{place} holds" in line for line in found)


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda text: text[::-1]])
def test_the_sweep_knows_a_canary_in_any_form(
    canaries: Canaries, change: Callable[[str], str]
) -> None:
    secret = canaries["one"]
    assert "one" in canaries.found_in(f"x{change(secret)}x")
    assert "one" in canaries.found_in(secret[3:11])
    assert "one" in canaries.found_in(base64.b64encode(f"user:{secret}!".encode()).decode())
    assert canaries.found_in("nothing") == {}


# Headers and cookies


SECRET_HEADERS = """
    Authorization Proxy-Authorization Cookie X-Api-Key X-Amz-Security-Token
    X-Forwarded-Client-Cert X-Csrftoken If-Match From X-Forwarded-User X-Original-Url
    Forwarded X-Real-Ip Dpop Signature If-None-Match Www-Authenticate X-Gitlab-Token
    X-Hub-Signature-256 Stripe-Signature Cf-Access-Jwt-Assertion X-Goog-Iap-Jwt-Assertion
"""
SHOWN_HEADERS = """
    Accept Accept-Encoding Accept-Language Cache-Control Origin Range Referer Sec-Fetch-Dest
    Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Traceparent User-Agent Request-Id
    X-Correlation-Id X-Request-Id X-Requested-With
"""
INVENTED_HEADERS = [f"X-Invented-{number}" for number in range(21)]


def environ_name(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"


def test_request_headers(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    names = [*SECRET_HEADERS.split(), *SHOWN_HEADERS.split(), *INVENTED_HEADERS]
    assert len(names) == 60
    visit("/act/", **{environ_name(name): canaries[name] for name in names})
    [trace] = stored()
    assert set(trace.facts["request_headers"]) >= {"user-agent", "accept"}
    assert "x-api-key" in trace.facts["other_request_headers"]


@pytest.mark.parametrize("form", ["{}", "x {} y", "a=1; token={}", "text/html;q={}", "({})", "/{}"])
def test_request_headers_that_may_be_shown(
    visit: Visit, stored: Stored, canaries: Canaries, form: str
) -> None:
    names = SHOWN_HEADERS.split()
    visit("/act/", **{environ_name(name): form.format(canaries[name]) for name in names})
    stored()


def test_credentials(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    basic = base64.b64encode(f"reader:{canaries['basic']}".encode()).decode()
    for scheme in (f"Basic {basic}", f"Bearer {canaries['bearer']}", f"Digest {canaries['d']}"):
        visit("/act/", HTTP_AUTHORIZATION=scheme, HTTP_USER_AGENT=f"agent {scheme}")
    stored(at_least=3)


LONG = {
    "words": "ab " * 5_000,
    "one word": "a" * 5_000,
    "addresses": "a@b.de " * 3_000,
    "segments": "/ab" * 5_000,
    "tokens": "eyJhbGciOiJIUzI1NiJ9 " * 800,
}


@pytest.mark.parametrize("name", LONG)
def test_secrets_at_the_edge_of_what_is_taken(
    visit: Visit, stored: Stored, canaries: Canaries, name: str
) -> None:
    for size in (64, 200, 256, 500, 1024, 2048, 4096, 16_384):
        _visit_with_edges(visit, canaries, name, size)
    stored(at_least=8)


def _visit_with_edges(visit: Visit, canaries: Canaries, name: str, size: int) -> None:
    """Put ten characters of each canary in front of a limit, the rest behind it."""

    def edge(place: str) -> str:
        return f"{LONG[name][: size - 11]}.{canaries[f'{place} at {size}']} tail"

    def act(request: HttpRequest) -> str:
        with debugpanel.span(edge("span"), note=edge("attribute")):
            debugpanel.event(edge("event"))
        debugpanel.annotate(note=edge("note"))
        logger.warning(edge("log"))
        logger.warning("%s", edge("log argument"))
        cache.get(edge("cache key").replace(" ", "_")[:240])
        raise ValueError(edge("exception"))

    visit(
        f"/people/{edge('path')}/",
        act=act,
        HTTP_USER_AGENT=edge("agent"),
        HTTP_REFERER=f"http://shop.example/{edge('referer')}",
        HTTP_ACCEPT=edge("accept"),
        HTTP_COOKIE=f"{edge('cookie')}={canaries['value']}",
        QUERY_STRING=f"{edge('query key')}=1",
    )


def test_a_method(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    visit("/act/", method=f"GET!{canaries['method']}")
    visit("/act/", method=canaries["whole method"])
    stored(at_least=2)


def test_response_headers(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    names = """Www-Authenticate X-Accel-Redirect X-Sendfile X-Session Content-Disposition Link
        Refresh Server-Timing X-Debug Etag Content-Location Location Retry-After Allow Vary
        Cache-Control Content-Type Content-Encoding Content-Length Set-Cookie"""

    def act(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("done", status=302)
        for name in names.split():
            response[name] = canaries[name]
        response["Location"] = f"https://u:{canaries['pw']}@shop.example/in/{canaries['in']}?t=1"
        response.set_cookie("basket", canaries["cookie"], path="/act/")
        response.set_signed_cookie("signed", canaries["signed cookie"], salt="x")
        return response

    visit("/act/", act=act)
    [trace] = stored()
    assert trace.facts["set_cookies"] == ["basket", "signed"]
    assert "shop.example" in trace.facts["response_headers"]["location"]


def test_cookies(visit: Visit, stored: Stored, canaries: Canaries, settings: Any) -> None:
    settings.SESSION_COOKIE_NAME = "zwq"
    settings.CSRF_COOKIE_NAME = "plm"
    values = {name: canaries[name] for name in ("zwq", "plm", "messages", "näme")}
    header = "; ".join(f"{name}={value}" for name, value in values.items())
    header += f"; {canaries['value without a name']}; long={canaries['long'] * 400}"
    visit("/act/", HTTP_COOKIE=header)
    [trace] = stored()
    assert trace.facts["cookies"][:3] == ["zwq", "plm", "messages"]


def test_a_session(visitor: Client, stored: Stored, canaries: Canaries) -> None:
    user = User.objects.create_user(
        canaries["username"], f"{canaries['mailbox']}@example.org", canaries["password"]
    )
    User.objects.filter(pk=user.pk).update(first_name=canaries["first name"])
    user.is_staff = True
    user.save()
    form = {"username": canaries["username"], "password": canaries["password"]}
    visitor.post("/admin/login/?next=/admin/", form)
    canaries.plant("session key", str(visitor.session.session_key))
    canaries.plant("session hash", visitor.session["_auth_user_hash"])
    session = visitor.session
    session["basket"] = canaries["content"]
    session.save()
    visitor.get("/host/user/")
    visitor.post("/admin/logout/")
    traces = stored(at_least=3)
    assert str(user.pk) in {trace.user for trace in traces}


# Addresses


def test_query_strings(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    keys = [
        "plain",
        "password",
        "pass%77ord",
        "PASSWORD",
        "user[password]",
        "code",
        "state",
        "page",
        "sort",
        "view",
        "page[x]",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "sig",
        "next",
        "filter__name",
    ]
    pairs = [f"{key}={canaries[key]}" for key in [*keys, "plain"]]
    pairs += [canaries["alone"], f"{canaries['as a key']}=1", f"q=%00{canaries['after NUL']}"]
    pairs += [f"page=1;token={canaries['semicolon']}", f"sort=a&amp;{canaries['entity']}"]
    query = "&".join(pairs)
    visit("/act/", QUERY_STRING=query, HTTP_REFERER=f"http://shop.example/a/?{query}#{query}")
    visit(f"/missing/?{query}")
    traces = stored(at_least=2)
    assert "password=[masked]" in traces[0].facts["query"]
    assert "page=[masked]" in traces[0].facts["query"]


def test_paths(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    user = User.objects.create_user("forgetful", f"{canaries['mailbox']}@example.org", "x")
    reset = canaries.plant("reset", default_token_generator.make_token(user))
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    signed = canaries.plant("signed", signing.dumps({"user": canaries["in signed"]}))
    signature = canaries.plant("signature", signed.rpartition(":")[2])
    jwt = ".".join(
        base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        for text in ('{"alg":"HS256"}', json.dumps({"sub": canaries["in jwt"]}), signature)
    )
    hexadecimal = canaries.plant("hex", uuid.uuid4().hex + "deadbeef")
    for path in (
        f"/accounts/reset/{uid}/{reset}/",
        f"/confirm/{canaries['key']}/",
        f"/people/{canaries['mailbox']}@example.org/",
        f"/people/{jwt}/",
        f"/people/{hexadecimal}/",
        f"/unsubscribe/{signed}/{canaries['below']}/",
        f"/old/{canaries['old']}/",
        f"/older/{canaries['older']}/",
        f"/nowhere/{canaries['missing']}",
        f"/nowhere/{canaries['file']}.json;jsessionid={canaries['matrix']}",
        f"/nowhere/a-{canaries['joined']}-b,{canaries['comma']}:{canaries['colon']}/x",
        f"/nowhere/{'/'.join(canaries['split'][i : i + 8] for i in (0, 8, 16))}",
        f"/%6eowhere/%2e{canaries['encoded']}%2f{canaries['encoded slash']}",
        f"/act/..{canaries['dots']}",
    ):
        visit(path)
    traces = stored(at_least=14)
    assert {trace.name for trace in traces} >= {"confirm/<str:key>/", "(no route)"}


def test_short_secrets_under_sensitive_names(
    visit: Visit, stored: Stored, canaries: Canaries
) -> None:
    canaries.plant("key", "swordfish")
    canaries.plant("pin", "48151623")

    visit("/confirm/swordfish/", act=_raise_with_path)
    visit("/magic/48151623/", act=_raise_with_path)
    visit("/old/swordfish/", act=_raise_with_path)
    visit("/magic/48151623/", act=lambda request: HttpResponse(status=404))
    stored(at_least=4)


def _raise_with_path(request: HttpRequest) -> None:
    logger.warning("looking at %s", request.path)
    logger.warning(f"looking at {request.build_absolute_uri()}")
    raise LookupError(f"nothing at {request.path}")


def test_client_addresses(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    canaries.plant("IPv4", "203.0.113.177")
    canaries.plant("IPv6", "1234:5678:9abc:def0:1234")
    for address in ("203.0.113.177", f"2001:db8:77:{canaries['IPv6']}", "::ffff:203.0.113.177"):
        visit("/act/", REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=address)
    traces = stored(at_least=3)
    assert {trace.client for trace in traces} == {"203.0.113.0", "2001:db8:77::"}


# Bodies


def test_bodies(visit: Visit, stored: Stored, canaries: Canaries, visitor: Client) -> None:
    def read(request: HttpRequest) -> str:
        return f"{len(request.body)}"

    def parse(request: HttpRequest) -> str:
        return f"{len(request.POST)} {len(request.FILES)}"

    nested: Any = canaries["nested"]
    for _ in range(6):
        nested = {"inner": nested}
    form = f"password={canaries['form']}&page={canaries['page']}"
    bodies = {
        "application/x-www-form-urlencoded": form,
        "application/json": json.dumps(nested),
        "text/json": json.dumps([canaries["array"]]),
        "application/xml": f"<a token='{canaries['xml']}'>",
        "application/json; charset=x": "{" + canaries["malformed"],
        f"text/plain; name={canaries['content type']}": canaries["text"] * 1000,
    }
    for content_type, body in bodies.items():
        visit("/act/", method="POST", data=body, content_type=content_type, act=read)
    visit("/act/", act=parse)
    file = SimpleUploadedFile(f"{canaries['file name']}.txt", canaries["file"].encode())
    visitor.post("/act/", {"file": file, "title": canaries["field"]})
    stored(at_least=8)


# SQL


def run(sql: str, params: Any = None) -> None:
    """Send a statement, whether or not the database takes it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except DatabaseError:
        pass


def test_parameters_of_statements(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    def act(request: HttpRequest) -> None:
        text = canaries["text"]
        list(Group.objects.filter(name=text))
        list(Group.objects.filter(name__in=[canaries[f"in {n}"] for n in range(50)]))
        list(User.objects.filter(date_joined=dt.datetime.now(dt.UTC), username__icontains=text))
        Group.objects.bulk_create([Group(name=canaries[f"bulk {n}"]) for n in range(100)])
        Group.objects.filter(name=text).update(name=canaries["updated"])
        Group.objects.extra(where=["name = %s"], params=[text]).count()
        for value in (b"x" + text.encode(), Decimal("1.5"), uuid.uuid4()):
            run("SELECT * FROM auth_group WHERE name = %s", [str(value)])
        with connection.cursor() as cursor:
            statement = "UPDATE auth_group SET name = %s WHERE name = %s"
            cursor.executemany(statement, [(canaries["many"], text), (text, text)])

    visit(act=act)
    [trace] = stored()
    assert trace.query_count > 8


LITERALS = {
    "quoted": "SELECT * FROM auth_group WHERE name = '{}'",
    "doubled quotes": "SELECT * FROM auth_group WHERE name = 'it''s {}'",
    "trailing comment": "SELECT 1 -- {}",
    "block comment": "SELECT /* token={} */ 1",
    "open comment": "SELECT 1 /* {}",
    "list": "SELECT * FROM auth_group WHERE name IN ('a', '{}')",
    "open quote": "SELECT * FROM auth_group WHERE name = '{}",
    "backslash": r"SELECT * FROM auth_group WHERE name = '\'{}'",
    "hexadecimal": "SELECT x'{}'",
    "prefix": "SELECT N'{}'",
    "values": "INSERT INTO auth_group (name) VALUES ('{}'), ('b')",
    "like": "SELECT * FROM auth_group WHERE name LIKE '%%{}%%'",
    "function": "SELECT coalesce('{}', 'x')",
    "case": "SELECT CASE WHEN name = '{}' THEN '{}' END FROM auth_group",
    "two statements": "SELECT 1; SELECT '{}'",
    "two in double quotes": 'SELECT * FROM auth_group WHERE name = "{}"',
    "first in double quotes": 'SELECT * FROM auth_group WHERE "{}" = name',
    "selected in double quotes": 'SELECT "{}"',
    "function with double quotes": 'SELECT coalesce("{}", name) FROM auth_group',
    "list in double quotes": 'SELECT * FROM auth_group WHERE name IN ("{}")',
    "words in double quotes": 'SELECT lower("my {} x")',
    "alias": 'SELECT 1 AS "{}"',
    "bare word": "SET app.token = x{}",
    "pragma": "PRAGMA key = x{}",
    "backticks": "SELECT * FROM auth_group WHERE name = `{}`",
    "brackets": "SELECT * FROM auth_group WHERE name = [{}]",
    "dollars": "SELECT $${}$$",
    "tagged dollars": "SELECT $x${}$x$",
    "password": "ALTER ROLE shop PASSWORD '{}'",
    "json": 'SELECT \'{{"token": "{}"}}\'',
    "number": "SELECT * FROM auth_group WHERE id = 0x{}",
    "no statement": "{}",
    "savepoint": 'SAVEPOINT "{}"',
    "nested": "SELECT * FROM (SELECT '{}' AS a) x WHERE a = '{}'",
    "new line": "SELECT\n'{}'\n--{}\n",
    "NUL": "SELECT '\0{}'",
}


def test_literals_in_statements(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    def act(request: HttpRequest) -> None:
        for place, sql in LITERALS.items():
            run(sql.replace("{}", canaries[place]).replace("{{", "{").replace("}}", "}"))

    visit(act=act)
    [trace] = stored()
    assert trace.query_count >= len(LITERALS)


def test_errors_of_the_database(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS privacy_mail")
        cursor.execute("CREATE TABLE privacy_mail (mail varchar(99) UNIQUE, age integer NOT NULL)")
    mail = f"{canaries['unique']}@example.org"

    def unique(request: HttpRequest) -> None:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO privacy_mail VALUES (%s, 1)", [[mail], [mail]])

    def missing(request: HttpRequest) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO privacy_mail VALUES (%s, NULL)", [canaries["null"]])

    def unknown(request: HttpRequest) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {canaries['column']} FROM privacy_mail WHERE '{mail}' = 1")

    def number(request: HttpRequest) -> None:
        Group.objects.filter(pk=canaries["integer"]).exists()

    def logged(request: HttpRequest) -> None:
        try:
            unique(request)
        except DatabaseError as error:
            logger.exception("not stored: %s", error)
            logger.error(f"not stored: {error}")
            raise RuntimeError(str(error)) from error

    for act in (unique, missing, unknown, number, logged):
        visit(act=act)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE privacy_mail")
    traces = stored(at_least=5)
    assert all(trace.status == 500 for trace in traces)


# Exceptions


class _OddError(Exception):
    def __init__(self, **fields: Any) -> None:
        super().__init__(fields)
        self.__dict__.update(fields)


class _MissingError(KeyError):
    pass


class _SayingError(Exception):
    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self.secret = secret

    def __str__(self) -> str:
        return self.secret

    __repr__ = __str__


def raising(error: Callable[[str], BaseException]) -> Callable[[str], views.Act]:
    def of(secret: str) -> views.Act:
        def act(request: HttpRequest) -> None:
            password = api_key = tokenValue = data = {"secret": secret}  # noqa: N806, F841
            raise error(secret)

        return act

    return of


def _from(cause: BaseException, error: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def _noted(secret: str) -> BaseException:
    error = ValueError("plain")
    error.add_note(f"token was {secret}")
    return error


def _subprocess_error(secret: str) -> BaseException:
    return subprocess.CalledProcessError(1, f"mysql -uroot -p{secret} shop", secret, secret)


ERRORS: dict[str, Callable[[str], BaseException]] = {
    "key": KeyError,
    "key of another class": _MissingError,
    "value": lambda secret: ValueError(f"bad token={secret}"),
    "url": lambda secret: ValueError(f"no answer from https://u:{secret}@x.example/{secret}?t=1"),
    "free text": lambda secret: ValueError(f"cannot use {secret} here"),
    "joined": lambda secret: ValueError(f"user-{secret}-missing, id:{secret};x"),
    "quoted": lambda secret: ValueError(f"bad {{'token': '{secret}'}} and \"{secret}\""),
    "note": _noted,
    "cause": lambda secret: _from(KeyError(secret), LookupError("plain")),
    "group": lambda secret: ExceptionGroup(f"of {secret}", [ValueError(secret), KeyError(secret)]),
    "objects": lambda secret: _OddError(token=secret, nested={"a": [secret]}),
    "request": lambda secret: ValueError(HttpRequest(), {"password": secret}, [secret]),
    "bytes": lambda secret: ValueError(secret.encode()),
    "own text": _SayingError,
    "validation": lambda secret: ValidationError(f"bad {secret}", params={"value": secret}),
    "decode": lambda secret: UnicodeDecodeError("utf-8", secret.encode(), 0, 1, f"at {secret}"),
    "encode": lambda secret: UnicodeEncodeError("ascii", secret, 0, 1, f"at {secret}"),
    "json": lambda secret: json.JSONDecodeError("Expecting value", secret, 0),
    "file": lambda secret: FileNotFoundError(2, "No such file", f"/home/{secret}"),
    "command": _subprocess_error,
    "http": lambda secret: requests.HTTPError(f"401 for url: http://x.example/{secret}?k={secret}"),
    "header": lambda secret: ValueError(f"Authorization: Basic {secret}\nCookie: a={secret}"),
    "multi-line": lambda secret: ValueError(f"-----BEGIN PRIVATE KEY-----\n{secret}\n{secret}"),
    "dynamic type": lambda secret: type(f"Error{secret}", (Exception,), {})("plain"),
    "attribute": lambda secret: AttributeError(f"'x' object has no attribute '{secret}'"),
    "name": lambda secret: NameError(f"name '{secret}' is not defined"),
    "exit": lambda secret: RuntimeError(("a", ("b", secret))),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_exceptions(visit: Visit, stored: Stored, canaries: Canaries, kind: str) -> None:
    visit(act=raising(ERRORS[kind])(canaries[kind]))
    [trace] = stored()
    assert trace.unhandled
    assert [event.kind for event in trace.iter_events()].count("exception") == 1


def test_short_secrets_in_exceptions(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    canaries.plant("word", "swordfish")
    messages = [
        "password=swordfish",
        "{'password': 'swordfish', 'x': 1}",
        'bad login {"user": "a", "pass": "swordfish"}',
        "https://admin:swordfish@db.example/shop",
        "postgresql://shop:swordfish@db/shop?x=1 refused",
        "Authorization: Basic swordfish",
        "User(username='a', password='swordfish')",
        "GET /login?token=swordfish&next=/ failed",
        "api_key: swordfish",
    ]
    quoting = [
        "invalid literal for int() with base 10: 'swordfish'",
        "Reverse for 'x' with keyword arguments '{'note': 'swordfish'}' not found",
    ]
    for message in messages:
        visit(act=raising(lambda _, message=message: ValueError(message))(""))
        visit(act=lambda request, message=message: logger.error(message))
    for message in quoting:
        visit(act=raising(lambda _, message=message: ValueError(message))(""))
    errors: list[BaseException] = [
        _subprocess_error("swordfish"),
        subprocess.TimeoutExpired("x -p swordfish", 1),
        ValueError(("password", "swordfish")),
    ]
    for error in errors:
        visit(act=raising(lambda _, error=error: error)(""))
    stored(at_least=len(messages))


def test_exceptions_in_async_views(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    async def act(request: HttpRequest) -> None:
        password = canaries["local"]  # noqa: F841
        try:
            await asyncio.sleep(0)
            raise KeyError(canaries["key"])
        except KeyError as missing:
            raise ValueError(f"for {canaries['message']}") from missing

    visit("/act/async/", act=act)
    stored()


# Log records


LOGS: dict[str, Callable[[str], None]] = {
    "argument": lambda secret: logger.warning("got %s", secret),
    "after a name": lambda secret: logger.warning("token=%s user=%s", secret, secret),
    "extra": lambda secret: logger.warning("plain", extra={"token": secret}),
    "ready-made": lambda secret: logger.warning(f"got token={secret} and {secret}"),
    "dictionary": lambda secret: logger.warning("%(a)s %(token)s", {"a": secret, "token": secret}),
    "printed dictionary": lambda secret: logger.warning("got %s", {"a": secret, "b": [secret]}),
    "object": lambda secret: logger.warning("got %s", _SayingError(secret)),
    "message object": lambda secret: logger.warning(_SayingError(secret)),
    "bytes": lambda secret: logger.warning("got %s", secret.encode()),
    "too many": lambda secret: logger.log(30, "got %s", *[secret] * 1),
    "json": lambda secret: logger.warning(json.dumps({"a": [{"token": secret}]})),
    "stack": lambda secret: logger.warning("plain", stack_info=True),
    "logger": lambda secret: logging.getLogger(f"user.{secret}").warning("plain"),
    "width": lambda secret: logger.warning("%40s|%.10s|%-9s", secret, secret, secret),
    "repr": lambda secret: logger.warning("%r", secret),
    "base64": lambda secret: logger.warning(base64.b64encode(secret.encode()).decode()),
}


@pytest.mark.parametrize("kind", LOGS)
def test_log_records(visit: Visit, stored: Stored, canaries: Canaries, kind: str) -> None:
    def act(request: HttpRequest) -> None:
        LOGS[kind](canaries[kind])

    visit(act=act)
    [trace] = stored()
    assert [event.kind for event in trace.iter_events()] == ["log"]


def test_log_records_with_an_exception(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    def act(request: HttpRequest) -> None:
        try:
            raise KeyError(canaries["key"])
        except KeyError as error:
            logger.exception("failed with %s", canaries["argument"])
            logger.exception(error)
            logger.warning("failed: %s", error)
            logger.warning(f"failed: {error}")

    visit(act=act)
    [trace] = stored()
    assert {event.values[-1] for event in trace.iter_events()} == {"KeyError", ""}


# Cache, calls, mail, templates


def test_cache(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    keys = [
        f"user:{canaries['in a key']}:profile",
        f"{canaries['mailbox']}@example.org",
        f"session{canaries['session']}",
        f"token:{canaries['token']}",
        canaries["whole"].lower(),
        f"views.decorators.cache.cache_page..GET.{uuid.uuid4().hex}.{canaries['page']}.en.UTC",
        f"http://shop.example/{canaries['url']}?x={canaries['query']}",
    ]

    def act(request: HttpRequest) -> None:
        for key in keys:
            cache.get(key)
            cache.set(key, canaries["value"])
            cache.get(key)
            cache.touch(key)
            cache.delete(key)
        cache.set_many(dict.fromkeys(keys, canaries["many"]))
        cache.get_many(keys)
        cache.delete_many(keys)
        cache.get_or_set(keys[0], lambda: canaries["made"])
        with pytest.raises(ValueError, match="not found"):
            cache.incr(f"counter-{canaries['counter']}")

    visit(act=act)
    [trace] = stored()
    assert sum(span.kind == "cache" for span in trace.iter_spans()) > 30


CALLS: dict[str, Callable[[str, dict[str, Any]], Any]] = {
    "requests": lambda url, sent: requests.post(url, timeout=5, **sent),
    "httpx": lambda url, sent: httpx.post(url, timeout=5, **sent),
}


@pytest.mark.parametrize("library", CALLS)
def test_outgoing_calls(visit: Visit, stored: Stored, canaries: Canaries, library: str) -> None:
    def act(request: HttpRequest) -> None:
        with answering() as host:
            path = f"{canaries['path']}/bot{canaries['bot']}:x/{canaries['mailbox']}@example.org"
            query = f"?token={canaries['token']}&page={canaries['page']}&{canaries['key']}"
            address = f"http://user:{canaries['password']}@{host}/{path}{query}#{canaries['hash']}"
            headers = {"Authorization": canaries["header"], "X-Answer": canaries["answer"]}
            sent = {"headers": headers, "json": {"a": canaries["body"]}}
            CALLS[library](address, sent)
            response = CALLS[library](f"http://{host}/denied/{canaries['denied']}{query}", sent)
        with pytest.raises((requests.ConnectionError, httpx.ConnectError)) as refused:
            CALLS[library](address, sent)
        logger.warning("call failed: %s", refused.value)
        logger.warning(f"call failed: {refused.value}")
        response.raise_for_status()

    visit(act=act)
    [trace] = stored()
    calls = [span for span in trace.iter_spans() if span.kind == "http"]
    assert [span.values[1] for span in calls] == [200, 401, None]
    assert trace.unhandled


def test_outgoing_async_calls(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    async def act(request: HttpRequest) -> None:
        with answering() as host:
            async with httpx.AsyncClient(auth=("user", canaries["password"])) as client:
                await client.get(f"http://{host}/{canaries['path']}?q={canaries['query']}")

    visit("/act/async/", act=act)
    [trace] = stored()
    assert [span.kind for span in trace.iter_spans()].count("http") == 1


def test_mail(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    def act(request: HttpRequest) -> None:
        to = [
            f"{canaries['mailbox']}@example.org",
            f"{canaries['name']} <x@example.org>",
            f"x@example.org ({canaries['comment']})",
            f"x@example.org, {canaries['second']}",
            f"<x@example.org> {canaries['behind']}",
            canaries["no address"],
        ]
        message = EmailMessage(canaries["subject"], canaries["body"], "shop@example.org", to)
        message.attach(f"{canaries['file name']}.txt", canaries["file"], "text/plain")
        message.extra_headers["X-Token"] = canaries["header"]
        message.send()
        send_mail("plain", canaries["text"], f"{canaries['sender']}@example.org", to[:1])

    visit(act=act)
    [trace] = stored()
    domains = [span.values[3] for span in trace.iter_spans() if span.kind == "mail"]
    assert domains[1] == ["example.org"]


def test_short_secrets_beside_an_address_of_mail(
    visit: Visit, stored: Stored, canaries: Canaries
) -> None:
    canaries.plant("name", "Ada Lovelace")
    to = ["x@example.org (Ada Lovelace)", "<x@example.org> Ada Lovelace", "x@Ada Lovelace"]
    visit(act=lambda request: send_mail("plain", "plain", "shop@example.org", to))
    stored()


def test_templates(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    def act(request: HttpRequest) -> str:
        template = engines["django"].from_string("{% for x in found %}{{ x }}{% endfor %}")
        text = template.render({"found": [canaries["content"]], "token": canaries["context"]})
        engines["django"].from_string(f"{{# {canaries['source']} #}}").render({})
        engines["jinja2"].from_string("{{ x }}").render({"x": canaries["jinja2"]})
        return str(text)

    def missing(request: HttpRequest) -> None:
        engines["django"].get_template(f"{canaries['name']}.html")

    visit(act=act)
    visit(act=missing)
    stored(at_least=2)


# The user's own


def test_spans_events_and_notes(visit: Visit, stored: Stored, canaries: Canaries) -> None:
    def act(request: HttpRequest) -> None:
        attributes = {
            "password": canaries["password"],
            "newPassword1": canaries["camel"],
            "plain": canaries["plain"],
            "nested": {"a": [{"api_key": canaries["deep"]}], canaries["as key"]: 1},
            "pairs": [("token", canaries["pair"])],
            "bytes": canaries["bytes"].encode(),
            "object": _SayingError(canaries["object"]),
            "url": f"https://x.example/{canaries['path']}?token={canaries['query']}",
            "json": json.dumps({"token": canaries["json"]}),
            "mail": f"{canaries['mailbox']}@example.org",
            "set": {canaries["set"]},
        }
        with debugpanel.span(f"pricing {canaries['name']}", **attributes):
            debugpanel.event(f"priced-{canaries['event']}", **attributes)
        debugpanel.annotate(**attributes, **{canaries["note"]: 1})

    visit(act=act)
    [trace] = stored()
    assert trace.notes["password"] == "[masked]"


def test_short_secrets_under_sensitive_keys(
    visit: Visit, stored: Stored, canaries: Canaries
) -> None:
    canaries.plant("word", "swordfish")

    def act(request: HttpRequest) -> None:
        found = {"passwords": ["swordfish"], "a": {"PIN-Code": "swordfish"}}
        pairs = [("X-Auth-Token", "swordfish"), ["password", "swordfish"]]
        with debugpanel.span("pricing", found=found, secretKey2="swordfish", pairs=pairs):
            debugpanel.event("priced", password="swordfish", found=found)
        debugpanel.annotate(found=found, jsonText='{"password": "swordfish"}')
        logger.warning("password: %s", "swordfish")
        logger.warning("found %(password)s", {"password": "swordfish"})
        cache.set("password:swordfish", 1)

    visit(act=act)
    stored()


def test_locals_and_settings(
    visit: Visit, stored: Stored, canaries: Canaries, settings: Any
) -> None:
    settings.SECRET_KEY = canaries["secret key"]
    settings.SECRET_KEY_FALLBACKS = [canaries["fallback"]]
    settings.PAYMENT_URL = f"https://u:{canaries['setting']}@pay.example/"

    def act(request: HttpRequest) -> None:
        password = api_key = pw = canaries["local"]  # noqa: F841
        data = {"nested": {"secret": canaries["nested"]}}  # noqa: F841
        user = User(username=canaries["model"], email=canaries["field"])  # noqa: F841
        assert django_settings.SECRET_KEY
        raise ValueError("plain")

    visit(act=act)
    stored()


def test_everything_through_the_async_chain(
    stored: Stored, canaries: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(request: HttpRequest) -> None:
        logger.warning("got %s", canaries["log"])
        await User.objects.filter(username=canaries["parameter"]).aexists()
        await cache.aget(f"user:{canaries['key']}")
        raise ValueError(f"token={canaries['message']}")

    monkeypatch.setattr(views, "current", act)

    async def call() -> None:
        client = AsyncClient(raise_request_exception=False)
        headers = {"authorization": canaries["header"], "user-agent": canaries["agent"]}
        await client.get(f"/act/async/?token={canaries['query']}", headers=headers)

    asyncio.run(call())
    stored()


def test_what_is_summed_up_past_the_limits(
    visit: Visit, stored: Stored, canaries: Canaries
) -> None:
    def act(request: HttpRequest) -> None:
        for number in range(600):
            with debugpanel.span(f"part {canaries[f'span {number % 50}']}", token="swordfish"):
                cache.get(f"basket:{canaries['key']}")
            logger.warning("part %s", canaries[f"log {number % 50}"])
            debugpanel.event(canaries[f"event {number % 50}"])
            list(Group.objects.raw(f"SELECT id FROM auth_group WHERE name = '{canaries['sql']}'"))
        debugpanel.annotate(**{canaries[f"note {number}"]: number for number in range(80)})

    visit(act=act)
    [trace] = stored()
    assert sum(group.count for group in trace.overflow.values()) > 500


def test_a_slow_request_is_held_and_masked_as_well(
    visit: Visit, stored: Stored, canaries: Canaries, settings: Any
) -> None:
    settings.DEBUGPANEL = {"SAMPLE_RATE": 0.0, "KEEP_SLOWEST": False, "KEEP_ERRORS": False}
    visit("/nowhere/", act=None, QUERY_STRING=f"q={canaries['not kept']}")
    visit(act=raising(KeyError)(canaries["dropped error"]))
    run_in_view = "SELECT * FROM auth_group WHERE name = '{}'"
    visit(act=lambda request: run(run_in_view.format(canaries["dropped statement"])))
    assert stored(at_least=0) == []


def test_a_user_whose_key_is_an_address_of_mail(
    visit: Visit, stored: Stored, canaries: Canaries
) -> None:
    def act(request: HttpRequest) -> None:
        request.user = User(pk=f"{canaries['mailbox']}@example.org")

    visit(act=act)
    [trace] = stored()
    assert trace.user == "[masked:email]@example.org"


SERVER_MESSAGES = [
    'duplicate key value violates unique constraint "u"\nDETAIL:  Key (name)=(swordfish) exists.',
    'null value in column "a"\nDETAIL:  Failing row contains (7, swordfish, null).',
    "(1062, \"Duplicate entry 'swordfish' for key 'shop_user.name'\")",
    "invalid input syntax for type integer: \"swordfish\"\nLINE 1: ...WHERE id = 'swordfish'",
    'invalid input value for enum mood: "swordfish"',
    "(1366, \"Incorrect integer value: 'swordfish' for column 'age' at row 1\")",
    "(1406, \"Data truncated for column 'x'; Truncated incorrect DOUBLE value: 'swordfish'\")",
]


def test_what_servers_say_in_other_words_than_their_own(
    visit: Visit, stored: Stored, canaries: Canaries
) -> None:
    canaries.plant("word", "swordfish")
    for message in SERVER_MESSAGES:
        visit(act=raising(RuntimeError)(message))
        visit(act=lambda request, message=message: logger.error(f"not stored: {message}"))
        visit(act=lambda request, message=message: logger.error("not stored: %s", message))
    stored(at_least=len(SERVER_MESSAGES))
