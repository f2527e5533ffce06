from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from debugpanel.trace.values import MAX_ITEMS, MAX_TEXT, cut, plain, type_name


class Hostile:
    """Every method of it would be the application's code."""

    def _refuse(self, *args: Any) -> Any:
        raise AssertionError("code of the application ran")

    __repr__ = __str__ = __eq__ = __bool__ = __len__ = __iter__ = _refuse
    __hash__ = __format__ = __getattr__ = __getattribute__ = _refuse


class HostileText(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise AssertionError("code of the application ran")

    __len__ = __getitem__ = __eq__ = __hash__ = __str__


@pytest.mark.parametrize("value", ["text", 1, 1.5, True, None, dt.date(2026, 1, 1)])
def test_builtin_values_pass(value: Any) -> None:
    assert plain(value) is value


def test_objects_become_their_types_name() -> None:
    assert plain(Hostile()) == "<Hostile>"
    assert plain([Hostile(), {"key": Hostile()}]) == ["<Hostile>", {"key": "<Hostile>"}]


def test_a_subclass_of_text_is_taken_without_its_methods() -> None:
    taken = plain(HostileText("secret"))
    assert type(taken) is str
    assert taken == "secret"


def test_a_metaclass_is_not_asked_for_a_name() -> None:
    class Meta(type):
        @property
        def __name__(cls) -> str:  # type: ignore[override]
            raise AssertionError("code of the application ran")

    assert type_name(Meta("Odd", (), {})()) == "<Odd>"


def test_bytes_become_their_size() -> None:
    assert plain(b"\x00" * 9) == "<bytes: 9>"


def test_containers_are_copied_and_bounded() -> None:
    source = list(range(1_000))
    taken = plain(source)
    assert len(taken) == MAX_ITEMS
    assert taken is not source


def test_depth_is_bounded() -> None:
    nested: list[Any] = []
    nested.append(nested)
    assert "<list>" in str(plain(nested))


def test_long_text_is_cut_before_its_unfinished_word() -> None:
    text = "word " * MAX_TEXT
    assert len(cut(text)) <= MAX_TEXT
    assert cut(text).endswith("word ")
