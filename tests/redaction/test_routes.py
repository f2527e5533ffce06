from __future__ import annotations

import pytest

from debugpanel.redaction.routes import mask_captured


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
