from __future__ import annotations

import pytest

from debugpanel.redaction import mask_log


@pytest.mark.parametrize(
    ("template", "args", "text"),
    [
        ("started", (), "started"),
        ("50% done", (), "50% done"),
        ("user %s bought %d", ("bob", 3), "user bob bought 3"),
        ("took %.2f s, %5d, %05.1f, %x", (1.234, 7, 2.5, 255), "took 1.23 s,     7, 002.5, ff"),
        ("100%% of %s", ("it",), "100% of it"),
        ("%(name)s: %(count)d", {"name": "cart", "count": 2}, "cart: 2"),
        ("password=%s", ("hunter2 x",), "password=[masked]"),
        ("password %s for %s", ("hunter2", "bob"), "password [masked] for bob"),
        ("%(token)s", {"token": "hunter2"}, "[masked]"),
        ("got %s", ({"password": "x"},), "got <dict: 1>"),
        ("got %s and %r", (object(), [1]), "got <object> and <list: 1>"),
        ("got %d", ("<Lazy>",), "got <Lazy>"),
        ("got %d", (object(),), "got <object>"),
        ("mail to %s", ("john@example.com",), "mail to [masked:email]@example.com"),
        ("too few %s %s", (1,), "too few %s %s"),
        ("too many %s", (1, 2), "too many %s"),
        ("no such name %(x)s", {"y": 1}, "no such name %(x)s"),
        ("bad %y", (1,), "bad %y"),
        ("star %*d", (5, 1), "star %*d"),
        ("wide %999999999d", (1,), "wide 1"),
        ("precise %.999999999f", (1.0,), "precise 1.0"),
        ("char %c", (65,), "char A"),
        ("char %c", (-1,), "char -1"),
        ("nan %d", (float("nan"),), "nan nan"),
        (42, (), "42"),
        ({"password": "x"}, (), "<dict: 1>"),
        (object(), (1,), "<object>"),
    ],
)
def test_a_record_is_filled_with_what_may_be_shown(
    template: object, args: object, text: str
) -> None:
    assert mask_log(template, args) == text


def test_ready_made_text_passes_the_detectors() -> None:
    assert mask_log("login of john@example.com, token=abc", ()) == (
        "login of [masked:email]@example.com, token=[masked]"
    )


def test_text_keeps_its_limit() -> None:
    assert len(mask_log("word %s", ("word " * 1_000,), 100)) == 100


def test_args_of_an_odd_type_are_not_looked_at() -> None:
    class Odd:
        def __bool__(self) -> bool:
            raise AssertionError("asked")

    assert mask_log("got %s", Odd()) == "got %s"


def test_a_project_adds_keys() -> None:
    assert mask_log("loyalty %s", ("7",), extra_keys=frozenset({"loyalty"})) == "loyalty [masked]"
