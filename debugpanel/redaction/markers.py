"""The marker that stands for what was masked, and the rule that every mask fails closed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from debugpanel import guard

MASK = "[masked]"
CARD = "[masked:card]"
IBAN = "[masked:iban]"
EMAIL = "[masked:email]"
PEM = "[masked:pem]"

P = ParamSpec("P")
R = TypeVar("R")


def fails_closed(*, to: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return `to` when the rule itself fails: what could not be judged is not stored."""

    def decorate(rule: Callable[P, R]) -> Callable[P, R]:
        @wraps(rule)
        def closed(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return rule(*args, **kwargs)
            except Exception as error:
                guard.report("redaction", error)
                return to  # type: ignore[no-any-return]

        return closed

    return decorate
