from __future__ import annotations

import json
import sqlite3
import subprocess

import pytest
from django.db import utils

from debugpanel.redaction import exception_message


def message_of(error: BaseException) -> str:
    kind = type(error)
    return exception_message(kind.__qualname__, kind.__module__, error.args)


def raised_by(code: str) -> BaseException:
    try:
        eval(code, {"text": "x"})
    except Exception as error:
        return error
    raise AssertionError(code)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("int('abc')", "invalid literal for int() with base 10: '[masked]'"),
        ("{}['colour']", "'colour'"),
        ("{}['user token']", "[masked]"),
        ("{}['password']", "[masked]"),
        ("{}['k3J9x0Qz7Lm2Vb8Tq1R9w']", "[masked]"),
        ("{}[42]", "42"),
        ("{}[('a', 'b')]", "[masked]"),
        ("None.colour", "'NoneType' object has no attribute 'colour'"),
        ("text.colour", "'str' object has no attribute 'colour'"),
        ("colour", "name 'colour' is not defined"),
        ("1 + text", "unsupported operand type(s) for +: 'int' and 'str'"),
        ("text()", "'str' object is not callable"),
        ("__import__('nowhere')", "No module named 'nowhere'"),
        ("open('/nowhere/secret')", "[Errno 2] No such file or directory"),
        ("[][3]", "list index out of range"),
        ("1 / 0", "division by zero"),
        (r"b'secret\xff'.decode()", "utf-8, position 6-7"),
        ("'ß'.encode('ascii')", "ascii, position 0-1"),
    ],
)
def test_the_interpreters_own_errors_stay_readable(code: str, message: str) -> None:
    assert message_of(raised_by(code)) == message


def test_an_applications_type_error_gets_no_exemption() -> None:
    assert message_of(TypeError("bad 'hunter2'")) == "bad '[masked]'"
    kind = type("TypeError", (TypeError,), {"__module__": "shop"})
    assert message_of(kind("name 'hunter2' is not defined")) == "name '[masked]' is not defined"


@pytest.mark.parametrize(
    "error",
    [
        utils.IntegrityError("Key (email)=(john@example.com) already exists."),
        utils.OperationalError("hunter2"),
        sqlite3.IntegrityError("UNIQUE constraint failed: hunter2"),
        sqlite3.OperationalError("near 'hunter2'"),
    ],
)
def test_a_databases_message_is_never_stored(error: BaseException) -> None:
    assert message_of(error) == ""


@pytest.mark.parametrize("module", ["psycopg.errors", "psycopg2", "MySQLdb", "asyncpg.exceptions"])
def test_a_drivers_message_is_never_stored(module: str) -> None:
    assert exception_message("UniqueViolation", module, ["hunter2"]) == ""


@pytest.mark.parametrize("code", ["SQLSTATE 23505", "SQLITE_CONSTRAINT_UNIQUE", "error 1062"])
def test_a_databases_code_is_kept(code: str) -> None:
    assert exception_message("django.db.utils.IntegrityError", "django.db.utils", [code]) == code


def test_a_validation_error_is_known_by_type_only() -> None:
    assert exception_message("ValidationError", "django.core.exceptions", ["hunter2"]) == ""
    assert exception_message("rest_framework.exceptions.ValidationError", "x", ["hunter2"]) == ""


def test_a_json_error_keeps_the_place_and_not_the_document() -> None:
    with pytest.raises(json.JSONDecodeError) as raised:
        json.loads('{"hunter2"')
    assert message_of(raised.value).endswith("line 1 column 11 (char 10)")
    assert exception_message("JSONDecodeError", "requests.exceptions", ["no", "hunter2", 3]) == "no"


def test_a_missing_multi_value_key_is_a_key_error() -> None:
    assert (
        exception_message("MultiValueDictKeyError", "django.utils.datastructures", ["'page'"])
        == "'page'"
    )


def test_an_http_error_loses_the_token_of_its_url() -> None:
    text = "404 Client Error: Not Found for url: https://api.example/v1/items?token=abc"
    assert message_of(Exception(text)) == text.replace("abc", "[masked]")


def test_arguments_that_are_objects_are_named_by_type() -> None:
    assert message_of(Exception("failed", object(), {"a": 1})) == "failed, <object>, <dict: 1>"


def test_a_group_keeps_its_own_message() -> None:
    assert message_of(ExceptionGroup("several", [ValueError("hunter2")])) == "several"


def test_no_arguments_give_no_message() -> None:
    assert message_of(Exception()) == ""
    assert message_of(json.JSONDecodeError.__base__()) == ""


def test_a_message_is_at_most_1_kib_long() -> None:
    assert len(message_of(Exception("word " * 1_000))) == 1024


def test_a_project_adds_keys() -> None:
    extra = frozenset({"loyalty"})
    assert exception_message("E", "shop", ["loyalty=7"], extra_keys=extra) == "loyalty=[masked]"


def test_a_failed_command_keeps_its_status_only() -> None:
    command = "mysql -uroot -phunter2 shop"
    assert message_of(subprocess.CalledProcessError(3, command, "out", "err")) == "status 3"
    assert message_of(subprocess.TimeoutExpired(command, 5)) == ""
