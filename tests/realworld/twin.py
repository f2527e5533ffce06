"""Whether two runs of the same script had the same responses.

What a site itself answers differently each time is put aside by the rules below, and by nothing
else. Each rule has to earn its place: without it, two runs without debugpanel differ. Apart stands
`INSTALLED`: Django's admin lists the permissions of all apps for staff to choose from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from tests.realworld.browser import Response

CONTEXT_BYTES = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Every group of the pattern is put aside."""

    name: str
    pattern: re.Pattern[bytes]

    def apply(self, text: bytes) -> bytes:
        return self.pattern.sub(self._without_groups, text)

    def _without_groups(self, match: re.Match[bytes]) -> bytes:
        whole, start = match[0], match.start()
        numbers = range(1, self.pattern.groups + 1)
        spans = [match.span(number) for number in numbers if match[number] is not None]
        for begin, end in sorted(spans, reverse=True):
            whole = whole[: begin - start] + b"~" + whole[end - start :]
        return whole


def rule(name: str, *alternatives: bytes) -> Rule:
    pattern = re.compile(b"|".join(alternatives), re.IGNORECASE | re.MULTILINE)
    return Rule(name=name, pattern=pattern)


RULES = (
    rule(
        "moment",
        rb"^(?:Date|Expires): (.+)$",
        rb"^Set-Cookie: .*; expires=([^;]+);",
        rb'<time [^>]*datetime="20(?!21)([\dT:.+-]+)"',
        rb'data-w-tooltip-content-value="(\w+\. \d+, [^"]+)"',
        rb"(?:>|^) *(Just now|\d+\xc2\xa0minutes? ago)",
        rb'name="(?:last_login|start_datetime|end_datetime)\w*" value="([\d :-]+)"',
        rb"\b(\d\d?[ /]\w+[ /]20(?!21)\d\d,? (?:\d\d?(?::\d\d)? [ap]\.m\.|noon|midnight))",
        rb",(20(?!21)\d\d-\d\d-\d\d [\d:.+]+)\r$",
        rb'<meta name="created" content="([^"]+)"',
    ),
    rule(
        "csrf token",
        rb"^Set-Cookie: csrftoken=(\w+);",
        rb'(?:csrfmiddlewaretoken" value=|CSRF_TOKEN": |data-csrftoken=)"(\w{64})"',
    ),
    rule("cookie of the session", rb"^Set-Cookie: sessionid=(\w+);"),
    rule("signature with a time", rb"^Set-Cookie: messages=[\w.-]+:([\w:-]+);"),
    rule("hash of a body with a token", rb'^ETag: "(\w+)"$'),
    rule("number of an editing session", rb"editing-sessions/(?:release|ping/\w+/\w+/\d+)/(\d+)/"),
    rule("random key of a paragraph", rb"\\?&quot;key\\?&quot;: \\?&quot;(\w{5})\\?&quot;"),
)

MODELS = (
    rb"audit ?entry|error ?group|error ?rollup|lease|rollup|route|statement|statement ?rollup"
    rb"|trace|trace ?payload|worker"
)

INSTALLED = rule(
    "how Django calls the permissions of an installed app and of one that is not",
    rb'<option value="\d+">((?:Debug panel \| )?(?:' + MODELS + rb")(?: \| [^<]+)?)</option>",
)


def as_text(response: Response, rules: Sequence[Rule] = RULES) -> bytes:
    head = [f"{name}: {_value(response, name, value)}" for name, value in response.headers]
    text = "\n".join([str(response.request), str(response.status), *head, "", ""]).encode()
    text += response.body
    for each in (*rules, INSTALLED):
        text = each.apply(text)
    return text


def _value(response: Response, name: str, value: str) -> str:
    """The right length is the body's own, which is compared by itself."""
    is_right = name.lower() == "content-length" and value == str(len(response.body))
    return "that of the body" if is_right else value


def differences(
    some: Sequence[Response], others: Sequence[Response], rules: Sequence[Rule] = RULES
) -> list[str]:
    """Where each pair of responses that are not alike begins to differ."""
    texts = [
        (one.request, as_text(one, rules), as_text(other, rules))
        for one, other in zip(some, others, strict=True)
    ]
    return [f"{request}\n{_shown(one, other)}" for request, one, other in texts if one != other]


def _shown(one: bytes, other: bytes) -> str:
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    position = sum(1 for _ in alike)
    around = slice(max(position - CONTEXT_BYTES, 0), position + CONTEXT_BYTES)
    return f"  - {one[around]!r}\n  + {other[around]!r}"
