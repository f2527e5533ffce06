"""The comparison itself: it sees what differs, and puts aside no more than the sites need."""

from __future__ import annotations

import pytest

from tests.realworld.browser import Request, Response
from tests.realworld.runs import shape_of
from tests.realworld.twin import RULES, Rule, differences

PAGE = Request(method="GET", path="/")


def response(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(request=PAGE, status=status, headers=pairs, body=body)


@pytest.mark.parametrize(
    "other",
    [
        response(status=404, body=b"text", Vary="Cookie"),
        response(body=b"text.", Vary="Cookie"),
        response(body=b"text", Vary="Accept"),
        response(body=b"text", Vary="Cookie", Server_Timing="1"),
        response(body=b"text"),
    ],
    ids=["status", "body", "header", "another header", "a header less"],
)
def test_a_difference_is_seen(other: Response) -> None:
    assert differences([response(body=b"text", Vary="Cookie")], [other])


def test_the_order_of_headers_matters() -> None:
    one, other = response(Vary="Cookie", Allow="GET"), response(Allow="GET", Vary="Cookie")
    assert differences([one], [other])


def test_a_wrong_length_is_seen() -> None:
    right = response(body=b"text", Content_Length="4")
    assert differences([right], [response(body=b"text", Content_Length="5")])


def test_only_the_token_of_a_form_is_put_aside() -> None:
    field = b'<input name="csrfmiddlewaretoken" value="%s"> %s'
    one = response(body=field % (b"a" * 64, b"same"))
    assert not differences([one], [response(body=field % (b"b" * 64, b"same"))])
    assert differences([one], [response(body=field % (b"b" * 64, b"other"))])


def test_statements_for_other_rows_have_the_same_shape() -> None:
    one, other = "SELECT a FROM b WHERE c = 1", "SELECT a FROM b WHERE c = 23"
    assert shape_of(one) == shape_of(other)
    assert shape_of(one) != shape_of("SELECT a FROM b WHERE d = 1")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_needed_by_two_runs_without_debugpanel(rule: Rule, controls: list) -> None:
    others = [each for each in RULES if each is not rule]
    assert any(differences(one, other, others) for one, other in controls)
