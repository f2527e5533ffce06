from __future__ import annotations

import pytest

from debugpanel.redaction import key_is_sensitive


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password1",
        "PASSWORD",
        "pass%77ord",
        "pass\u200bword",
        "ｐａｓｓｗｏｒｄ",  # noqa: RUF001 - full width
        "user[password]",
        "userPassword",
        "tokenValue",
        "mytokens",
        "apiKey",
        "API-Key",
        "X-Api-Key",
        "HTTPAuthorization",
        "access_key_id",
        "keys",
        "session_id",
        "sessionid",
        "JSESSIONID",
        "oauth2",
        "hmac-sha256",
        "card2number",
        "routing_number",
        "X-Forwarded-For",
        "date_of_birth",
        "emails",
        "billingAddresses",
        "cookies",
        "licences",
        "Contraseña",
        "contrasena",
        "benutzerpasswort",
        "mot_de_passe",
        "hasło",
        "şifre",
        "ŞİFRE",
        "Пароль",
        "登录密码",
        "パスワード",
    ],
)
def test_a_sensitive_name_is_caught(name: str) -> None:
    assert key_is_sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "shipping",
        "spinner",
        "monkey",
        "keyboard",
        "author",
        "compass",
        "passenger",
        "page",
        "company",
        "discard",
        "user_id",
        "product",
        "pinned",
        "status",
        "42",
        "Straße",
    ],
)
def test_a_harmless_name_is_not_caught(name: str) -> None:
    assert not key_is_sensitive(name)


@pytest.mark.parametrize("name", ["code", "state", "auth_code", "States"])
def test_oauth_words_count_in_query_strings_only(name: str) -> None:
    assert key_is_sensitive(name, in_query=True)
    assert key_is_sensitive(name) == ("auth" in name)


@pytest.mark.parametrize("name", ["staff_number", "staffNumber2", "the-staff-number", "Loyalty"])
def test_a_project_adds_names(name: str) -> None:
    assert not key_is_sensitive(name)
    assert key_is_sensitive(name, extra_keys=frozenset({"staff number", "loyalty"}))


def test_an_extra_name_of_digits_alone_matches_nothing() -> None:
    assert not key_is_sensitive("colour", extra_keys=frozenset({"42", ""}))


def test_an_overlong_name_is_sensitive() -> None:
    assert key_is_sensitive("a" * 257)
    assert not key_is_sensitive("a" * 256)


@pytest.mark.usefixtures("failing_closed")
@pytest.mark.parametrize("name", [None, 3, b"page", object()])
def test_what_is_no_name_is_sensitive(name: object) -> None:
    assert key_is_sensitive(name)
