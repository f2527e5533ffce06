from __future__ import annotations

from debugpanel.panels.rendering import tree
from tests.viewer.seeding import MS, overflowed_trace, plain_trace


def test_own_times_leave_out_what_children_took():
    spans = [
        (0, 100 * MS, "view", 1, 0, "v", ""),
        (10 * MS, 70 * MS, "template", 2, 1, "t.html", 3, 20 * MS, 50 * MS, "django"),
        (20 * MS, 50 * MS, "sql", 0, 2, "SELECT 1", "default", 0, False, 1, "", "x"),
    ]
    times = {
        time.kind: (time.count, time.own_ns) for time in tree.own_times(plain_trace(spans=spans))
    }
    assert times == {"view": (1, 50 * MS), "template": (3, 20 * MS), "sql": (1, 30 * MS)}


def test_what_was_summed_up_counts_too():
    times = {time.kind: time.count for time in tree.own_times(overflowed_trace())}
    assert times == {"view": 1, "sql": 9_500}
