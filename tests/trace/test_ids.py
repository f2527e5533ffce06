from __future__ import annotations

import os
import random
import time
import uuid

from debugpanel.trace import ids
from debugpanel.trace.model import Trace


def test_an_id_is_a_uuid_of_version_seven() -> None:
    started_ns = time.time_ns()
    value = uuid.UUID(int=ids.new_trace_id(started_ns))
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert value.int >> 80 == started_ns // 1_000_000


def test_ids_differ() -> None:
    assert len({ids.new_trace_id(0) for _ in range(2_000)}) == 2_000


def test_ids_leave_the_hosts_random_state_alone() -> None:
    before = random.getstate()
    ids.new_trace_id(0)
    assert random.getstate() == before


def test_a_forked_child_gives_other_ids_than_its_parent() -> None:
    ids.new_trace_id(0)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, f"{ids.new_trace_id(0):032x}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reader, 32), 16) not in {ids.new_trace_id(0) for _ in range(600)}
    os.close(reader)
    os.close(writer)


def test_the_fraction_spreads_evenly() -> None:
    low = sum(ids.fraction(ids.new_trace_id(0)) < 0.25 for _ in range(8_000))
    assert 1_700 < low < 2_300


def test_a_trace_keeps_the_id_it_was_given_first() -> None:
    trace = Trace()
    assert ids.trace_id_of(trace) == ids.trace_id_of(trace) != 0
