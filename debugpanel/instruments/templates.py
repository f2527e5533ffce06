"""Templates of Django and Jinja2, summed up per name; and the rendering of responses.

A template may be rendered thousands of times in one request, so there is one group per name
and never one span per render. Every render counts; time counts while at least one render of
that name is running, so that a template that includes itself is not timed twice.

Jinja2 compiles `include` and `extends` away: there, only the template asked for is seen.
"""

from __future__ import annotations

import functools
from time import perf_counter_ns
from typing import Any

from django.template.base import UNKNOWN_SOURCE, Template
from django.template.response import SimpleTemplateResponse

from debugpanel import guard
from debugpanel.instruments.base import Instrument
from debugpanel.trace.budget import append
from debugpanel.trace.context import CURRENT, Position
from debugpanel.trace.imports import forget, when_imported
from debugpanel.trace.model import Group, Trace
from debugpanel.trace.patching import Patch, hide_own_frame
from debugpanel.trace.values import cut

KIND = "template"
RENDER = "render"
PART = f"instrument {KIND}"
MAX_NAMES = 200
LATE = "late"

_position = CURRENT.get


class TemplateGroup(Group):
    """A group that knows since when one of its renders is running."""

    __slots__ = ("entered_ns",)

    entered_ns: int


def _new_group(trace: Trace, parent: int, name: Any, engine: str) -> TemplateGroup:
    """Return the group of a name that is new, has no text, or has no room."""
    if type(name) is not str:
        # The name in an `{% include "..." %}` is a SafeString.
        name = str.__str__(name) if issubclass(type(name), str) else UNKNOWN_SOURCE
    groups = trace.groups
    key = (KIND, cut(name))
    if key not in groups and len(groups) >= MAX_NAMES:
        key = (KIND, "")
    group = groups.get(key)
    if group is None:
        group = TemplateGroup(trace.next_number(), parent, perf_counter_ns(), engine)
        groups[key] = group
    return group  # type: ignore[return-value]


def _enter(trace: Trace, parent: int, template: Any, engine: str) -> TemplateGroup | None:
    try:
        if trace.closed:
            trace.count_dropped(LATE)
            return None
        name = template.name
        group: Any = trace.groups.get((KIND, name)) if type(name) is str else None
        if group is None:
            group = _new_group(trace, parent, name, engine)
        CURRENT.set((trace, group.number))
        if not group.active:
            group.entered_ns = perf_counter_ns()
        group.active += 1
    except Exception as fault:
        guard.report(PART, fault)
        return None
    return group  # type: ignore[no-any-return]


def _leave(position: Position, group: TemplateGroup) -> None:
    try:
        CURRENT.set(position)
        group.count += 1
        group.active -= 1
        if group.active:
            return
        group.end_ns = end_ns = perf_counter_ns()
        duration_ns = end_ns - group.entered_ns
        group.total_ns += duration_ns
        if duration_ns > group.max_ns:
            group.max_ns = duration_ns
    except Exception as fault:
        guard.report(PART, fault)


def _django_render(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def render(self: Any, context: Any) -> Any:
        trace, parent = position = _position()
        group = None
        if trace is not None and patch.is_on:
            group = _enter(trace, parent, self, "django")
        try:
            result = original(self, context)
        except BaseException as error:
            if group is not None:
                _leave(position, group)
            hide_own_frame(error)
            raise
        if group is not None:
            _leave(position, group)
        return result

    return render


def _jinja2_render(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def render(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace, parent = position = _position()
        group = None
        # In an asynchronous environment `render` runs `render_async`, which counts itself.
        if trace is not None and patch.is_on and not self.environment.is_async:
            group = _enter(trace, parent, self, "jinja2")
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            if group is not None:
                _leave(position, group)
            hide_own_frame(error)
            raise
        if group is not None:
            _leave(position, group)
        return result

    return render


def _jinja2_render_async(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    async def render_async(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace, parent = position = _position()
        group = None
        if trace is not None and patch.is_on:
            group = _enter(trace, parent, self, "jinja2")
        try:
            result = await original(self, *args, **kwargs)
        except BaseException as error:
            if group is not None:
                _leave(position, group)
            hide_own_frame(error)
            raise
        if group is not None:
            _leave(position, group)
        return result

    return render_async


def _begin_response(trace: Trace, response: Any) -> int:
    """Return the number of the span; 0 when the response was rendered before."""
    try:
        if response.is_rendered:
            return 0
        number = trace.next_number()
        CURRENT.set((trace, number))
    except Exception as fault:
        guard.report(PART, fault)
        return 0
    return number


def _end_response(position: Position, number: int, start_ns: int) -> None:
    end_ns = perf_counter_ns()
    try:
        CURRENT.set(position)
        trace, parent = position
        if trace is not None:
            append(trace, (start_ns, end_ns, RENDER, number, parent, ""))
    except Exception as fault:
        guard.report(PART, fault)


def _response_render(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def render(self: Any) -> Any:
        trace, _ = position = _position()
        number = 0
        if trace is not None and patch.is_on:
            number = _begin_response(trace, self)
        start_ns = perf_counter_ns() if number else 0
        try:
            result = original(self)
        except BaseException as error:
            if number:
                _end_response(position, number, start_ns)
            hide_own_frame(error)
            raise
        if number:
            _end_response(position, number, start_ns)
        return result

    return render


_patches = [
    Patch(Template, "render", _django_render),
    Patch(SimpleTemplateResponse, "render", _response_render),
]
_jinja2_patches: list[Patch] = []


def _patch_jinja2() -> None:
    if not _jinja2_patches:
        from jinja2 import Template as Jinja2Template

        _jinja2_patches.append(Patch(Jinja2Template, "render", _jinja2_render))
        _jinja2_patches.append(Patch(Jinja2Template, "render_async", _jinja2_render_async))
    for patch in _jinja2_patches:
        patch.put()


class TemplateInstrument(Instrument):
    """Wraps `render` of both engines, and of responses that render themselves."""

    kind = KIND
    label = "Templates"
    columns = ("count", "max_ns", "total_ns", "engine")

    def install(self) -> None:
        for patch in _patches:
            patch.put()
        when_imported("jinja2", _patch_jinja2)

    def uninstall(self) -> None:
        forget("jinja2")
        for patch in [*_patches, *_jinja2_patches]:
            patch.remove()
