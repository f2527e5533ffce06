from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from debugpanel import guard
from debugpanel.instruments.logs import MAX_RECORDS, LogInstrument
from debugpanel.trace import context
from debugpanel.trace.model import Event, Trace
from tests.instruments.recording import (
    Unfriendly,
    open_trace,
    recording,
    tracebacks,
    uninstalled,
)

instrument = LogInstrument()
logger = logging.getLogger("shop.basket")


class Silent(logging.Handler):
    """Takes every record and formats none."""

    def emit(self, record: logging.LogRecord) -> None:
        pass


@pytest.fixture(autouse=True)
def _silent_logger() -> Iterator[None]:
    handler = Silent()
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    yield
    logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def only(trace: Trace) -> Event:
    [event] = trace.iter_events()
    return event


def named(event: Event) -> dict[str, Any]:
    return dict(zip(instrument.columns, event.values, strict=True))


def test_a_record_is_an_event_with_its_template_and_arguments() -> None:
    with recording(instrument) as trace:
        logger.warning("%s left, %d sold", "anchor", 3)
    event = only(trace)
    assert (event.kind, event.name, event.parent) == ("log", "shop.basket", 0)
    values = named(event)
    assert values.pop("line") > 0
    assert values == {
        "levelno": logging.WARNING,
        "message": ("%s left, %d sold", ["anchor", 3]),
        "file": __file__,
        "exception": "",
    }


def test_named_arguments_keep_their_names() -> None:
    with recording(instrument) as trace:
        logger.info("%(what)s sold", {"what": "anchor"})
    assert named(only(trace))["message"] == ("%(what)s sold", {"what": "anchor"})


def test_no_method_of_an_argument_is_called() -> None:
    # Apart from the hierarchy, because pytest's own handler formats what it gets.
    apart = logging.Logger("apart")
    apart.addHandler(Silent())
    with recording(instrument) as trace:
        apart.info("%s", Unfriendly())
        apart.info(Unfriendly())
    messages = [named(event)["message"] for event in trace.iter_events()]
    assert messages == [("%s", ["<Unfriendly>"]), ("<Unfriendly>", [])]


def test_an_exception_is_named_by_its_type() -> None:
    with recording(instrument) as trace:
        try:
            raise KeyError("secret")
        except KeyError:
            logger.exception("no such product")
    assert named(only(trace))["exception"] == "KeyError"
    assert "secret" not in repr(trace.events)


def test_records_below_the_level_are_left_out() -> None:
    with recording(instrument) as trace:
        logger.debug("details")
        with override_settings(DEBUGPANEL={"LOG_LEVEL": logging.DEBUG}):
            logger.debug("wanted")
    assert [named(event)["message"][0] for event in trace.iter_events()] == ["wanted"]


def test_records_that_a_filter_refuses_are_left_out() -> None:
    def refuse(record: logging.LogRecord) -> bool:
        return False

    logger.addFilter(refuse)
    try:
        with recording(instrument) as trace:
            logger.error("refused")
    finally:
        logger.removeFilter(refuse)
    assert not trace.events


def test_our_own_records_and_the_log_of_statements_are_left_out() -> None:
    with recording(instrument) as trace:
        logging.getLogger("debugpanel").error("ours")
        logging.getLogger("debugpanel.writer").error("ours")
        logging.getLogger("django.db.backends").error("SELECT 1")
    assert not trace.events


def test_the_access_log_of_uvicorn_is_left_out() -> None:
    with recording(instrument) as trace:
        logging.getLogger("uvicorn.access").error('%s - "GET / HTTP/1.1"', "192.0.2.7:40000")
    assert not trace.events


def test_records_beyond_the_limit_are_counted() -> None:
    with recording(instrument) as trace:
        for number in range(MAX_RECORDS + 100):
            logger.info("%d", number)
    assert len(trace.events) == MAX_RECORDS
    assert trace.event_counts == {"log": MAX_RECORDS + 100}
    assert trace.dropped == {"log": 100}


def test_text_beyond_the_limit_is_counted() -> None:
    with recording(instrument) as trace:
        for _ in range(40):
            logger.info("%s", "word " * 3_000)
    assert 0 < len(trace.events) < 20
    assert trace.dropped["log"] == 40 - len(trace.events)


def test_no_frame_of_ours_stands_below_a_handler() -> None:
    """Handlers that walk the stack for the caller, as loguru's recipe, find the application."""
    callers: list[str] = []

    class Walking(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            frame = sys._getframe()
            while frame.f_code.co_filename in (__file__, logging.__file__):
                callers.append(frame.f_code.co_filename)
                assert frame.f_back is not None
                frame = frame.f_back
                if frame.f_code.co_name.startswith("test_"):
                    break
            callers.append(frame.f_code.co_name)

    handler = Walking()
    logger.addHandler(handler)
    try:
        with recording(instrument) as trace:
            logger.info("x")
    finally:
        logger.removeHandler(handler)
    assert callers[-1] == "test_no_frame_of_ours_stands_below_a_handler"
    assert len(trace.events) == 1


def test_the_root_logger_has_no_handler_of_ours() -> None:
    with uninstalled(instrument):
        before = list(logging.getLogger().handlers)
    instrument.install()
    assert logging.getLogger().handlers == before


def test_the_filter_is_put_back() -> None:
    with uninstalled(instrument):
        assert "filter" not in vars(logging.Logger)
        assert logging.Logger.filter is logging.Filterer.filter
    assert logging.Logger.filter.__wrapped__ is logging.Filterer.filter  # type: ignore[attr-defined]


def test_tracebacks_of_filters_that_fail_stay_as_they_were() -> None:
    def failing(record: logging.LogRecord) -> bool:
        raise LookupError("broken on purpose")

    def fail() -> None:
        logger.error("x")

    logger.addFilter(failing)
    try:
        without, outside, inside = tracebacks(instrument, fail)
    finally:
        logger.removeFilter(failing)
    assert without == outside == inside


def test_the_record_that_handlers_get_is_the_one_recorded() -> None:
    """Since Python 3.12 a filter may put another record in place."""

    def replace(record: logging.LogRecord) -> logging.LogRecord:
        return logging.makeLogRecord({**record.__dict__, "msg": "replaced"})

    logger.addFilter(replace)
    try:
        with recording(instrument) as trace:
            logger.error("original")
    finally:
        logger.removeFilter(replace)
    handled = "replaced" if sys.version_info >= (3, 12) else "original"
    assert named(only(trace))["message"][0] == handled


def test_a_fault_of_ours_does_not_reach_the_caller() -> None:
    instrument.install()
    trace: Any = open_trace()
    trace.text_room = None
    before = guard.breaker_for("instrument log").total_failures
    context.enter(trace)
    try:
        logger.error("x")
    finally:
        context.leave(trace)
    assert guard.breaker_for("instrument log").total_failures == before + 1
