from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient, Client

from debugpanel import guard
from debugpanel.delivery import mode
from debugpanel.testing import capture_trace, deliver_in_tests, raise_internal_errors

pytestmark = pytest.mark.django_db


def test_the_only_trace_is_at_hand(client: Client) -> None:
    with capture_trace() as captured:
        client.get("/host/json/")
    assert captured.trace.query_count == 1


@pytest.mark.parametrize("requests", [0, 2])
def test_there_is_no_only_trace_among_none_or_several(client: Client, requests: int) -> None:
    with capture_trace() as captured:
        for _ in range(requests):
            client.get("/host/text/")
    assert len(captured.traces) == requests
    with pytest.raises(LookupError, match=f"{requests} requests"):
        captured.trace  # noqa: B018


def test_sampling_does_not_matter(client: Client, settings: Any) -> None:
    settings.DEBUGPANEL = {"SAMPLE_RATE": 0.0, "KEEP_SLOWEST": False}
    with capture_trace() as captured:
        client.get("/host/text/")
    assert captured.trace.status == 200


def test_blocks_nest_and_the_inner_one_collects(client: Client) -> None:
    with capture_trace() as outer:
        client.get("/host/text/")
        with capture_trace() as inner:
            client.get("/host/json/")
        client.get("/host/text/")
    assert [trace.path for trace in outer.traces] == ["/host/text/"] * 2
    assert inner.trace.path == "/host/json/"


def test_nothing_is_collected_after_the_block(client: Client) -> None:
    with pytest.raises(ZeroDivisionError), capture_trace() as captured:
        _ = 1 / 0
    client.get("/host/text/")
    assert captured.traces == []


async def test_async_requests_are_collected() -> None:
    with capture_trace() as captured:
        await AsyncClient().get("/host/text/")
    assert captured.trace.status == 200


def test_errors_of_ours_raise_only_inside_the_block() -> None:
    with raise_internal_errors(), raise_internal_errors():
        pass
    assert guard.raises_errors is False


def test_delivery_as_in_production_ends_with_the_block() -> None:
    assert mode.in_test_run()
    with deliver_in_tests():
        assert not mode.in_test_run()
    assert mode.in_test_run()


def test_memory_holds_everything_when_the_settings_say_so(client: Client, settings: Any) -> None:
    mode.memory.clear()
    settings.DEBUGPANEL = {"IN_TESTS": "memory"}
    client.get("/host/text/")
    assert [trace.path for trace in mode.memory] == ["/host/text/"]
