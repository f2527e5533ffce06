from __future__ import annotations

import asyncio
import inspect
from typing import Any

import jinja2
import pytest
from django.db import connection
from django.http import HttpRequest
from django.template import Context, Engine, engines
from django.template.base import Template
from django.template.response import SimpleTemplateResponse, TemplateResponse

from debugpanel import guard
from debugpanel.instruments.db import DatabaseInstrument
from debugpanel.instruments.templates import MAX_NAMES, TemplateInstrument
from debugpanel.trace import context
from debugpanel.trace.model import Group, Trace
from tests.instruments.recording import open_trace, recording, tracebacks, uninstalled

instrument = TemplateInstrument()

SOURCES = {
    "page.html": "{% for n in numbers %}{% include 'row.html' %}{% endfor %}",
    "row.html": "<{{ n }}>",
    "tree.html": "{{ depth }}{% if depth %}{% with depth=rest %}{% include 'tree.html' %}"
    "{% endwith %}{% endif %}",
    "query.html": "{{ ask }}",
    "broken.html": "{{ fail }}",
    "base.html": "[{% block body %}{% endblock %}]",
    "child.html": "{% extends 'base.html' %}{% block body %}child{% endblock %}",
}
django_engine = Engine(
    loaders=[("django.template.loaders.locmem.Loader", SOURCES)], string_if_invalid="invalid"
)
jinja2_sources = jinja2.DictLoader({"page.html": "{{ n }}", "broken.html": "{{ fail() }}"})


class _BrokenError(Exception):
    silent_variable_failure = False


def fail() -> None:
    raise _BrokenError("broken on purpose")


def group_of(trace: Trace, name: str) -> Group:
    return trace.groups["template", name]


def render(name: str, **values: Any) -> str:
    return django_engine.get_template(name).render(Context(values))


def test_renders_of_one_name_are_summed_up() -> None:
    with recording(instrument) as trace:
        assert render("page.html", numbers=range(50)) == "".join(f"<{n}>" for n in range(50))
    page, row = group_of(trace, "page.html"), group_of(trace, "row.html")
    assert (page.count, row.count) == (1, 50)
    assert 0 < row.max_ns < row.total_ns < page.total_ns
    assert page.label == "django"
    assert not trace.spans


def test_included_templates_stand_below_the_one_that_includes_them() -> None:
    with recording(instrument) as trace:
        render("page.html", numbers=[1])
        assert context.CURRENT.get() == (trace, 0)
    page, row = group_of(trace, "page.html"), group_of(trace, "row.html")
    assert (page.parent, row.parent) == (0, page.number)


def test_a_template_that_includes_itself_is_timed_once() -> None:
    class Depth:
        def __init__(self, depth: int) -> None:
            self.depth = depth

        def __str__(self) -> str:
            return str(self.depth)

        def __bool__(self) -> bool:
            return self.depth > 0

    numbers = iter([2, 1, 0])
    with recording(instrument) as trace:
        text = render("tree.html", depth=Depth(3), rest=lambda: Depth(next(numbers)))
    tree = group_of(trace, "tree.html")
    assert text == "3210"
    assert (tree.count, tree.active) == (4, 0)
    assert tree.total_ns == tree.max_ns == tree.end_ns - tree.entered_ns  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_statements_stand_below_their_template() -> None:
    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return int(cursor.fetchone()[0])

    DatabaseInstrument().install()
    with recording(instrument) as trace:
        assert render("query.html", ask=ask) == "1"
    [statement] = [span for span in trace.iter_spans() if span.name == "SELECT 1"]
    assert statement.parent == group_of(trace, "query.html").number


def test_a_template_without_a_name_is_one_of_unknown_source() -> None:
    with recording(instrument) as trace:
        Template("x", engine=django_engine).render(Context())
    assert group_of(trace, "<unknown source>").count == 1


def test_names_are_bounded() -> None:
    template = Template("x", engine=django_engine)
    with recording(instrument) as trace:
        for number in range(MAX_NAMES + 50):
            template.name = f"{number}.html"
            template.render(Context())
    assert len(trace.groups) == MAX_NAMES + 1
    assert group_of(trace, "").count == 50


def test_an_extended_template_goes_by_the_name_that_was_asked_for() -> None:
    with recording(instrument) as trace:
        assert render("child.html") == "[child]"
    assert list(trace.groups) == [("template", "child.html")]


def test_a_template_that_fails_is_counted_and_the_context_is_back() -> None:
    with recording(instrument) as trace:
        with pytest.raises(_BrokenError):
            render("broken.html", fail=fail)
        assert context.CURRENT.get() == (trace, 0)
    assert (group_of(trace, "broken.html").count, group_of(trace, "broken.html").active) == (1, 0)


def test_jinja2_is_seen() -> None:
    with recording(instrument) as trace:
        environment = jinja2.Environment(loader=jinja2_sources)
        assert environment.get_template("page.html").render(n=1) == "1"
        assert environment.from_string("{{ n }}").render({"n": 2}) == "2"
    page = group_of(trace, "page.html")
    assert (page.count, page.label) == (1, "jinja2")
    assert group_of(trace, "<unknown source>").count == 1


def test_jinja2_through_django_is_seen() -> None:
    with recording(instrument) as trace:
        assert engines["jinja2"].from_string("{{ n }}").render({"n": 1}) == "1"
    assert sum(group.count for group in trace.groups.values()) == 1


def test_asynchronous_jinja2_is_counted_once() -> None:
    environment = jinja2.Environment(loader=jinja2_sources, enable_async=True)
    template = environment.get_template("page.html")

    async def both() -> Trace:
        trace = open_trace()
        context.enter(trace)
        assert await template.render_async(n=1) == "1"
        assert context.CURRENT.get() == (trace, 0)
        return trace

    instrument.install()
    assert group_of(asyncio.run(both()), "page.html").count == 1
    with recording(instrument) as trace:
        assert template.render(n=1) == "1"
    assert group_of(trace, "page.html").count == 1


def test_renders_at_the_same_time_do_not_add_up() -> None:
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({"slow.html": "{{ wait() }}"}), enable_async=True
    )

    async def wait() -> str:
        await asyncio.sleep(0.01)
        return ""

    async def together() -> Trace:
        trace = open_trace()
        context.enter(trace)
        template = environment.get_template("slow.html")
        await asyncio.gather(*(template.render_async(wait=wait) for _ in range(10)))
        return trace

    instrument.install()
    slow = group_of(asyncio.run(together()), "slow.html")
    assert slow.count == 10
    assert slow.total_ns == slow.end_ns - slow.entered_ns  # type: ignore[attr-defined]


def test_the_rendering_of_a_response_is_a_span() -> None:
    with recording(instrument) as trace:
        template = engines["django"].from_string("x")
        response = TemplateResponse(HttpRequest(), template)
        assert response.render().content == b"x"
        response.render()
    [span] = trace.iter_spans()
    assert (span.kind, span.name, span.values) == ("render", "", ())
    [group] = trace.groups.values()
    assert group.parent == span.number


def test_tracebacks_stay_as_they_were() -> None:
    environment = jinja2.Environment(loader=jinja2_sources)

    def of_django() -> None:
        render("broken.html", fail=fail)

    def of_jinja2() -> None:
        environment.get_template("broken.html").render(fail=fail)

    def of_response() -> None:
        SimpleTemplateResponse("no such template.html").render()

    for failing in (of_django, of_jinja2, of_response):
        without, outside, inside = tracebacks(instrument, failing)
        assert without == outside == inside


def test_everything_is_put_back() -> None:
    instrument.install()
    owners = (Template, SimpleTemplateResponse, jinja2.Template)
    originals = [inspect.unwrap(owner.render) for owner in owners]
    with uninstalled(instrument):
        assert [vars(owner)["render"] for owner in owners] == originals
    assert [owner.render.__wrapped__ for owner in owners] == originals  # type: ignore[attr-defined]


def test_signatures_stay_as_they_were() -> None:
    instrument.install()
    assert str(inspect.signature(Template.render)) == "(self, context)"
    assert inspect.iscoroutinefunction(jinja2.Template.render_async)


def test_a_render_after_the_end_of_its_trace_is_counted_as_late() -> None:
    with recording(instrument) as trace:
        trace.closed = True
        render("page.html", numbers=[])
    assert trace.dropped == {"late": 1}
    assert not trace.groups


def test_a_fault_of_ours_does_not_reach_the_caller() -> None:
    instrument.install()
    trace: Any = open_trace()
    trace.groups = None
    before = guard.breaker_for("instrument template").total_failures
    context.enter(trace)
    try:
        assert render("row.html", n=1) == "<1>"
    finally:
        context.leave(trace)
    assert guard.breaker_for("instrument template").total_failures == before + 1
