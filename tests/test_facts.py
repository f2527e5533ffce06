from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import RequestFactory

from debugpanel import facts
from debugpanel.trace.model import Trace

MASK = "[masked]"


def gathered(path: str = "/", **environ: Any) -> Trace:
    trace = Trace()
    trace.method = "GET"
    facts.gather(trace, RequestFactory().get(path, **environ), HttpResponse())
    return trace


def header(trace: Trace, name: str) -> str:
    return dict(trace.facts["request_headers"])[name]


def test_a_long_path_ends_between_segments() -> None:
    trace = gathered("/ab" * 682 + "/secret/")
    assert trace.path == "/ab" * 682 + "/" + MASK


def test_a_long_query_ends_between_parameters() -> None:
    query = gathered(QUERY_STRING="a=1&" * 1_023 + "secret=2").facts["query"]
    assert query == "a=1&" * 1_023 + MASK


def test_a_long_header_ends_between_words() -> None:
    trace = gathered(HTTP_USER_AGENT="word " * 819 + "secret", HTTP_REFERER="x" * 5_000)
    assert header(trace, "user-agent") == "word " * 819 + MASK
    assert header(trace, "referer") == MASK


def test_long_cookies_end_between_cookies() -> None:
    assert gathered(HTTP_COOKIE="a=1;" * 1_023 + "secret=1").facts["cookie_header"] == (
        "a=1;" * 1_023 + MASK
    )


def test_of_a_long_chain_of_addresses_the_nearest_hops_stay() -> None:
    chain = "10.0.0.1, " * 1_000 + "203.0.113.7"
    assert gathered(HTTP_X_FORWARDED_FOR=chain).facts["forwarded_for"].endswith("203.0.113.7")


def test_a_method_that_is_too_long_is_not_taken() -> None:
    trace = Trace()
    request = RequestFactory().generic("BREW" * 20, "/")
    facts.name_request(trace, request)
    facts.gather(trace, request, None)
    assert (trace.method, trace.facts["method"]) == ("OTHER", MASK)


@pytest.mark.parametrize(("key", "taken"), [(7, "7"), ("a" * 255, "a" * 255), ("a" * 256, "")])
def test_a_users_key_is_taken_whole_or_not_at_all(key: Any, taken: str) -> None:
    assert facts.user_key(SimpleNamespace(user=User(pk=key))) == taken
