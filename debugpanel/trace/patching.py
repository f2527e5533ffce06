"""Replacing one method of a library, and putting it back by identity.

Somebody else may wrap our wrapper. Then it stays below theirs, inert while `is_on` is False,
and is switched on again instead of being put in place twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ABSENT = object()


class Patch:
    """One attribute of one owner. `put` and `remove` are a pair, and both are idempotent.

    `wrap(original, patch)` makes the replacement. It must pass everything through while
    `patch.is_on` is False.
    """

    __slots__ = ("_found", "_is_buried", "_owner", "_wrap", "_wrapper", "is_on", "name")

    def __init__(self, owner: Any, name: str, wrap: Callable[[Any, Patch], Any]) -> None:
        self.name = name
        self.is_on = False
        self._owner = owner
        self._wrap = wrap
        self._wrapper: Any = None
        self._found: Any = _ABSENT
        self._is_buried = False

    def put(self) -> None:
        if self.is_on:
            return
        self.is_on = True
        if self._is_buried:
            return
        self._found = vars(self._owner).get(self.name, _ABSENT)
        self._wrapper = self._wrap(getattr(self._owner, self.name), self)
        setattr(self._owner, self.name, self._wrapper)

    def remove(self) -> None:
        if not self.is_on:
            return
        self.is_on = False
        self._is_buried = vars(self._owner).get(self.name) is not self._wrapper
        if not self._is_buried:
            self._restore()

    def _restore(self) -> None:
        if self._found is _ABSENT:
            delattr(self._owner, self.name)
        else:
            setattr(self._owner, self.name, self._found)


def hide_own_frame(error: BaseException) -> None:
    """Drop the frame of the wrapper that caught the error: debug pages and mails stay the same."""
    traceback = error.__traceback__
    if traceback is not None:
        error.__traceback__ = traceback.tb_next
