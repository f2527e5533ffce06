"""Mail as every backend sends it: how many messages, to how many recipients, at which domains.

`send_messages` of each backend class is wrapped when the class is made. It is the one place
that `EmailMessage.send` and `send_mass_mail` share. (The constructor of the base class is no
place for a wrapper: Django 6.1 looks at its callers to decide on a deprecation warning.)
"""

from __future__ import annotations

import functools
import re
from contextvars import ContextVar
from time import perf_counter_ns
from types import FunctionType
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend

from debugpanel import guard
from debugpanel.instruments.base import Instrument
from debugpanel.trace.budget import append
from debugpanel.trace.context import CURRENT, Position
from debugpanel.trace.patching import Patch, hide_own_frame

KIND = "mail"
PART = f"instrument {KIND}"
SEND = "send"
MAX_DOMAINS = 20

# Names and comments may stand behind an address, and a list of them in one text.
_DOMAIN = re.compile(r"[\w.-]{1,255}")

_METHOD = "send_messages"
_FIELDS = ("to", "cc", "bcc")

# A backend may hand its messages to another one: only the outermost call is a span.
_is_inside: ContextVar[bool] = ContextVar("debugpanel.mail", default=False)
_position = CURRENT.get
_patches: dict[type, Patch] = {}


def _enter(position: Position) -> int:
    """Return the number of the span; 0 inside another backend."""
    try:
        trace = position[0]
        if trace is None or _is_inside.get():
            return 0
        number = trace.next_number()
        CURRENT.set((trace, number))
        _is_inside.set(True)
    except Exception as fault:
        guard.report(PART, fault)
        return 0
    return number


def _leave(
    position: Position,
    number: int,
    start_ns: int,
    backend: Any,
    arguments: tuple[Any, ...],
    error: BaseException | None,
) -> None:
    end_ns = perf_counter_ns()
    try:
        CURRENT.set(position)
        _is_inside.set(False)
        trace, parent = position
        failed = "" if error is None else type(error).__name__
        values = (_name_of(type(backend)), *_count(arguments), failed)
        if trace is not None:
            append(trace, (start_ns, end_ns, KIND, number, parent, SEND, *values))
    except Exception as fault:
        guard.report(PART, fault)


def _name_of(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _count(arguments: tuple[Any, ...]) -> tuple[int, int, list[str]]:
    """Return the numbers of messages and recipients, and the domains."""
    messages: Any = arguments[0] if arguments else None
    if type(messages) not in (list, tuple):
        # Anything else might be used up by looking.
        return 0, 0, []
    addresses = [address for message in list(messages) for address in _recipients(message)]
    domains = {_domain(address) for address in addresses} - {""}
    return len(messages), len(addresses), sorted(domains)[:MAX_DOMAINS]


def _recipients(message: Any) -> list[Any]:
    fields = message.__dict__
    lists = [fields.get(name) for name in _FIELDS]
    addresses = [address for found in lists if type(found) is list for address in found]
    return [address for address in addresses if type(address) is not str or address]


def _domain(address: Any) -> str:
    if type(address) is not str:
        return ""
    domain = address.rpartition("@")[2].strip(" >").lower() if "@" in address else ""
    return domain if _DOMAIN.fullmatch(domain) else ""


def _send_messages(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def send_messages(self: Any, *args: Any, **kwargs: Any) -> Any:
        position = _position()
        number = _enter(position) if position[0] is not None and patch.is_on else 0
        start_ns = perf_counter_ns()
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            if number:
                taken = args or tuple(kwargs.values())
                _leave(position, number, start_ns, self, taken, error)
            hide_own_frame(error)
            raise
        if number:
            _leave(position, number, start_ns, self, args or tuple(kwargs.values()), None)
        return result

    return send_messages


def _observe_class(cls: type) -> None:
    if cls in _patches or type(cls.__dict__.get(_METHOD)) is not FunctionType:
        return
    patch = _patches[cls] = Patch(cls, _METHOD, _send_messages)
    patch.put()


def _observe_subclasses(cls: type[Any]) -> None:
    for subclass in cls.__subclasses__():
        _observe_class(subclass)
        _observe_subclasses(subclass)


def _init_subclass(original: Any, patch: Patch) -> Any:
    found = getattr(original, "__func__", None)

    def __init_subclass__(cls: type[Any], /, **kwargs: Any) -> None:  # noqa: N807 - as replaced
        if found is not None:
            found(cls, **kwargs)
        else:
            super(BaseEmailBackend, cls).__init_subclass__(**kwargs)
        if patch.is_on:
            _observe_new(cls)

    return classmethod(__init_subclass__)


def _observe_new(cls: type) -> None:
    try:
        _observe_class(cls)
    except Exception as fault:
        guard.report(PART, fault)


_definition = Patch(BaseEmailBackend, "__init_subclass__", _init_subclass)


class MailInstrument(Instrument):
    """Wraps the backends there are, and those still to be imported."""

    kind = KIND
    label = "Mail"
    columns = ("backend", "messages", "recipients", "domains", "error")

    def install(self) -> None:
        _definition.put()
        for patch in list(_patches.values()):
            patch.put()
        _observe_subclasses(BaseEmailBackend)

    def uninstall(self) -> None:
        _definition.remove()
        for patch in list(_patches.values()):
            patch.remove()
