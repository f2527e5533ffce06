"""The story of a trace: begin, finish, and the steps that make it fit to store.

begin      a boundary opens it, the head sampler decides
returned   the boundary's work is done; the response may still stream
close      the true end: counted always, kept or dropped by the tail sampler
STEPS      the writer's work on what is kept, in this order
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import get_ident
from time import perf_counter_ns, thread_time_ns, time_ns
from typing import Any

from debugpanel import conf, facts, guard, steps
from debugpanel.delivery import mode
from debugpanel.delivery.heartbeat import worker_name
from debugpanel.delivery.writer import Plan, Step, Writer
from debugpanel.sampling import head, peers
from debugpanel.sampling.tail import HELD, TailSampler
from debugpanel.trace import budget
from debugpanel.trace.context import CURRENT, NOWHERE, Position
from debugpanel.trace.model import ROOT, Trace
from debugpanel.trace.traceparent import parse_traceparent

PART = "recorder"
ATTRIBUTE = "_debugpanel_trace"

STEPS: tuple[Step, ...] = (
    steps.sum_queries,
    steps.name_view,
    steps.fold_groups,
    steps.resolve_stacks,
    steps.finish_exceptions,
    steps.normalise_sql,
    steps.locate_client,
    steps.redact,
    steps.find_repeats,
)

sampler = TailSampler()


def release_held() -> list[Trace]:
    """Give up the slowest of each route, their minute is over; the budget keeps the first."""
    released = sampler.slowest.release()
    for trace in released[: conf.get().BUDGETS[HELD]]:
        trace.reason = HELD
    return released


writer = Writer(
    Plan(
        steps=STEPS,
        measure=steps.measure,
        release_held=release_held,
        refused=lambda: sampler.limiter.refused,
    )
)


def begin(request: Any, *, is_sync: bool) -> Trace | None:
    """Open a trace for a request, unless the head sampler says otherwise. Never raises."""
    try:
        settings = conf.get()
        outer = CURRENT.get()
        if outer[0] is not None:
            outer = _settle(outer)
        if not settings.ENABLED or (mode.in_test_run() and not mode.records_here()):
            return None
        if head.is_ignored(request, settings) or guard.is_open(PART):
            return None
        known = request.__dict__.get(ATTRIBUTE)
        if known is not None and not known.duration_ns:
            # The middleware is listed twice.
            return None
        return _open(request, settings, is_sync, outer)
    except Exception as fault:
        guard.report(PART, fault)
        return None


def _settle(found: Position) -> Position:
    """End what an earlier request left here; keep a request whose view makes this one."""
    trace = found[0]
    if trace is None or (not trace.closed and not trace.duration_ns):
        return found
    _close_unclosed(trace)
    return CURRENT.get()


def _open(request: Any, settings: conf.Settings, is_sync: bool, outer: Position) -> Trace:
    trace = Trace()
    setattr(request, ATTRIBUTE, trace)
    if outer[0] is not None:
        trace.outer = outer
    trace.started_ns = time_ns()
    trace.start_ns = perf_counter_ns()
    budget.note_running(trace)
    parent = request.META.get("HTTP_TRACEPARENT")
    if parent is not None:
        _note_parent(trace, request.META, parent, settings)
    if settings.RECORD_RATE < 1.0 and not head.is_recorded(trace, settings):
        trace.recorded = False
        CURRENT.set(NOWHERE)
        return trace
    trace.max_spans = settings.MAX_SPANS
    budget.open_room(trace, settings.MAX_SPANS)
    trace.stack_at_repeat = settings.REPEATS
    trace.stack_above_ns = int(settings.SLOW_QUERY_MS * 1_000_000)
    CURRENT.set((trace, ROOT))
    if is_sync:
        trace.thread_id = get_ident()
        trace.cpu_start_ns = thread_time_ns()
    return trace


def _note_parent(trace: Trace, meta: dict[str, Any], header: str, settings: conf.Settings) -> None:
    """Take the caller's ids; only a trusted one decides what is recorded and kept."""
    parent = parse_traceparent(header)
    if parent is None:
        return
    trace.remote_id, trace.remote_parent, is_sampled = parent
    if not settings.TRUSTED_NETWORKS:
        return
    if peers.peer_is_trusted(meta.get("REMOTE_ADDR", ""), settings.TRUSTED_NETWORKS):
        trace.forced = is_sampled
        trace.drawn_from = int(trace.remote_id, 16)


def returned(trace: Trace, request: Any, response: Any) -> None:
    """Note that the middleware returned; the trace closes with its response. Never raises."""
    try:
        end_ns = perf_counter_ns()
        trace.duration_ns = end_ns - trace.start_ns
        if trace.cpu_start_ns >= 0 and trace.thread_id == get_ident():
            trace.cpu_ns = thread_time_ns() - trace.cpu_start_ns
        if trace.discarded:
            budget.note_ended(trace)
            return
        trace.status = facts.status_of(response)
        trace.streaming = response.streaming is True
        closers = response._resource_closers  # noqa: SLF001 - no public hook ends with it
        closers.append(_Closer(close, trace, request, response))
    except Exception as fault:
        guard.report(PART, fault)
        close(trace, request, response)


class _Closer(partial[None]):
    """Closes a trace with its response. In a copy of the response, a cached one, it is inert."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return partial, (list,)


def failed(trace: Trace, request: Any, error: BaseException) -> None:
    """Close a trace whose chain raised: a cancelled task, or an exit. Never raises."""
    try:
        trace.duration_ns = perf_counter_ns() - trace.start_ns
        trace.state = "cancelled" if type(error).__name__ == "CancelledError" else "error"
        trace.unhandled = trace.state == "error"
        close(trace, request, None)
    except Exception as fault:
        guard.report(PART, fault)


def close(trace: Trace, request: Any, response: Any) -> None:
    """End a trace for good: count it, and keep or drop it. Never raises."""
    try:
        _step_out(trace)
        budget.note_ended(trace)
        if trace.closed:
            return
        trace.closed = True
        _close(trace, request, response)
    except Exception as fault:
        guard.report(PART, fault)


def _step_out(trace: Trace) -> None:
    """Leave the context as it was before: empty, or with the request whose view made this one."""
    here, outer = CURRENT.get()[0], trace.outer
    if here is trace or (here is None and outer is not None):
        is_open = outer is not None and not outer[0].closed
        CURRENT.set(outer if is_open else NOWHERE)
    trace.outer = None


def close_current(**kwargs: Any) -> None:
    """Close the trace of this context if its boundary returned: the fallback of the closers."""
    trace = CURRENT.get()[0]
    if trace is None or not trace.duration_ns:
        return
    try:
        _close_unclosed(trace)
    except Exception as fault:
        guard.report(PART, fault)


def _close_unclosed(trace: Trace) -> None:
    if not trace.closed:
        trace.state = "unclosed"
        trace.name = facts.UNMATCHED
    close(trace, None, None)


def _close(trace: Trace, request: Any, response: Any) -> None:
    now_ns = perf_counter_ns()
    trace.total_ns = now_ns - trace.start_ns
    if trace.streaming:
        _note_stream(trace, now_ns)
    if trace.lease is not None:
        budget.release(trace)
    else:
        trace.room = 0
    if trace.state == "open":
        trace.state = "ok"
    # Told what it was for; the texts are in the spans.
    trace.repeats = {}
    _note(facts.name_request, trace, request)
    settings = conf.get()
    decision = sampler.decide(trace, settings) if trace.recorded else ""
    if mode.in_test_run():
        _hand_to_tests(trace, request, response, decision)
    elif decision == HELD:
        _hold(trace, request, response)
    else:
        _hand_to_writer(trace, request, response, decision)


def _note_stream(trace: Trace, now_ns: int) -> None:
    """Show the time between the first byte and the last as a span; the request ends with it."""
    returned_ns = trace.start_ns + trace.duration_ns
    trace.spans.append((returned_ns, now_ns, "stream", 0, ROOT, ""))
    trace.first_byte_ns = trace.duration_ns
    trace.duration_ns = trace.total_ns


def _hold(trace: Trace, request: Any, response: Any) -> None:
    """Keep a candidate back until its minute ends; whom it displaces is only counted."""
    _gather(trace, request, response)
    displaced = sampler.slowest.hold(trace)
    writer.run()
    if displaced is not None:
        displaced.facts = {}
        writer.take(displaced)


def _hand_to_writer(trace: Trace, request: Any, response: Any, reason: str) -> None:
    if reason:
        _gather(trace, request, response)
        trace.reason = reason
    writer.take(trace)


def _hand_to_tests(trace: Trace, request: Any, response: Any, reason: str) -> None:
    """Give a test its trace at once, whatever the sampling."""
    _gather(trace, request, response)
    trace.reason = reason
    collected = mode.CAPTURE.get()
    done = finish(trace)
    if done is not None:
        (mode.memory if collected is None else collected).append(done)


def _gather(trace: Trace, request: Any, response: Any) -> None:
    trace.release = conf.get().RELEASE
    trace.worker = worker_name()
    _note(facts.gather, trace, request, response)


def _note(take: Callable[..., None], trace: Trace, request: Any, *further: Any) -> None:
    """Take what a request says. One that cannot be read is counted all the same."""
    if request is None:
        return
    try:
        take(trace, request, *further)
    except Exception as fault:
        guard.report(PART, fault)


def finish(trace: Trace) -> Trace | None:
    """Take a trace through all steps at once."""
    done: Trace | None = trace
    for step in STEPS:
        if done is None:
            return None
        done = step(done)
    return done
