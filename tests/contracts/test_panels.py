"""What every panel keeps to, whatever trace it is given."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from debugpanel import defaults
from debugpanel.trace import codec
from debugpanel.trace.model import Trace
from tests.viewer.seeding import overflowed_trace, plain_trace, rich_trace

TRACES = {
    "new": Trace,
    "plain": plain_trace,
    "rich": rich_trace,
    "overflowed": overflowed_trace,
    "masked": lambda: _masked(),
    "bare rows": lambda: _bare(),
}


def _masked():
    """What is left when masking took too long: every value is a mark."""
    trace = rich_trace()
    trace.spans = [(*span[:5], *["[masked]"] * len(span[5:])) for span in trace.spans]
    return trace


def _bare():
    """Rows without values, as an instrument of another release may have left them."""
    trace = rich_trace()
    trace.spans = [span[:6] for span in trace.spans]
    trace.events = [event[:4] for event in trace.events if event[1] != "exception"]
    return trace


@pytest.fixture(params=defaults.PANELS)
def panel(request):
    return import_string(request.param)()


@pytest.fixture(params=TRACES.values(), ids=list(TRACES))
def trace(request):
    return codec.decode(codec.encode(request.param()))


def test_it_has_a_name_a_title_and_a_template(panel):
    assert re.fullmatch(r"[a-z_]+", panel.name)
    assert panel.title
    assert panel.template.endswith(".html")


def test_it_shows_any_trace_that_it_is_for(panel, trace):
    if panel.is_for(trace):
        assert isinstance(panel.summary(trace), str)
        assert render_to_string(panel.template, panel.context(trace)).strip()


def test_it_leaves_the_trace_as_it_was(panel, trace):
    before = codec.encode(trace)
    if panel.is_for(trace):
        panel.summary(trace)
        panel.context(trace)
    assert codec.encode(trace) == before


def test_its_markup_keeps_to_a_strict_policy(panel, trace):
    text = render_to_string(panel.template, panel.context(trace))
    assert not re.search(r"\sstyle=|<style|<script|\son[a-z]+=|javascript:|data:", text)


def test_names_are_unique():
    names = [import_string(path).name for path in defaults.PANELS]
    assert len(names) == len(set(names))
