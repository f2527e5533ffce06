from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend as MemoryBackend
from django.utils.functional import lazystr

from debugpanel import guard
from debugpanel.instruments.mail import MailInstrument
from debugpanel.trace import context
from debugpanel.trace.model import Span, Trace
from tests.instruments.recording import (
    Unfriendly,
    open_trace,
    recording,
    tracebacks,
    uninstalled,
)

instrument = MailInstrument()


@pytest.fixture(autouse=True)
def _empty_outbox() -> Iterator[None]:
    mail.outbox.clear()
    yield
    mail.outbox.clear()


def message(*to: Any, **more: Any) -> mail.EmailMessage:
    return mail.EmailMessage("subject", "body", "shop@example.com", list(to), **more)


def only(trace: Trace) -> Span:
    [span] = trace.iter_spans()
    return span


def named(span: Span) -> dict[str, Any]:
    return dict(zip(instrument.columns, span.values, strict=True))


def test_one_message_says_how_many_recipients_at_which_domains() -> None:
    to = ["Ada <ada@Example.org>", "bo@example.org"]
    with recording(instrument) as trace:
        message(*to, cc=["c@other.example"], bcc=["d@other.example"]).send()
    assert len(mail.outbox) == 1
    span = only(trace)
    assert (span.kind, span.name) == ("mail", "send")
    assert named(span) == {
        "backend": "django.core.mail.backends.locmem.EmailBackend",
        "messages": 1,
        "recipients": 4,
        "domains": ["example.org", "other.example"],
        "error": "",
    }


def test_neither_names_nor_subjects_are_stored() -> None:
    with recording(instrument) as trace:
        message("ada@example.org").send()
    assert "ada" not in repr(trace.spans)
    assert "subject" not in repr(trace.spans)


def test_mail_to_many_is_one_span() -> None:
    rows = [("s", "b", "shop@example.com", [f"{n}@example.org"]) for n in range(5)]
    with recording(instrument) as trace:
        assert mail.send_mass_mail(rows) == 5
    assert (named(only(trace))["messages"], named(only(trace))["recipients"]) == (5, 5)


def test_a_message_to_nobody_makes_no_span() -> None:
    with recording(instrument) as trace:
        assert message().send() == 0
    assert not trace.spans


def test_an_address_that_is_no_text_is_counted_and_not_looked_at() -> None:
    class Quiet(BaseEmailBackend):
        def send_messages(self, email_messages: Any) -> int:
            return 1

    with recording(instrument) as trace:
        Quiet().send_messages([message(Unfriendly(), lazystr("e@example.org"), "a@example.com")])
    assert (named(only(trace))["recipients"], named(only(trace))["domains"]) == (3, ["example.com"])


def test_messages_from_a_generator_are_not_used_up() -> None:
    class Counting(BaseEmailBackend):
        def send_messages(self, email_messages: Any) -> int:
            return len(list(email_messages))

    with recording(instrument) as trace:
        assert Counting().send_messages(message("a@example.org") for _ in range(3)) == 3
    assert named(only(trace))["messages"] == 0


def test_a_backend_that_passes_on_to_another_makes_one_span() -> None:
    class Passing(MemoryBackend):
        def send_messages(self, email_messages: Any) -> int:
            return super().send_messages(email_messages)

    with recording(instrument) as trace:
        assert Passing().send_messages([message("a@example.org")]) == 1
        assert context.CURRENT.get() == (trace, 0)
    assert named(only(trace))["backend"].endswith("Passing")


def test_a_failure_is_named_and_reaches_the_caller() -> None:
    class Failing(BaseEmailBackend):
        def send_messages(self, email_messages: Any) -> int:
            raise ConnectionRefusedError("no mail today")

    with recording(instrument) as trace:
        with pytest.raises(ConnectionRefusedError):
            Failing().send_messages([message("a@example.org")])
        assert context.CURRENT.get() == (trace, 0)
    assert named(only(trace))["error"] == "ConnectionRefusedError"

    def fail() -> None:
        Failing().send_messages([])

    without, outside, inside = tracebacks(instrument, fail)
    assert without == outside == inside


def test_backends_defined_while_off_are_seen_later() -> None:
    with uninstalled(instrument):

        class Late(BaseEmailBackend):
            def send_messages(self, email_messages: Any) -> int:
                return 0

    with recording(instrument) as trace:
        Late().send_messages([])
    assert named(only(trace))["messages"] == 0


def test_other_hooks_of_subclasses_still_run() -> None:
    made: list[str] = []

    class Registered:
        def __init_subclass__(cls, *, label: str, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            made.append(label)

    instrument.install()

    class Both(BaseEmailBackend, Registered, label="both"):
        pass

    with pytest.raises(TypeError):

        class Wrong(BaseEmailBackend, label="no such argument"):  # type: ignore[call-arg]
            pass

    assert made == ["both"]


def test_everything_is_put_back() -> None:
    instrument.install()
    original = inspect.unwrap(MemoryBackend.send_messages)
    with uninstalled(instrument):
        assert vars(MemoryBackend)["send_messages"] is original
        assert "__init_subclass__" not in vars(BaseEmailBackend)
    assert MemoryBackend.send_messages.__wrapped__ is original  # type: ignore[attr-defined]


def test_no_warning_comes_or_goes() -> None:
    def warned() -> list[str]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            mail.send_mail("s", "b", "shop@example.com", ["a@example.org"])
            mail.get_connection(fail_silently=True)
        return [f"{item.filename}:{item.lineno} {item.message}" for item in caught]

    with uninstalled(instrument):
        before = warned()
    with recording(instrument):
        assert warned() == before


def test_a_fault_of_ours_does_not_reach_the_caller() -> None:
    instrument.install()
    trace: Any = open_trace()
    trace.spans = None
    before = guard.breaker_for("instrument mail").total_failures
    context.enter(trace)
    try:
        assert message("a@example.org").send() == 1
    finally:
        context.leave(trace)
    assert guard.breaker_for("instrument mail").total_failures == before + 1


def test_what_stands_beside_an_address_is_not_taken_for_its_domain() -> None:
    to = ["x@a.example (Ada)", "<x@b.example> Ada", "x@c.example, Ada <y@d.example>", "x@Ada Bo"]
    with recording(instrument) as trace:
        message(*to).send()
    assert (named(only(trace))["recipients"], named(only(trace))["domains"]) == (4, ["d.example"])
