"""Outgoing calls through urllib3 (so requests and botocore too) and httpx, sync and async.

Only the outermost call is a span: retries and redirects that a library follows by itself lie
within it. Bodies are never touched; sizes are those that headers name.

`traceparent` is sent to the hosts in `PROPAGATE_TO` only, because it changes a request of the
application. An httpx request carries it during one hop and loses it again: a redirect copies
headers, to hosts that must not get it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any
from urllib.parse import urlsplit

from debugpanel import conf, guard
from debugpanel.instruments.base import DidNotEnable, Instrument
from debugpanel.trace.budget import append
from debugpanel.trace.context import CURRENT, Position
from debugpanel.trace.ids import fraction, new_trace_id, trace_id_of
from debugpanel.trace.imports import forget, is_installed, when_imported
from debugpanel.trace.model import Trace
from debugpanel.trace.patching import Patch, hide_own_frame
from debugpanel.trace.traceparent import format_traceparent
from debugpanel.trace.values import cut

KIND = "http"
PART = f"instrument {KIND}"
TRACEPARENT = "traceparent"

_LOW_64 = (1 << 64) - 1
_LIBRARIES = frozenset({"urllib3", "requests", "httpx", "botocore"})
_HEADERS_AT = 3

_is_inside: ContextVar[bool] = ContextVar("debugpanel.http", default=False)
_position = CURRENT.get


# --- traceparent ------------------------------------------------------------------------


def host_is_ours(host: str, patterns: tuple[str, ...]) -> bool:
    """Say whether `PROPAGATE_TO` names a host; a leading dot admits subdomains too."""
    host = host.lower().rstrip(".")
    return any(_matches(host, pattern.lower()) for pattern in patterns)


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("."):
        return host.endswith(pattern) or host == pattern[1:]
    return host == pattern


def _traceparent(trace: Trace) -> str:
    trace_id = trace_id_of(trace)
    is_sampled = trace.forced or fraction(trace_id) < conf.get().SAMPLE_RATE
    span_id = new_trace_id(trace.started_ns) & _LOW_64
    return format_traceparent(trace_id, span_id, sampled=is_sampled)


def _has_traceparent(headers: Mapping[Any, Any]) -> bool:
    return any(type(name) is str and name.lower() == TRACEPARENT for name in headers)


# --- the span ---------------------------------------------------------------------------


def _enter(position: Position) -> int:
    """Return the number of the span; 0 inside another call."""
    try:
        trace = position[0]
        if trace is None or _is_inside.get():
            return 0
        number = trace.next_number()
        CURRENT.set((trace, number))
        _is_inside.set(True)
    except Exception as fault:
        guard.report(PART, fault)
        return 0
    return number


def _leave(position: Position, number: int, start_ns: int, name: str, values: Any) -> None:
    trace, parent = position
    if trace is not None:
        append(trace, (start_ns, perf_counter_ns(), KIND, number, parent, name, *values))


def _outside(position: Position) -> None:
    CURRENT.set(position)
    _is_inside.set(False)


def _name(method: Any, host: Any) -> str:
    method = method if type(method) is str else ""
    host = host if type(host) is str else ""
    return f"{method[:20]} {host[:255]}"


def _content_length(headers: Any) -> int | None:
    """Read a size off the headers, if they are of a type whose methods are known."""
    if type(headers) is not dict and _library_of(headers) not in _LIBRARIES:
        return None
    value = headers.get("Content-Length")
    if value is None:
        value = headers.get("content-length")
    if type(value) is bytes:
        value = value.decode("latin-1")
    return int(value) if type(value) is str and value.isdecimal() else None


def _library_of(value: object) -> str:
    return str(type(value).__module__).partition(".")[0]


def _error_name(error: BaseException | None) -> str:
    return "" if error is None else type(error).__name__


# --- urllib3 ----------------------------------------------------------------------------


def _urllib3_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return method, target and headers of a call to `urlopen`."""
    method = args[0] if args else kwargs.get("method")
    target = args[1] if len(args) > 1 else kwargs.get("url")
    headers = args[_HEADERS_AT] if len(args) > _HEADERS_AT else kwargs.get("headers")
    return method, target, headers


def _urllib3_address(pool: Any, target: Any) -> tuple[str, str]:
    """Return host and URL. A pool of a proxy gets whole addresses as targets."""
    if type(target) is str and not target.startswith("/"):
        parts = urlsplit(target)
        host = parts.hostname or ""
        netloc = parts.netloc.rpartition("@")[2]
        return host, cut(f"{parts.scheme}://{netloc}{parts.path}" + _query(parts.query))
    host = pool.host if type(pool.host) is str else ""
    port = f":{pool.port}" if type(pool.port) is int else ""
    path = target if type(target) is str else ""
    return host.strip("[]"), cut(f"{pool.scheme}://{host}{port}{path}")


def _query(query: str) -> str:
    return f"?{query}" if query else ""


def _urllib3_with_header(
    trace: Trace, pool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Add the header to a copy of the headers: those given are the application's."""
    patterns = conf.get().PROPAGATE_TO
    if not patterns:
        return args, kwargs
    _, target, headers = _urllib3_call(args, kwargs)
    if not host_is_ours(_urllib3_address(pool, target)[0], patterns):
        return args, kwargs
    headers = pool.headers if headers is None else headers
    if _has_traceparent(headers):
        return args, kwargs
    headers = headers.copy()
    headers[TRACEPARENT] = _traceparent(trace)
    if len(args) > _HEADERS_AT:
        return (*args[:_HEADERS_AT], headers, *args[_HEADERS_AT + 1 :]), kwargs
    return args, {**kwargs, "headers": headers}


def _urllib3_leave(
    position: Position,
    number: int,
    start_ns: int,
    pool: Any,
    call: tuple[tuple[Any, ...], dict[str, Any]],
    response: Any,
    error: BaseException | None,
) -> None:
    try:
        _outside(position)
        method, target, headers = _urllib3_call(*call)
        host, url = _urllib3_address(pool, target)
        status = response.status if response is not None else None
        received = _content_length(response.headers) if response is not None else None
        values = (url, status, _content_length(headers), received, _error_name(error))
        _leave(position, number, start_ns, _name(method, host), values)
    except Exception as fault:
        guard.report(PART, fault)


def _urlopen(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def urlopen(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace, _ = position = _position()
        number = _enter(position) if trace is not None and patch.is_on else 0
        sent_args, sent_kwargs = args, kwargs
        if trace is not None and number:
            try:
                sent_args, sent_kwargs = _urllib3_with_header(trace, self, args, kwargs)
            except Exception as fault:
                guard.report(PART, fault)
        start_ns = perf_counter_ns()
        try:
            response = original(self, *sent_args, **sent_kwargs)
        except BaseException as error:
            if number:
                _urllib3_leave(position, number, start_ns, self, (args, kwargs), None, error)
            hide_own_frame(error)
            raise
        if number:
            _urllib3_leave(position, number, start_ns, self, (args, kwargs), response, None)
        return response

    return urlopen


# --- httpx ------------------------------------------------------------------------------


def _httpx_leave(
    position: Position,
    number: int,
    start_ns: int,
    request: Any,
    response: Any,
    error: BaseException | None,
) -> None:
    try:
        _outside(position)
        url = request.url
        # `str(url)` would hold a password.
        port = "" if url.port is None else f":{url.port}"
        host = f"[{url.host}]" if ":" in url.host else url.host
        path = url.raw_path.decode("ascii", "replace")
        text = cut(f"{url.scheme}://{host}{port}{path}")
        status = response.status_code if response is not None else None
        received = _content_length(response.headers) if response is not None else None
        values = (text, status, _content_length(request.headers), received, _error_name(error))
        _leave(position, number, start_ns, _name(request.method, url.host), values)
    except Exception as fault:
        guard.report(PART, fault)


def _httpx_send(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def send(self: Any, request: Any, **kwargs: Any) -> Any:
        position = _position()
        number = _enter(position) if position[0] is not None and patch.is_on else 0
        start_ns = perf_counter_ns()
        try:
            response = original(self, request, **kwargs)
        except BaseException as error:
            if number:
                _httpx_leave(position, number, start_ns, request, None, error)
            hide_own_frame(error)
            raise
        if number:
            _httpx_leave(position, number, start_ns, request, response, None)
        return response

    return send


def _httpx_send_async(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    async def send(self: Any, request: Any, **kwargs: Any) -> Any:
        position = _position()
        number = _enter(position) if position[0] is not None and patch.is_on else 0
        start_ns = perf_counter_ns()
        try:
            response = await original(self, request, **kwargs)
        except BaseException as error:
            if number:
                _httpx_leave(position, number, start_ns, request, None, error)
            hide_own_frame(error)
            raise
        if number:
            _httpx_leave(position, number, start_ns, request, response, None)
        return response

    return send


def _httpx_add_header(trace: Trace, request: Any) -> bool:
    """Say whether the request carries a header of ours now."""
    try:
        patterns = conf.get().PROPAGATE_TO
        if not patterns or not host_is_ours(request.url.host, patterns):
            return False
        if TRACEPARENT in request.headers:
            return False
        request.headers[TRACEPARENT] = _traceparent(trace)
    except Exception as fault:
        guard.report(PART, fault)
        return False
    return True


def _httpx_drop_header(request: Any) -> None:
    try:
        request.headers.pop(TRACEPARENT, None)
    except Exception as fault:
        guard.report(PART, fault)


def _httpx_hop(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    def hop(self: Any, request: Any) -> Any:
        trace = _position()[0]
        is_added = trace is not None and patch.is_on and _httpx_add_header(trace, request)
        try:
            response = original(self, request)
        except BaseException as error:
            if is_added:
                _httpx_drop_header(request)
            hide_own_frame(error)
            raise
        if is_added:
            _httpx_drop_header(request)
        return response

    return hop


def _httpx_hop_async(original: Any, patch: Patch) -> Any:
    @functools.wraps(original)
    async def hop(self: Any, request: Any) -> Any:
        trace = _position()[0]
        is_added = trace is not None and patch.is_on and _httpx_add_header(trace, request)
        try:
            response = await original(self, request)
        except BaseException as error:
            if is_added:
                _httpx_drop_header(request)
            hide_own_frame(error)
            raise
        if is_added:
            _httpx_drop_header(request)
        return response

    return hop


# --- the libraries ----------------------------------------------------------------------


def _urllib3_patches() -> list[Patch]:
    from urllib3.connectionpool import HTTPConnectionPool

    return [Patch(HTTPConnectionPool, "urlopen", _urlopen)]


def _httpx_patches() -> list[Patch]:
    from httpx import AsyncClient, Client

    patches = [
        Patch(Client, "send", _httpx_send),
        Patch(AsyncClient, "send", _httpx_send_async),
    ]
    # One hop is a private method. Where it is missing, no `traceparent` is sent.
    hop = "_send_single_request"
    if hop in vars(Client) and hop in vars(AsyncClient):
        patches.append(Patch(Client, hop, _httpx_hop))
        patches.append(Patch(AsyncClient, hop, _httpx_hop_async))
    return patches


_LIBRARY_PATCHES = {"urllib3": _urllib3_patches, "httpx": _httpx_patches}
_patches: dict[str, list[Patch]] = {}


def _patch_library(name: str) -> None:
    if name not in _patches:
        _patches[name] = _LIBRARY_PATCHES[name]()
    for patch in _patches[name]:
        patch.put()


class HttpInstrument(Instrument):
    """Wraps `HTTPConnectionPool.urlopen` and httpx's `send`, once they are imported."""

    kind = KIND
    label = "HTTP calls"
    columns = ("url", "status", "sent_bytes", "received_bytes", "error")

    def install(self) -> None:
        libraries = [name for name in _LIBRARY_PATCHES if is_installed(name)]
        if not libraries:
            raise DidNotEnable("neither urllib3 nor httpx is installed")
        for name in libraries:
            when_imported(name, functools.partial(_patch_library, name))

    def uninstall(self) -> None:
        for name in _LIBRARY_PATCHES:
            forget(name)
            for patch in _patches.get(name, ()):
                patch.remove()
