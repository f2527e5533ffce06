"""Headers and cookies: values by allow-list, everything else by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from debugpanel.redaction.markers import MASK, fails_closed
from debugpanel.redaction.storable import storable
from debugpanel.redaction.text import mask_name, mask_text
from debugpanel.redaction.urls import host_is_plain, mask_path, mask_url
from debugpanel.trace.values import MAX_TEXT

MAX_NAMES = 64
MAX_NAME = 64
MAX_VALUE = 256
MAX_URL = 2048

Headers = dict[str, str] | Iterable[tuple[str, str]]
ValueRule = Callable[[str], str]

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_REQUEST_ID = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9]{1,19}"
)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,253})(?::[0-9]{1,5})?")
_EXPIRES = re.compile(r"[A-Za-z]{3}, [0-9]{2}[ -][A-Za-z]{3}[ -][0-9]{4} [0-9:]{8} GMT")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedHeaders:
    """What may be stored of headers: allowed values by lower-case name, and other names."""

    values: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


def _plain(value: str) -> str:
    return mask_text(value, MAX_VALUE)


def _name(name: str) -> str:
    return mask_name(name, MAX_NAME)


def _url(value: str) -> str:
    masked = mask_url(value)
    return masked if len(masked) <= MAX_URL else MASK


def _host(value: str) -> str:
    return value if _HOST.fullmatch(value) and host_is_plain(value) else MASK


def _only(pattern: re.Pattern[str]) -> ValueRule:
    return lambda value: value if pattern.fullmatch(value) else MASK


def _presence(value: str) -> str:
    return "present" if value else "absent"


@fails_closed(to=MASK)
def mask_set_cookie(header: str) -> str:
    """Keep a cookie's name and its known attributes; nothing of its value, not its length."""
    cookie, *attributes = header[:MAX_TEXT].split(";")
    name, equals, _ = cookie.partition("=")
    shown = [_name(name.strip()) if equals else MASK]
    for attribute in attributes[:MAX_NAMES]:
        key, _, value = attribute.strip().partition("=")
        rule = _ATTRIBUTE_RULES.get(key.lower())
        if rule is not None:
            shown.append(f"{key}={rule(value)}" if value else key)
    return storable("; ".join(shown))


_ATTRIBUTE_RULES: dict[str, ValueRule] = {
    "path": mask_path,
    "domain": _host,
    "max-age": _only(re.compile(r"-?[0-9]{1,12}")),
    "expires": _only(_EXPIRES),
    "samesite": _only(re.compile(r"[A-Za-z]{1,8}")),
    "priority": _only(re.compile(r"[A-Za-z]{1,8}")),
    "secure": _only(re.compile("")),
    "httponly": _only(re.compile("")),
    "partitioned": _only(re.compile("")),
}

REQUEST_RULES: dict[str, ValueRule] = {
    "accept": _plain,
    "accept-encoding": _plain,
    "accept-language": _plain,
    "cache-control": _plain,
    "content-type": _plain,
    "content-length": _plain,
    "host": _host,
    "origin": _url,
    "range": _plain,
    "referer": _url,
    "sec-fetch-dest": _plain,
    "sec-fetch-mode": _plain,
    "sec-fetch-site": _plain,
    "sec-fetch-user": _plain,
    "traceparent": _only(_TRACEPARENT),
    "user-agent": _plain,
    "request-id": _only(_REQUEST_ID),
    "x-correlation-id": _only(_REQUEST_ID),
    "x-request-id": _only(_REQUEST_ID),
    "x-requested-with": _plain,
}

RESPONSE_RULES: dict[str, ValueRule] = {
    "allow": _plain,
    "cache-control": _plain,
    "content-encoding": _plain,
    "content-length": _plain,
    "content-type": _plain,
    "etag": _presence,
    "location": _url,
    "retry-after": _plain,
    "set-cookie": mask_set_cookie,
    "vary": _plain,
}


@fails_closed(to=MaskedHeaders())
def allowed_request_headers(headers: Headers) -> MaskedHeaders:
    return _mask_headers(headers, REQUEST_RULES)


@fails_closed(to=MaskedHeaders())
def allowed_response_headers(headers: Headers) -> MaskedHeaders:
    return _mask_headers(headers, RESPONSE_RULES)


def _mask_headers(headers: Headers, rules: dict[str, ValueRule]) -> MaskedHeaders:
    values: dict[str, str] = {}
    names: dict[str, None] = {}
    for name, value in headers.items() if isinstance(headers, dict) else headers:
        key = name.lower() if type(name) is str else ""
        rule = rules.get(key)
        if rule is not None:
            shown, earlier = _apply(rule, value), values.get(key)
            values[key] = shown if earlier is None else f"{earlier}, {shown}"
        elif key and len(names) < MAX_NAMES:
            names[_name(name)] = None
    return MaskedHeaders(values=values, names=tuple(names))


def _apply(rule: ValueRule, value: object) -> str:
    if type(value) is not str:
        return MASK
    if rule in _SAME_FOR_MANY and len(value) <= MAX_VALUE:
        return _remembered(rule, value)
    return storable(rule(value))


_SAME_FOR_MANY = frozenset({_plain, _host})


@lru_cache(maxsize=1024)
def _remembered(rule: ValueRule, value: str) -> str:
    return storable(rule(value))


@fails_closed(to=[])
def cookie_names(header: str) -> list[str]:
    """Return the names in a Cookie header. A part without `=` is a value, and left out."""
    parts = header[:MAX_TEXT].split(";")
    if len(header) > MAX_TEXT:
        parts.pop()
    names = (part.partition("=")[0].strip() for part in parts if "=" in part)
    return [_name(name) for name, _ in zip(names, range(MAX_NAMES), strict=False)]
