from __future__ import annotations

import functools
from typing import Any

from debugpanel.trace.patching import Patch


class Base:
    def greet(self) -> str:
        return "hello"


class Derived(Base):
    pass


def doubling(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def greet(self: Any) -> str:
        greeting: str = original(self)
        return greeting * 2 if patch.is_on else greeting

    return greet


def test_a_patch_is_put_once_and_removed_by_identity() -> None:
    original = Base.greet
    patch = Patch(Base, "greet", doubling)
    patch.put()
    patch.put()
    assert Base().greet() == "hellohello"
    patch.remove()
    patch.remove()
    assert vars(Base)["greet"] is original


def test_an_inherited_method_is_inherited_again() -> None:
    patch = Patch(Derived, "greet", doubling)
    patch.put()
    assert (Derived().greet(), Base().greet()) == ("hellohello", "hello")
    patch.remove()
    assert "greet" not in vars(Derived)


def test_a_later_wrapper_stays_and_ours_is_inert_until_it_is_put_again() -> None:
    original = Base.greet
    patch = Patch(Base, "greet", doubling)
    patch.put()
    ours = Base.greet

    def theirs(self: Any) -> str:
        return ours(self) + "!"

    Base.greet = theirs  # type: ignore[method-assign]
    patch.remove()
    assert Base().greet() == "hello!"
    patch.put()
    assert Base().greet() == "hellohello!"
    Base.greet = ours  # type: ignore[method-assign]
    patch.remove()
    assert vars(Base)["greet"] is original


def test_a_wrapper_that_came_while_ours_was_off_is_kept() -> None:
    original = Base.greet
    patch = Patch(Base, "greet", doubling)
    patch.put()
    patch.remove()

    def theirs(self: Any) -> str:
        return original(self) + "!"

    Base.greet = theirs  # type: ignore[method-assign]
    patch.put()
    assert Base().greet() == "hello!hello!"
    patch.remove()
    assert vars(Base)["greet"] is theirs
    Base.greet = original  # type: ignore[method-assign]
