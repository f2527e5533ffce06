from __future__ import annotations

from pathlib import Path

import pytest

from debugpanel.panels.exceptions import ExceptionPanel
from debugpanel.trace.model import Frame
from tests.panels.showing import markup, words
from tests.viewer.seeding import LIBRARY, MS, OWN, plain_trace, rich_trace

PANEL = ExceptionPanel()


def raised(frames, *, handled=False, message="boom", chain=()):
    event = (MS, "exception", 0, "ValueError", message, handled, frames, list(chain), "f" * 16)
    return plain_trace(events=[event])


def test_source_is_read_from_the_disk_around_the_line_that_raised():
    line = Path(OWN.file).read_text().splitlines()[OWN.line - 1]
    text = words(PANEL, raised([OWN]))
    assert f"20 {' '.join(line.split())[:20]}" in text
    assert '<span class="dp-line dp-it">' in markup(PANEL, raised([OWN]))


def test_the_innermost_frame_comes_first():
    text = words(PANEL, raised([OWN, LIBRARY]))
    assert text.index("query.py:100") < text.index("seeding.py:20")


def test_library_frames_are_only_named_unless_they_raised():
    text = markup(PANEL, raised([LIBRARY, OWN]))
    assert text.count("<details") == 1
    assert "django/db/models/query.py:100" in text


@pytest.mark.parametrize(
    "frame",
    [
        Frame("../../../../etc/passwd", "x", 1, True),
        Frame("/etc/passwd", "x", 1, True),
        Frame("tests/viewer/seeding.py", "x", 10**9, True),
        Frame("tests/viewer/seeding.py", "x", -1, True),
        Frame("gone.py", "x", 1, True),
        Frame("nul\0.py", "x", 1, True),
        Frame("<string>", "x", 1, True),
    ],
)
def test_a_file_that_is_not_there_or_not_ours_has_no_source(frame):
    assert "<pre" not in markup(PANEL, raised([frame]))


def test_handled_and_unhandled_are_told_apart():
    assert "x Not handled" in words(PANEL, raised([OWN]))
    assert "Handled, at 1.00 ms" in words(PANEL, raised([OWN], handled=True))


def test_what_led_to_it_is_shown_in_order():
    chain = [
        ["cause", "TimeoutError", "no answer", [LIBRARY]],
        ["context", "KeyError", "'a'", []],
        ["group", "OSError", "", []],
    ]
    said = words(PANEL, raised([OWN], chain=chain))
    assert said.index("It was raised from TimeoutError") < said.index(
        "While this was being handled: KeyError"
    )
    assert "It holds OSError" in said


def test_a_message_is_data_and_masks_are_marked():
    text = markup(PANEL, raised([OWN], message="<b>token=[masked]</b>"))
    assert "&lt;b&gt;token=" in text
    assert '<span class="dp-masked">[masked]</span>' in text


def test_exceptions_that_were_not_kept_are_counted():
    trace = rich_trace(event_counts={"exception": 4})
    assert "3 further exceptions were not kept." in words(PANEL, trace)


def test_a_trace_without_exceptions_has_no_such_panel():
    assert not PANEL.is_for(plain_trace())
    assert PANEL.summary(rich_trace()) == "1"
