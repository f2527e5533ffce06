from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import CacheHandler, cache, caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.test import override_settings

from debugpanel import guard
from debugpanel.instruments.cache import CacheInstrument
from debugpanel.instruments.db import DatabaseInstrument
from debugpanel.trace import context
from debugpanel.trace.model import Span, Trace
from tests.instruments.recording import (
    Unfriendly,
    open_trace,
    recording,
    tracebacks,
    uninstalled,
)

instrument = CacheInstrument()


class Picky(Unfriendly):
    def __reduce__(self) -> Any:
        return Picky, ()


class SubclassedCache(LocMemCache):
    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        return super().get(key, default, version)


class NativeAsyncCache(LocMemCache):
    async def aget(self, key: str, default: Any = None, version: Any = None) -> Any:
        await asyncio.sleep(0)
        return default


class TieredCache(LocMemCache):
    """Asks another alias when it does not know."""

    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        return caches["second"].get(key, default, version)


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    instrument.install()
    for alias in ("default", "second"):
        caches[alias].clear()


@pytest.fixture
def own_caches() -> Iterator[None]:
    """Aliases for the backends of this module."""
    backends = {
        name.__name__: {"BACKEND": f"{__name__}.{name.__name__}", "LOCATION": name.__name__}
        for name in (SubclassedCache, NativeAsyncCache, TieredCache)
    }
    second = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "second"}
    with override_settings(CACHES={"default": second, "second": second, **backends}):
        yield


def only(trace: Trace) -> Span:
    [span] = [span for span in trace.iter_spans() if span.kind == "cache"]
    return span


def named(span: Span) -> dict[str, Any]:
    return dict(zip(instrument.columns, span.values, strict=True))


def test_a_read_says_alias_key_hit_and_size() -> None:
    cache.set("colour", "green")
    with recording(instrument) as trace:
        assert cache.get("colour") == "green"
    span = only(trace)
    assert span.name == "get"
    assert span.duration_ns > 0
    assert named(span) == {
        "alias": "default",
        "key": "colour",
        "hits": 1,
        "misses": 0,
        "bytes": 5,
        "error": "",
    }


def test_a_read_that_gives_back_the_default_is_a_miss() -> None:
    default = Unfriendly()
    with recording(instrument) as trace:
        assert cache.get("nothing", default) is default
        assert cache.get("nothing", default=default) is default
    for span in trace.iter_spans():
        assert (named(span)["hits"], named(span)["misses"]) == (0, 1)


def test_each_alias_goes_by_its_name() -> None:
    with recording(instrument) as trace:
        caches["second"].get("a")
        caches["default"].get("a")
    assert [named(span)["alias"] for span in trace.iter_spans()] == ["second", "default"]


def test_only_texts_and_bytes_are_measured() -> None:
    with recording(instrument) as trace:
        cache.set("bytes", b"12345678")
        cache.set("number", 10**6)
        cache.set("picky", Picky())
        cache.get("picky")
    assert [named(span)["bytes"] for span in trace.iter_spans()] == [8, None, None, None]


def test_a_key_that_is_no_text_is_not_stored() -> None:
    with recording(instrument) as trace:
        cache.get(17)
    assert named(only(trace))["key"] == ""


def test_many_keys_are_one_span() -> None:
    cache.set_many({"a": "1", "b": "22"})
    with recording(instrument) as trace:
        assert cache.get_many(["a", "b", "c", "d"]) == {"a": "1", "b": "22"}
    span = only(trace)
    assert span.name == "get_many"
    assert (named(span)["hits"], named(span)["misses"], named(span)["bytes"]) == (2, 2, 3)


def test_a_generator_of_keys_is_not_used_up() -> None:
    cache.set("a", "1")
    with recording(instrument) as trace:
        assert cache.get_many(key for key in "ab") == {"a": "1"}
    assert (named(only(trace))["hits"], named(only(trace))["misses"]) == (1, 0)


def test_set_many_and_delete_many_are_one_span_each() -> None:
    with recording(instrument) as trace:
        cache.set_many({"a": "1", "b": b"22", "c": 3})
        cache.delete_many(["a", "b"])
    assert [span.name for span in trace.iter_spans()] == ["set_many", "delete_many"]
    assert named(next(trace.iter_spans()))["bytes"] == 3


def test_get_or_set_shows_what_it_does() -> None:
    with recording(instrument) as trace:
        cache.get_or_set("a", lambda: "made")
    assert [span.name for span in trace.iter_spans()] == ["get", "add", "get"]
    assert [named(span)["misses"] for span in trace.iter_spans()] == [1, 0, 0]


def test_every_operation_is_seen() -> None:
    with recording(instrument) as trace:
        cache.set("n", 1)
        cache.add("n", 1)
        cache.touch("n")
        cache.incr("n")
        cache.decr("n")
        assert "n" in cache
        cache.incr_version("n")
        cache.delete("n", version=2)
        cache.clear()
    assert [span.name for span in trace.iter_spans()] == [
        "set",
        "add",
        "touch",
        "incr",
        "decr",
        "has_key",
        "incr_version",
        "delete",
        "clear",
    ]


def test_an_asynchronous_call_that_runs_in_a_thread_is_one_span() -> None:
    async def read() -> Trace:
        trace = open_trace()
        context.enter(trace)
        await cache.aset("a", "1")
        assert await cache.aget("a") == "1"
        assert await cache.aget_many(["a", "b"]) == {"a": "1"}
        return trace

    trace = asyncio.run(read())
    assert [span.name for span in trace.iter_spans()] == ["set", "get", "get_many"]
    assert [named(span)["hits"] for span in trace.iter_spans()] == [0, 1, 1]


def test_a_natively_asynchronous_backend_is_seen(own_caches: None) -> None:
    async def read() -> Trace:
        trace = open_trace()
        context.enter(trace)
        assert await caches["NativeAsyncCache"].aget("a", "b") == "b"
        return trace

    trace = asyncio.run(read())
    assert (only(trace).name, named(only(trace))["misses"]) == ("get", 1)


def test_coroutine_functions_stay_coroutine_functions() -> None:
    assert inspect.iscoroutinefunction(BaseCache.aget)
    assert not inspect.iscoroutinefunction(BaseCache.get)


def test_a_subclass_that_calls_super_makes_one_span(own_caches: None) -> None:
    with recording(instrument) as trace:
        caches["SubclassedCache"].get("a")
    assert named(only(trace))["alias"] == "SubclassedCache"


def test_a_backend_that_asks_another_alias_shows_both(own_caches: None) -> None:
    with recording(instrument) as trace:
        caches["TieredCache"].get("a")
    inner, outer = trace.iter_spans()
    assert (named(inner)["alias"], named(outer)["alias"]) == ("second", "TieredCache")
    assert inner.parent == outer.number != 0


@pytest.mark.django_db
def test_statements_of_a_database_cache_stand_below_its_call() -> None:
    backend = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_rows"}
    DatabaseInstrument().install()
    with override_settings(CACHES={"default": backend}):
        call_command("createcachetable", verbosity=0)
        with recording(instrument) as trace:
            cache.get("a")
            cache.get_many(["a", "b"])
    calls = [span for span in trace.iter_spans() if span.kind == "cache"]
    assert [span.name for span in calls] == ["get", "get_many"]
    statements = [span for span in trace.iter_spans() if span.kind == "sql"]
    assert {span.parent for span in statements} == {span.number for span in calls}


def test_an_error_is_named_and_reaches_the_caller() -> None:
    with recording(instrument) as trace, pytest.raises(ValueError, match="not found"):
        cache.incr("nothing")
    assert (only(trace).name, named(only(trace))["error"]) == ("incr", "ValueError")
    assert named(only(trace))["key"] == "nothing"


def test_the_context_is_back_after_an_error() -> None:
    with recording(instrument) as trace:
        with pytest.raises(ValueError, match="not found"):
            BaseCache.incr(cache, "nothing")
        assert context.CURRENT.get() == (trace, 0)


def test_tracebacks_stay_as_they_were() -> None:
    for fail in (lambda: cache.incr("nothing"), lambda: cache.get("a", version=Unfriendly())):
        without, outside, inside = tracebacks(instrument, fail)
        assert without == outside == inside


def test_tracebacks_of_asynchronous_calls_stay_as_they_were() -> None:
    def fail() -> Any:
        return asyncio.run(BaseCache({}).aget("a"))

    without, outside, inside = tracebacks(instrument, fail)
    assert without == outside == inside


def test_signatures_stay_as_they_were() -> None:
    now = [inspect.signature(getattr(LocMemCache, name)) for name in ("get", "set", "get_many")]
    with uninstalled(instrument):
        before = [
            inspect.signature(getattr(LocMemCache, name)) for name in ("get", "set", "get_many")
        ]
    assert now == before


def test_backends_can_still_be_copied_and_pickled() -> None:
    backend = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    with override_settings(CACHES={"default": backend}):
        twins = [copy.copy(caches["default"]), pickle.loads(pickle.dumps(caches["default"]))]
        with recording(instrument) as trace:
            assert [twin.get("nothing", "default") for twin in twins] == ["default", "default"]
    assert [named(span)["alias"] for span in trace.iter_spans()] == ["default", "default"]


def test_a_backend_made_before_the_instrument_is_seen() -> None:
    with uninstalled(instrument):
        del caches["second"]
        caches["second"].get("a")
    with recording(instrument) as trace:
        caches["second"].get("a")
    assert named(only(trace))["alias"] == "second"


def test_a_backend_that_no_alias_made_has_no_alias() -> None:
    backend = LocMemCache("loose", {})
    with recording(instrument) as trace:
        backend.get("a")
        backend.get_many(["a", "b"])
    assert [(span.name, named(span)["alias"]) for span in trace.iter_spans()] == [
        ("get", ""),
        ("get_many", ""),
    ]


def test_everything_is_put_back() -> None:
    owners = {LocMemCache: "get", BaseCache: "get_many", CacheHandler: "create_connection"}
    originals = {owner: inspect.unwrap(vars(owner)[name]) for owner, name in owners.items()}
    with uninstalled(instrument):
        for owner, name in owners.items():
            assert vars(owner)[name] is originals[owner]
    instrument.install()
    for owner, name in owners.items():
        assert vars(owner)[name].__wrapped__ is originals[owner]


def test_a_wrapper_that_came_later_stays_and_ours_is_inert_below_it() -> None:
    ours = LocMemCache.get

    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        return ours(self, *args, **kwargs)

    LocMemCache.get = theirs
    try:
        with recording(instrument) as trace:
            instrument.uninstall()
            cache.get("a")
            assert vars(LocMemCache)["get"] is theirs
            assert not trace.spans
            instrument.install()
            cache.get("a")
            assert len(trace.spans) == 1
    finally:
        LocMemCache.get = ours
    with recording(instrument) as trace:
        cache.get("a")
    assert len(trace.spans) == 1


def test_calls_beyond_the_limit_are_counted() -> None:
    with recording(instrument, max_spans=100) as trace:
        for _ in range(1_000):
            cache.get("a")
        summed = sum(group.count for group in trace.overflow.values())
        assert len(trace.spans) + len(trace.slowest_overflow) + summed == 1_000


def test_a_call_after_the_end_of_its_trace_is_counted_as_late() -> None:
    with recording(instrument) as trace:
        trace.closed, trace.room = True, 0
        cache.get("a")
    assert trace.dropped == {"late": 1}


def test_a_fault_of_ours_does_not_reach_the_caller() -> None:
    instrument.install()
    trace: Any = open_trace()
    trace.spans = None
    trace.numbers = None
    before = guard.breaker_for("instrument cache").total_failures
    context.enter(trace)
    try:
        cache.set("a", "1")
        assert cache.get("a") == "1"
        assert cache.get_many(["a"]) == {"a": "1"}
    finally:
        context.leave(trace)
    assert guard.breaker_for("instrument cache").total_failures > before
