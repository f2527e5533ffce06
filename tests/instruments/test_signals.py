from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db.models import signals as model_signals
from django.dispatch import Signal
from django.test import override_settings

from debugpanel import guard
from debugpanel.instruments.db import DatabaseInstrument
from debugpanel.instruments.signals import SignalInstrument
from debugpanel.trace import context
from debugpanel.trace.model import Trace
from tests.instruments.recording import open_trace, recording, tracebacks

instrument = SignalInstrument()

sold = Signal()
returned = Signal()
not_a_signal = object()

SOLD = f"{__name__}.sold"


@pytest.fixture(autouse=True)
def _off_again() -> Iterator[None]:
    yield
    instrument.uninstall()


@pytest.fixture
def sold_is_named() -> Iterator[None]:
    with override_settings(DEBUGPANEL={"SIGNALS": [SOLD]}):
        yield


def listen(**kwargs: Any) -> str:
    return "heard"


@pytest.fixture
def listening() -> Iterator[None]:
    sold.connect(listen)
    returned.connect(listen)
    yield
    sold.disconnect(listen)
    returned.disconnect(listen)


def test_nothing_is_touched_while_no_signal_is_named(listening: None) -> None:
    before = dict(vars(sold))
    with recording(instrument) as trace:
        sold.send(None)
    assert vars(sold) == before
    assert not trace.spans


def test_a_named_signal_is_timed(sold_is_named: None, listening: None) -> None:
    with recording(instrument) as trace:
        assert sold.send(None) == [(listen, "heard")]
        assert sold.send_robust(sender=None) == [(listen, "heard")]
        returned.send(None)
        assert context.CURRENT.get() == (trace, 0)
    for span in trace.iter_spans():
        assert (span.kind, span.name, span.values) == ("signal", SOLD, (1,))
    assert len(trace.spans) == 2


def test_no_receiver_is_connected(sold_is_named: None) -> None:
    with recording(instrument) as trace:
        assert not sold.has_listeners()
        assert sold.send(None) == []
    assert not trace.spans


def test_asynchronous_sends_are_timed(sold_is_named: None, listening: None) -> None:
    async def send() -> Trace:
        trace = open_trace()
        context.enter(trace)
        assert await sold.asend(None) == [(listen, "heard")]
        assert await sold.asend_robust(None) == [(listen, "heard")]
        return trace

    instrument.install()
    assert [span.name for span in asyncio.run(send()).iter_spans()] == [SOLD, SOLD]


@pytest.mark.django_db
def test_statements_of_receivers_stand_below_the_signal() -> None:
    def count(**kwargs: Any) -> int:
        return Group.objects.count()

    DatabaseInstrument().install()
    name = "django.db.models.signals.post_save"
    model_signals.post_save.connect(count, sender=Group)
    try:
        with (
            override_settings(DEBUGPANEL={"SIGNALS": [name]}),
            recording(instrument) as trace,
        ):
            Group.objects.create(name="divers")
    finally:
        model_signals.post_save.disconnect(count, sender=Group)
    [signal] = [span for span in trace.iter_spans() if span.kind == "signal"]
    [counted] = [span for span in trace.iter_spans() if "COUNT" in span.name]
    assert counted.parent == signal.number


def test_a_name_that_is_no_signal_is_counted_and_the_others_work(listening: None) -> None:
    bad = [f"{__name__}.not_a_signal", "no.such.signal"]
    names = {"SIGNALS": [*bad, SOLD]}
    with override_settings(DEBUGPANEL=names), recording(instrument) as trace:
        sold.send(None)
    assert len(trace.spans) == 1
    for name in bad:
        assert "DidNotEnable" in guard.breaker_for(f"signal {name}").last_error


def test_a_receiver_that_fails_reaches_the_sender(sold_is_named: None) -> None:
    def refuse(**kwargs: Any) -> None:
        raise LookupError("broken on purpose")

    sold.connect(refuse)
    try:
        with recording(instrument) as trace, pytest.raises(LookupError):
            sold.send(None)
        assert len(trace.spans) == 1
        without, outside, inside = tracebacks(instrument, lambda: sold.send(None))
    finally:
        sold.disconnect(refuse)
    assert without == outside == inside


def test_everything_is_put_back(sold_is_named: None) -> None:
    before = dict(vars(sold))
    instrument.install()
    assert set(vars(sold)) - set(before) == {"send", "send_robust", "asend", "asend_robust"}
    instrument.uninstall()
    assert vars(sold) == before
    instrument.uninstall()
    instrument.install()
    instrument.install()
    instrument.uninstall()
    assert vars(sold) == before
