"""What is taken from a request and its response, and nothing that they did not already know.

Never the body, POST, the session or a user that the application did not look up itself.
`name_request` runs for every trace, `gather` only for those that are kept.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from debugpanel.redaction.headers import REQUEST_RULES, RESPONSE_RULES
from debugpanel.redaction.markers import MASK
from debugpanel.trace.model import Trace

UNMATCHED = "(no route)"
MAX_METHOD = 64
MAX_PATH = 2_048
MAX_QUERY = 4_096
MAX_HEADERS = 100
MAX_HEADER_VALUE = 4_096
MAX_USER = 255
MAX_STATUS = 999

METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
)


def name_request(trace: Trace, request: Any) -> None:
    """Name the trace by the pattern that matched; never by resolving."""
    method = _text(request.method)
    trace.method = method if method in METHODS else "OTHER"
    match = getattr(request, "resolver_match", None)
    trace.name = (_text(match.route) or "/") if match is not None else UNMATCHED
    if not trace.view and match is not None:
        trace.view = _view_name(match)


def _view_name(match: Any) -> str:
    """Name a view as Django itself does; a partial by its function."""
    view = match.func
    if type(view) is not partial:
        return _text(match._func_path)  # noqa: SLF001 - made when the pattern matched
    while type(view) is partial:
        view = view.func
    return f"{_text(getattr(view, '__module__', ''))}.{_text(getattr(view, '__name__', ''))}"


def status_of(response: Any) -> int:
    """Return the status as a plain number; 0 for what is none, which Django lets pass."""
    status = response.status_code
    if not issubclass(type(status), int):
        return 0
    number = int.__int__(status)
    return number if 0 <= number <= MAX_STATUS else 0


def gather(trace: Trace, request: Any, response: Any) -> None:
    """Take what a kept trace shows of its request and response."""
    meta = request.META
    trace.path = _head(request.path, MAX_PATH, "/")
    trace.user = user_key(request)
    trace.facts = {
        "scheme": _scheme(request, meta),
        "query": _head(_text(meta.get("QUERY_STRING")), MAX_QUERY, "&"),
        "request_headers": _request_headers(meta),
        "cookie_header": _head(_text(meta.get("HTTP_COOKIE")), MAX_HEADER_VALUE, ";"),
        "remote_addr": _text(meta.get("REMOTE_ADDR")),
        "forwarded_for": _text(meta.get("HTTP_X_FORWARDED_FOR"))[-MAX_HEADER_VALUE:],
        "arguments": _argument_names(getattr(request, "resolver_match", None)),
    }
    if trace.method == "OTHER":
        trace.facts["method"] = _head(_text(request.method), MAX_METHOD, "")
    if response is not None:
        trace.facts.update(_of_response(response))


def user_key(request: Any) -> str:
    """Return the primary key of a user whom the application itself looked up, else ""."""
    held = request.__dict__
    found = (held.get(name) for name in ("_cached_user", "_acached_user", "user"))
    user = next((user for user in found if user is not None), None)
    options = getattr(type(user), "_meta", None)
    key_field = getattr(options, "pk", None)
    if key_field is None:
        return ""
    key = user.__dict__.get(key_field.attname)
    held_type = type(key)
    if held_type is str or held_type is int or held_type is uuid.UUID:
        text = str(key)
        return text if len(text) <= MAX_USER else ""
    return ""


def _scheme(request: Any, meta: dict[str, Any]) -> str:
    scope = request.__dict__.get("scope")
    return _text(meta.get("wsgi.url_scheme") if scope is None else scope.get("scheme"))


def _text(value: object) -> str:
    return value if type(value) is str else ""


def _head(text: str, limit: int, separator: str) -> str:
    """Keep whole parts of what is too long: half a secret would pass the masks."""
    if len(text) <= limit:
        return text
    end = text.rfind(separator, 0, limit) + 1 if separator else 0
    return text[:end] + MASK


def _header_value(value: object) -> str:
    return _head(_text(value), MAX_HEADER_VALUE, " ")


def _request_headers(meta: dict[str, Any]) -> list[tuple[str, str]]:
    """Take values of allowed headers, and only the names of all others."""
    headers: list[tuple[str, str]] = []
    for key, value in meta.items():
        name = _header_name(key)
        if name and len(headers) < MAX_HEADERS:
            shown = _header_value(value) if name in REQUEST_RULES else ""
            headers.append((name, shown))
    return headers


def _header_name(key: object) -> str:
    if type(key) is not str:
        return ""
    if key.startswith("HTTP_"):
        return key[5:].replace("_", "-").lower()
    if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        return key.replace("_", "-").lower()
    return ""


def _argument_names(match: Any) -> list[str]:
    return [] if match is None else [str(name) for name in match.kwargs][:50]


def _of_response(response: Any) -> dict[str, Any]:
    headers = [
        (name, _header_value(value) if name.lower() in RESPONSE_RULES else "")
        for name, value in list(response.headers.items())[:MAX_HEADERS]
    ]
    return {"response_headers": headers, "set_cookies": list(response.cookies)[:50]}
