"""Every backend and alias of Django's cache framework, sync and natively async.

A backend's methods call each other: `get_many` loops over `get`, `aget` runs `get` in a
thread, a subclass calls `super().get`. Only the outermost call of one alias is a span. It is
known by its number: those of one alias share a range, so an inner call finds its own alias
in the number of its parent.

Three wrappers, because most calls are reads from memory:

    _nesting    any method: what happens inside it stands below it
    _leaf       methods of Django's backends that call neither cache nor database: no number,
                and the context stays as it is, which saves half of the cost
    _leaf_get   `get` of those, without collecting arguments, which saves half of the rest
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import perf_counter_ns
from types import FunctionType
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.cache import CacheHandler, caches

from debugpanel import guard
from debugpanel.instruments.base import Instrument
from debugpanel.trace.budget import append, append_beyond_room
from debugpanel.trace.context import CURRENT, Position
from debugpanel.trace.model import Trace
from debugpanel.trace.patching import Patch, hide_own_frame
from debugpanel.trace.values import cut

KIND = "cache"
PART = f"instrument {KIND}"
MARK = "_debugpanel_cache"

MAX_KEY = 1_024
MAX_SUMMED = 1_000

_RANGE_BITS = 24
_FIRST_OF_RANGES = 1 << _RANGE_BITS
_TEXTS = (str, bytes)
_COUNTABLE = frozenset({list, tuple, set, frozenset, dict, type({}.keys()), type({}.values())})
_LEAF_MODULES = tuple(
    f"django.core.cache.backends.{name}" for name in ("locmem", "dummy", "redis", "memcached")
)
_GET_ARGUMENTS = ("self", "key", "default", "version")

# (alias, range): what a backend goes by that no alias made.
_NO_ALIAS = ("", 1)

Arguments = tuple[Any, ...]
Keywords = dict[str, Any]
Values = tuple[str, int, int, int | None]
Reader = Callable[[Arguments, Keywords, Any], Values]

_ranges: dict[str, int] = {"": 1}
_patches: dict[tuple[type, str], Patch] = {}
_observed: set[type] = set()

_position = CURRENT.get


# --- what a call says about itself ------------------------------------------------------


def _text(key: Any) -> str:
    if type(key) is not str:
        return ""
    return key if len(key) <= MAX_KEY else cut(key)


def _total_size(values: Any) -> int | None:
    """Sum up the texts of a builtin dict; None where there are none, or too many to look at."""
    if type(values) is not dict or len(values) > MAX_SUMMED:
        return None
    sizes = [len(value) for value in list(values.values()) if type(value) in _TEXTS]
    return sum(sizes) if sizes else None


def _read_key(args: Arguments, kwargs: Keywords, result: Any) -> Values:
    return _text(args[0] if args else kwargs.get("key")), 0, 0, None


def _read_get(args: Arguments, kwargs: Keywords, result: Any) -> Values:
    # A missing key gives back the very default, so identity tells; `==` would run code of the
    # application. A stored None that is read without a default counts as a miss.
    key = _text(args[0] if args else kwargs.get("key"))
    if result is (args[1] if len(args) > 1 else kwargs.get("default")):
        return key, 0, 1, None
    return key, 1, 0, len(result) if type(result) in _TEXTS else None


def _read_set(args: Arguments, kwargs: Keywords, result: Any) -> Values:
    key = _text(args[0] if args else kwargs.get("key"))
    value: Any = args[1] if len(args) > 1 else kwargs.get("value")
    return key, 0, 0, len(value) if type(value) in _TEXTS else None


def _read_has_key(args: Arguments, kwargs: Keywords, result: Any) -> Values:
    key = _text(args[0] if args else kwargs.get("key"))
    return key, int(result is True), int(result is False), None


def _read_get_many(args: Arguments, kwargs: Keywords, result: Any) -> Values:
    keys: Any = args[0] if args else kwargs.get("keys")
    hits = len(result) if type(result) is dict else 0
    asked = len(keys) if type(keys) in _COUNTABLE else hits
    return "", hits, max(asked - hits, 0), _total_size(result)


def _read_set_many(args: Arguments, kwargs: Keywords, result: Any) -> Values:
    return "", 0, 0, _total_size(args[0] if args else kwargs.get("data"))


def _read_nothing(args: Arguments, kwargs: Keywords, result: Any) -> Values:
    return "", 0, 0, None


READERS: dict[str, Reader] = {
    "get": _read_get,
    "set": _read_set,
    "add": _read_set,
    "touch": _read_key,
    "delete": _read_key,
    "has_key": _read_has_key,
    "incr": _read_key,
    "decr": _read_key,
    "incr_version": _read_key,
    "decr_version": _read_key,
    "get_many": _read_get_many,
    "set_many": _read_set_many,
    "delete_many": _read_nothing,
    "clear": _read_nothing,
}
_KEYLESS = frozenset({"get_many", "set_many", "delete_many", "clear"})
_OPERATIONS = {name: name for name in READERS} | {f"a{name}": name for name in READERS}


# --- the wrappers -----------------------------------------------------------------------


def _is_inner(parent: int, backend: Any) -> bool:
    try:
        return bool(parent >> _RANGE_BITS == backend.__dict__.get(MARK, _NO_ALIAS)[1])
    except Exception as fault:
        guard.report(PART, fault)
        return True


def _enter(trace: Trace, parent: int, backend: Any) -> tuple[int, str]:
    """Return the span's number and its alias; number 0 inside a call of the same alias."""
    try:
        alias, own_range = backend.__dict__.get(MARK, _NO_ALIAS)
        if parent >> _RANGE_BITS == own_range:
            return 0, ""
        number = (own_range << _RANGE_BITS) + trace.next_number()
        CURRENT.set((trace, number))
    except Exception as fault:
        guard.report(PART, fault)
        return 0, ""
    return number, alias


def _note_failure(
    position: Position,
    start_ns: int,
    number: int,
    operation: str,
    backend: Any,
    arguments: tuple[Arguments, Keywords],
    error: BaseException,
) -> None:
    end_ns = perf_counter_ns()
    try:
        CURRENT.set(position)
        trace, parent = position
        key = "" if operation in _KEYLESS else _read_key(*arguments, None)[0]
        alias = backend.__dict__.get(MARK, _NO_ALIAS)[0]
        values = (operation, alias, key, 0, 0, None, type(error).__name__)
        if trace is not None:
            append(trace, (start_ns, end_ns, KIND, number, parent, *values))
    except Exception as fault:
        guard.report(PART, fault)


def _nesting(original: Any, patch: Patch) -> Any:
    operation = _OPERATIONS[patch.name]
    read = READERS[operation]

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace, parent = position = _position()
        number = 0
        if trace is not None and patch.is_on:
            number, alias = _enter(trace, parent, self)
        start_ns = perf_counter_ns() if number else 0
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            if number:
                taken = (args, kwargs)
                _note_failure(position, start_ns, number, operation, self, taken, error)
            hide_own_frame(error)
            raise
        if trace is None or not number:
            return result
        end_ns = perf_counter_ns()
        try:
            CURRENT.set(position)
            values = read(args, kwargs, result)
            append(trace, (start_ns, end_ns, KIND, number, parent, operation, alias, *values, ""))
        except Exception as fault:
            guard.report(PART, fault)
        return result

    return call


def _nesting_async(original: Any, patch: Patch) -> Any:
    operation = _OPERATIONS[patch.name]
    read = READERS[operation]

    @functools.wraps(original)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace, parent = position = _position()
        number = 0
        if trace is not None and patch.is_on:
            number, alias = _enter(trace, parent, self)
        start_ns = perf_counter_ns() if number else 0
        try:
            result = await original(self, *args, **kwargs)
        except BaseException as error:
            if number:
                taken = (args, kwargs)
                _note_failure(position, start_ns, number, operation, self, taken, error)
            hide_own_frame(error)
            raise
        if trace is None or not number:
            return result
        end_ns = perf_counter_ns()
        try:
            CURRENT.set(position)
            values = read(args, kwargs, result)
            append(trace, (start_ns, end_ns, KIND, number, parent, operation, alias, *values, ""))
        except Exception as fault:
            guard.report(PART, fault)
        return result

    return call


def _leaf(original: Any, patch: Patch) -> Any:
    operation = _OPERATIONS[patch.name]
    read = READERS[operation]

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace, parent = position = _position()
        is_recorded = trace is not None and patch.is_on
        if is_recorded and parent >= _FIRST_OF_RANGES:
            is_recorded = not _is_inner(parent, self)
        start_ns = perf_counter_ns() if is_recorded else 0
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            if is_recorded:
                _note_failure(position, start_ns, 0, operation, self, (args, kwargs), error)
            hide_own_frame(error)
            raise
        if trace is None or not is_recorded:
            return result
        end_ns = perf_counter_ns()
        try:
            alias = self.__dict__.get(MARK, _NO_ALIAS)[0]
            values = read(args, kwargs, result)
            append(trace, (start_ns, end_ns, KIND, 0, parent, operation, alias, *values, ""))
        except Exception as fault:
            guard.report(PART, fault)
        return result

    return call


def _leaf_get(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def get(self: Any, key: Any, default: Any = None, version: Any = None) -> Any:
        trace, parent = position = _position()
        is_recorded = trace is not None and patch.is_on
        if is_recorded and parent >= _FIRST_OF_RANGES:
            is_recorded = not _is_inner(parent, self)
        start_ns = perf_counter_ns() if is_recorded else 0
        try:
            result = original(self, key, default, version)
        except BaseException as error:
            if is_recorded:
                _note_failure(position, start_ns, 0, "get", self, ((key,), {}), error)
            hide_own_frame(error)
            raise
        if trace is None or not is_recorded:
            return result
        end_ns = perf_counter_ns()
        try:
            is_hit = result is not default
            span = (
                start_ns,
                end_ns,
                KIND,
                0,
                parent,
                "get",
                self.__dict__.get(MARK, _NO_ALIAS)[0],
                key if type(key) is str and len(key) <= MAX_KEY else _text(key),
                1 if is_hit else 0,
                0 if is_hit else 1,
                len(result) if is_hit and type(result) in _TEXTS else None,
                "",
            )
            if len(trace.spans) < trace.room:
                trace.spans.append(span)
            else:
                append_beyond_room(trace, span)
        except Exception as fault:
            guard.report(PART, fault)
        return result

    return get


# --- finding backends -------------------------------------------------------------------


def _wrapper_for(method: FunctionType) -> Callable[[Any, Patch], Any]:
    if iscoroutinefunction(method):
        return _nesting_async
    if method.__module__ not in _LEAF_MODULES:
        return _nesting
    code = method.__code__
    is_plain = code.co_varnames[: code.co_argcount] == _GET_ARGUMENTS
    if method.__name__ == "get" and is_plain and method.__defaults__ == (None, None):
        return _leaf_get
    return _leaf


def _observe_class(cls: type) -> None:
    """Wrap each operation in the class that defines it, once."""
    for base in cls.__mro__:
        for name in _OPERATIONS:
            method = base.__dict__.get(name)
            if type(method) is FunctionType and (base, name) not in _patches:
                patch = _patches[base, name] = Patch(base, name, _wrapper_for(method))
                patch.put()
    _observed.add(cls)


def _observe(backend: Any, alias: str) -> None:
    """Tell the backend its alias. In its `__dict__`, so that copies and pickles keep working."""
    own_range = _ranges.setdefault(alias, len(_ranges) + 1)
    backend.__dict__[MARK] = (alias, own_range)
    if type(backend) not in _observed:
        _observe_class(type(backend))


def _observing(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def create_connection(self: Any, alias: str) -> Any:
        try:
            backend = original(self, alias)
        except BaseException as error:
            hide_own_frame(error)
            raise
        if not patch.is_on:
            return backend
        try:
            _observe(backend, alias)
        except Exception as fault:
            guard.report(PART, fault)
        return backend

    return create_connection


_creation = Patch(CacheHandler, "create_connection", _observing)


class CacheInstrument(Instrument):
    """Learns of each backend when an alias makes it. `bytes` counts characters of a text."""

    kind = KIND
    label = "Cache"
    columns = ("alias", "key", "hits", "misses", "bytes", "error")

    def install(self) -> None:
        _creation.put()
        for patch in list(_patches.values()):
            patch.put()
        for alias in caches:
            # `all(initialized_only=True)` does not say which alias is which.
            if hasattr(caches._connections, alias):  # type: ignore[attr-defined]  # noqa: SLF001
                _observe(caches[alias], alias)

    def uninstall(self) -> None:
        _creation.remove()
        for patch in list(_patches.values()):
            patch.remove()
