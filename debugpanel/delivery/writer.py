"""The one background thread of a process. It judges, masks, compresses and exports.

It starts with the first finished trace, never at import, and knows its process: after a
fork, hooked or raw, the child starts with empty hands and a thread of its own.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from debugpanel import conf, guard
from debugpanel.delivery import mode
from debugpanel.delivery.counting import Counter
from debugpanel.delivery.heartbeat import describe_process
from debugpanel.delivery.outlet import Outlet
from debugpanel.delivery.queue import TraceQueue
from debugpanel.metrics.rollup import Measurement
from debugpanel.trace.model import Trace

BATCH_TRACES = 100
EXIT_FLUSH_S = 2.0
MIN_WAIT_S = 0.05
MINUTE_S = 60.0
# Hourly rows need no partial ones each minute.
STATEMENTS_S = 600.0

Step = Callable[[Trace], Trace | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the recorder hands to the writer: the work on each trace, in order."""

    steps: Sequence[Step]
    measure: Callable[[Trace], Measurement]
    release_held: Callable[[], list[Trace]]
    refused: Callable[[], dict[tuple[str, str], int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """What became of the traces of this process so far, and how many still wait."""

    stored: int
    dropped: int
    failed: int
    waiting: int


class Writer:
    """Owns the queue, the counts, the thread and the exporters of one process."""

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._clock = clock
        self._abandoned: list[Any] = []
        self._reset()
        os.register_at_fork(after_in_child=self._after_fork)

    def _reset(self) -> None:
        self._pid = os.getpid()
        self.queue = TraceQueue()
        self.counter = Counter(self._plan.measure)
        self.outlets: list[Outlet] = []
        self.dropped: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._cycle_lock = threading.Lock()
        self._start_lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._is_known = False
        self._flushes: list[threading.Event] = []
        self._cycled_at_s = self._minute_at_s = self._statements_at_s = self._clock()

    def _after_fork(self) -> None:
        # The parent's connections must neither be used nor collected here: closing one would
        # end the parent's session.
        self._abandoned.append(self.outlets)
        # What the parent held back is the parent's to deliver.
        self._plan.release_held()
        self._reset()

    # -- on the request thread

    def take(self, trace: Trace) -> None:
        """Count a finished trace and, when it has a reason, queue it."""
        if self._thread is None or self._pid != os.getpid():
            self.run()
        self.counter.count(trace)
        if trace.reason:
            self.queue.offer(trace)
        if self.counter.is_crowded:
            self._hurry()

    def _hurry(self) -> None:
        thread = self._thread
        if thread is not None and not thread.is_alive():
            # It died of something that no guard catches.
            self._thread = None
            self._start()
        self._wake.set()

    def _count_and_queue(self, trace: Trace) -> None:
        self.counter.count(trace)
        if trace.reason:
            self.queue.offer(trace)

    def run(self) -> None:
        """See to it that this process has its writer."""
        if self._pid != os.getpid():
            self._after_fork()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        if not mode.threads_can_run():
            self._run_inline()
            return
        if self._stopping or not self._start_lock.acquire(blocking=False):
            return
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="debugpanel-writer", daemon=True)
                thread.start()
                self._thread = thread
                atexit.register(self._at_exit, os.getpid())
        except RuntimeError:
            # The interpreter is shutting down: no new thread may start.
            self._stopping = True
        finally:
            self._start_lock.release()

    def _run_inline(self) -> None:
        if self._clock() - self._cycled_at_s >= conf.get().FLUSH_INTERVAL_S:
            self.cycle()

    # -- on the writer's thread

    def _run(self) -> None:
        pid = self._pid
        while not self._stopping and pid == os.getpid():
            left_s = self._cycled_at_s + self._interval_s() - self._clock()
            is_woken = self._wake.wait(max(left_s, MIN_WAIT_S))
            self._wake.clear()
            if is_woken and left_s > 0 and not self._flushes:
                self.counter.fold()
            else:
                self._serve()

    def _serve(self) -> None:
        wanted, self._flushes = self._flushes, []
        self.cycle(at_once=bool(wanted))
        for done in wanted:
            done.set()

    def _interval_s(self) -> float:
        # Processes that started together drift apart.
        return conf.get().FLUSH_INTERVAL_S * (0.9 + 0.2 * ((self._pid * 2_654_435_761) % 97) / 97)

    def cycle(self, *, at_once: bool = False) -> None:
        """Deliver what waits. One cycle at a time; faults are ours and stay here."""
        if not self._cycle_lock.acquire(blocking=at_once):
            return
        try:
            self._cycled_at_s = self._clock()
            self._cycle(at_once)
        except Exception as fault:
            guard.report("writer", fault)
        finally:
            self._cycle_lock.release()

    def _cycle(self, at_once: bool) -> None:
        guard.recover()
        self._open_outlets()
        if at_once or self._clock() - self._minute_at_s >= MINUTE_S:
            self._end_minute(at_once)
        while self._deliver_batch(at_once):
            pass
        if not self._is_known:
            self._introduce()
        for outlet in self.outlets:
            outlet.maintain(time.time())

    def _introduce(self) -> None:
        """Say at once that this process lives; from then on it does so each minute."""
        self._is_known = True
        for outlet in self.outlets:
            outlet.take_state(self.state())
            outlet.deliver()

    def _deliver_batch(self, at_once: bool) -> bool:
        """Move one batch from the queue to the exporters; say whether to go on."""
        # Behind exporters that all fail, traces wait in the queue, where the least valuable go.
        blocked = all(outlet.is_blocked for outlet in self.outlets)
        batch = [] if blocked else self.queue.take(BATCH_TRACES)
        # Counting first: the steps change a trace.
        self.counter.fold()
        finished = self._finish(batch)
        for outlet in self.outlets:
            outlet.take(finished)
            outlet.deliver(at_once=at_once)
        return len(batch) == BATCH_TRACES

    def _finish(self, batch: list[Trace]) -> list[Trace]:
        finished = []
        for trace in batch:
            done = self._apply_steps(trace)
            if done is not None:
                finished.append(done)
        return finished

    def _apply_steps(self, trace: Trace) -> Trace | None:
        done: Trace | None = trace
        for step in self._plan.steps:
            try:
                done = step(trace)
            except Exception as fault:
                # A trace whose masking failed must not leave the process.
                guard.report(f"step {getattr(step, '__name__', 'unnamed')}", fault)
                done = None
            if done is None:
                self.dropped["step"] = self.dropped.get("step", 0) + 1
                return None
            trace = done
        return done

    def _end_minute(self, at_once: bool) -> None:
        now_s = self._minute_at_s = self._clock()
        with_statements = at_once or now_s - self._statements_at_s >= STATEMENTS_S
        if with_statements:
            self._statements_at_s = now_s
        for trace in self._plan.release_held():
            self._count_and_queue(trace)
        self.counter.fold()
        rollups = self.counter.drain(with_statements=with_statements)
        state = self.state()
        for outlet in self.outlets:
            outlet.take_rollups(rollups)
            outlet.take_state(state)

    def _open_outlets(self) -> None:
        if self.outlets:
            return
        for path in conf.get().EXPORTERS:
            try:
                self.outlets.append(Outlet(path, import_string(path)(), self._clock))
            except Exception as fault:
                guard.report(f"exporter {path}", fault)

    # -- anywhere

    def flush(self, timeout_s: float) -> Flushed:
        """Deliver everything now, within `timeout_s` seconds, back-off or not."""
        done = threading.Event()
        self._flushes.append(done)
        if self._thread is None:
            self._start()
        if self._thread is None or not self._thread.is_alive():
            self.cycle(at_once=True)
        else:
            self._wake.set()
            done.wait(timeout_s)
        return self.totals()

    def totals(self) -> Flushed:
        """Say what became of this process's traces; `stored` is the first exporter's."""
        first = self.outlets[0] if self.outlets else None
        dropped = sum(self.dropped.values()) + sum(self.queue.dropped.values())
        return Flushed(
            stored=first.stored if first else 0,
            dropped=dropped,
            failed=first.failed if first else 0,
            waiting=len(self.queue) + (first.owed if first else 0),
        )

    def state(self) -> dict[str, Any]:
        """Describe this process for its heartbeat."""
        totals = self.totals()
        return {
            **describe_process(),
            "queued": totals.waiting,
            "queued_bytes": self.queue.bytes,
            "stored": totals.stored,
            "failed": totals.failed,
            "counted": self.counter.counted,
            "dropped": {**self.dropped, **self.queue.dropped},
            "refused": {f"{route} {why}": n for (route, why), n in self._plan.refused().items()},
            "failing": guard.open_parts(),
            "paused": next((o.reason_paused for o in self.outlets if o.reason_paused), ""),
        }

    def _at_exit(self, pid: int) -> None:
        if pid != os.getpid() or pid != self._pid or self._thread is None:
            return
        self.flush(EXIT_FLUSH_S)
        self._stopping = True
        self._wake.set()

    def reset_for_tests(self) -> None:
        """Let go of everything: thread, queue, counts and exporters."""
        self._stopping = True
        self._wake.set()
        thread = self._thread
        if thread is not None:
            thread.join(5)
        for outlet in self.outlets:
            outlet.close()
        self._reset()
