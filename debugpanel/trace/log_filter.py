"""The trace's id on the log records of the application, for those who ask for it.

LOGGING = {
    "filters": {"trace_id": {"()": "debugpanel.trace.log_filter.TraceIdFilter"}},
    "formatters": {"line": {"format": "%(levelname)s %(trace_id)s %(message)s"}},
    ...
}
"""

from __future__ import annotations

import logging

from debugpanel import guard
from debugpanel.trace.context import current_trace
from debugpanel.trace.ids import trace_id_of

NO_TRACE = "-"


class TraceIdFilter(logging.Filter):
    """Sets `record.trace_id` to 32 hex digits, or to "-" outside of a trace."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.trace_id = NO_TRACE
        try:
            trace = current_trace()
            if trace is not None:
                record.trace_id = f"{trace_id_of(trace):032x}"
        except Exception as fault:
            guard.report("trace id filter", fault)
        return True
