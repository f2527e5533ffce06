from __future__ import annotations

import logging

from debugpanel.trace import context
from debugpanel.trace.log_filter import TraceIdFilter
from debugpanel.trace.model import Trace


def written(record: logging.LogRecord) -> str:
    assert TraceIdFilter().filter(record)
    return logging.Formatter("%(trace_id)s %(message)s").format(record)


def test_records_of_a_request_carry_its_trace_id() -> None:
    trace = Trace()
    context.enter(trace)
    try:
        text = written(logging.makeLogRecord({"msg": "sold"}))
    finally:
        context.leave(trace)
    assert trace.id
    assert text == f"{trace.hex_id} sold"


def test_other_records_carry_a_dash() -> None:
    assert written(logging.makeLogRecord({"msg": "started"})) == "- started"
