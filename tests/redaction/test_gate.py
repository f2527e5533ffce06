from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from debugpanel.conf import Settings
from debugpanel.redaction import gate
from debugpanel.trace.model import Group, Trace

SETTINGS = Settings(REDACT_KEYS=("loyalty",))
TOKEN = "k3J9x0Qz7Lm2Vb8Tq1R9wXyz"


def redacted(**fields: Any) -> Trace:
    trace = Trace()
    for name, value in fields.items():
        setattr(trace, name, value)
    return gate.redact(trace, SETTINGS)


def span(kind: str, name: str, *values: object) -> tuple[Any, ...]:
    return (1, 2, kind, 3, 0, name, *values)


def test_a_path_loses_tokens_and_sensitive_captures() -> None:
    trace = redacted(name="confirm/<key>/<slug:x>/", path=f"/confirm/hunter2/{TOKEN}/")
    assert trace.path == "/confirm/[masked]/[masked]/"


def test_a_statement_passes_as_its_step_left_it() -> None:
    statement = span("sql", "SELECT password FROM t WHERE x = ?", "default", 1, False, 1, "", "ff")
    assert redacted(spans=[statement]).spans == [statement]


def test_a_statement_that_nobody_read_is_not_shown() -> None:
    foreign = span("sql", "SELECT 'x'", "token=abc")
    unread = span("sql", "SELECT 'x'", "default", 1, False, 1, "", "")
    assert redacted(spans=[foreign, unread]).spans == [
        span("sql", "[masked]", "token=[masked]"),
        span("sql", "[masked]", "default", 1, False, 1, "", ""),
    ]


def test_a_cache_key_is_reduced_to_its_shape() -> None:
    trace = redacted(spans=[span("cache", "get", "default", "cart:42", 1, 0, None, "")])
    assert trace.spans == [span("cache", "get", "default", "cart:{n}", 1, 0, None, "")]


def test_a_template_keeps_its_numbers() -> None:
    rendered = span("template", "shop/list.html", 3, 10, 20, "django")
    assert redacted(spans=[rendered]).spans == [rendered]


def test_a_kind_without_a_rule_is_masked_in_every_field() -> None:
    trace = redacted(
        spans=[span("stock", "john@example.com", "token=abc", {"pin": 1}, 3, object())]
    )
    assert trace.spans == [
        span(
            "stock",
            "[masked:email]@example.com",
            "token=[masked]",
            {"pin": "[masked]"},
            3,
            "<object>",
        )
    ]


def test_attributes_of_the_users_spans_and_events_follow_their_keys() -> None:
    trace = redacted(
        spans=[span("span", "pricing", {"sku": "a", "loyalty": 7}, "")],
        events=[(1, "event", 0, "sold", {"api_key": "x", "n": 2})],
    )
    assert trace.spans == [span("span", "pricing", {"sku": "a", "loyalty": "[masked]"}, "")]
    assert trace.events == [(1, "event", 0, "sold", {"api_key": "[masked]", "n": 2})]


def test_a_log_record_is_filled_with_what_may_be_shown() -> None:
    record = (1, "log", 0, "shop.pay", 20, ("paid %s with card %s", ["bob", "x"]), "pay.py", 7, "")
    assert redacted(events=[record]).events == [
        (1, "log", 0, "shop.pay", 20, "paid bob with card [masked]", "pay.py", 7, "")
    ]


def test_notes_follow_their_keys() -> None:
    trace = redacted(notes={"plan": "pro", "loyalty": 7, "link": "https://u:p@h.example/"})
    assert trace.notes == {"plan": "pro", "loyalty": "[masked]", "link": "https://h.example/"}


def test_facts_are_kept_by_rule_only() -> None:
    trace = redacted(
        facts={
            "scheme": "https",
            "query": "page=2&q=x",
            "request_headers": [("host", "shop.example"), ("authorization", "")],
            "cookie_header": "sessionid=hunter2; lang=de",
            "remote_addr": "203.0.113.7",
            "forwarded_for": "203.0.113.8",
            "arguments": ["pk"],
            "response_headers": [("Location", "/x?token=y")],
            "set_cookies": ["sessionid"],
            "invented": "hunter2",
        }
    )
    assert trace.facts == {
        "scheme": "https",
        "query": "page=2&q=[masked]",
        "request_headers": {"host": "shop.example"},
        "other_request_headers": ["authorization"],
        "cookies": ["sessionid", "lang"],
        "arguments": ["pk"],
        "response_headers": {"location": "/x?token=[masked]"},
        "set_cookies": ["sessionid"],
    }


def test_names_of_summed_up_spans_are_masked_too() -> None:
    group = Group(1, 0, 0)
    trace = redacted(overflow={("http", TOKEN): group, ("sql", "SELECT ?"): group})
    assert list(trace.overflow) == [("http", "[masked]"), ("sql", "SELECT ?")]


def test_an_empty_trace_passes() -> None:
    trace = redacted()
    assert (trace.path, trace.spans, trace.facts, trace.notes) == ("", [], {}, {})


def test_what_takes_too_long_is_masked_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    for clock in ("perf_counter", "thread_time"):
        monkeypatch.setattr(gate, clock, lambda: next(ticks))
    trace = redacted(
        spans=[span("stock", "a", "b", 1)], events=[(1, "event", 0, "sold", {"a": "b"})]
    )
    assert trace.spans == [span("stock", "[masked]", "[masked]", "[masked]")]
    assert trace.events == [(1, "event", 0, "[masked]", "[masked]")]


def test_waiting_for_other_threads_is_not_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(gate, "perf_counter", lambda: next(ticks))
    assert redacted(spans=[span("stock", "a", 1)]).spans == [span("stock", "a", 1)]


@pytest.mark.parametrize(
    ("name", "args", "text"),
    [
        ("KeyError", ["colour"], "'colour'"),
        (
            "AttributeError",
            ["'int' object has no attribute 'x'"],
            "'int' object has no attribute 'x'",
        ),
        ("shop.Refused", ["card 'x'"], "card '[masked]'"),
        ("django.db.utils.IntegrityError", ["SQLSTATE 23505"], "SQLSTATE 23505"),
        ("django.db.utils.IntegrityError", ["hunter2"], ""),
        ("django.core.exceptions.ValidationError", ["hunter2"], ""),
    ],
)
def test_an_exception_is_known_by_its_qualified_name(name: str, args: list[str], text: str) -> None:
    assert gate.exception_text(name, args) == text
