from __future__ import annotations

import pytest

from debugpanel.redaction.routes import captured_values, mask_captured, without_values


@pytest.mark.parametrize(
    ("route", "path", "masked"),
    [
        ("confirm/<str:key>/", "/confirm/hunter2/", "/confirm/[masked]/"),
        ("confirm/<key>/", "/prefix/confirm/hunter2/", "/prefix/confirm/[masked]/"),
        ("r/<uidb64>/<token>/", "/r/MQ/set-password/", "/r/MQ/[masked]/"),
        ("a/<token>/<slug:name>/<pin>", "/a/x/y/z", "/a/[masked]/y/[masked]"),
        ("files/<path:secret_path>", "/files/a/b/c", "/files/[masked]"),
        ("items/<int:pk>/", "/items/42/", "/items/42/"),
        ("", "/", "/"),
        (r"^confirm/(?P<key>\w+)/$", "/confirm/hunter2/", "[masked]"),
        (r"^items/(?P<pk>\d+)/$", "/items/42/", "/items/42/"),
        (r"^old/confirm/<str:key>/", "/old/confirm/hunter2/", "[masked]"),
    ],
)
def test_what_a_sensitive_name_captured_is_masked(route: str, path: str, masked: str) -> None:
    assert mask_captured(path, route) == masked


def test_a_project_adds_names_of_captures() -> None:
    extra = frozenset({"loyalty"})
    assert mask_captured("/l/7/", "l/<loyalty>/", extra_keys=extra) == "/l/[masked]/"


def test_what_was_captured_is_found_wherever_it_is_said_again() -> None:
    captured = captured_values("/confirm/hunter2/", "confirm/<str:key>/")
    said = ["nothing at /confirm/hunter2/", {"key": ("hunter2", 3, None)}]
    assert without_values(said, captured) == [
        "nothing at /confirm/[masked]/",
        {"key": ("[masked]", 3, None)},
    ]


def test_of_a_regular_expression_only_the_whole_path_is_known() -> None:
    captured = captured_values("/old/hünter/", r"^old/(?P<key>\w+)/$")
    assert without_values("at /old/hünter/ or /old/h%C3%BCnter/", captured) == (
        "at [masked] or [masked]"
    )


def test_short_captures_are_parts_of_other_words() -> None:
    captured = captured_values("/pin/12/", "pin/<int:pin>/")
    assert without_values("12 items at /pin/12/", captured) == "12 items at /pin/[masked]/"


def test_a_path_without_sensitive_names_replaces_nothing() -> None:
    assert captured_values("/items/42/", "items/<int:pk>/") == {}
