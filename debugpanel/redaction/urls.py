"""Paths, query strings and URLs: scheme and host stay, the rest part by part.

https://user:pw@shop.example/reset/3f0c...e1/?token=abc&page=2#top
https://shop.example/reset/[masked]/?token=[masked]&page=2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from urllib.parse import unquote, unquote_plus

from debugpanel.redaction.detectors import is_harmless, mask_pairs, mask_secrets
from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import MASK, fails_closed
from debugpanel.redaction.storable import storable
from debugpanel.trace.randomness import MIN_RANDOM, count_surprises
from debugpanel.trace.values import MAX_TEXT

MAX_QUERY_KEYS = 64
MAX_QUERY_KEY = 64
_MAX_RAW_VALUE = 256
_MAX_SIMPLE = 256

_SHOWN = "page page_size per_page limit offset sort order ordering dir format lang tab view"
SHOWN_QUERY_KEYS = frozenset(_SHOWN.split())

_SHORT_VALUE = re.compile(r"[\w .,:+-]{0,32}")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,255})(?::[0-9]{1,5})?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31}):(?!\d)")
_URL_IN_TEXT = re.compile(r"(?<=://)[^\s<>\"'`]++")
_PUNCTUATION = ".,;:!)]}"
_QUERY_IN_TEXT = re.compile(r"(?<=\S)\?([^\s<>\"'`?]++)")
_LOCATION_ENDS = re.compile(r"[/?#]|\Z")
# Words and numbers, whose masking depends on how long the numbers are, not on their digits.
_SIMPLE_PATH = re.compile(r"(?:/|(?<![^/])(?:[A-Za-z_-]{1,18}|[0-9]{1,11})(?![^/]))*+")
_ANY_DIGIT = re.compile(r"[0-9]")
_SECRET_ID = re.compile(r"(?=.*[0-9]).{4,}", re.DOTALL)


def _is_secret(text: str, extra_keys: frozenset[str]) -> bool:
    judged = text if is_harmless(text) else mask_secrets(text)
    return mask_pairs(judged, extra_keys=extra_keys) != text or "://" in text


@fails_closed(to=MASK)
def mask_path(path: str, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Mask each segment that looks secret, or that holds a digit below a sensitive name."""
    if len(path) >= MAX_TEXT:
        return MASK
    is_simple = len(path) <= _MAX_SIMPLE and _SIMPLE_PATH.fullmatch(path)
    if is_simple and _is_shown(_ANY_DIGIT.sub("0", path), extra_keys):
        return path
    return _masked_path(path, extra_keys)


@lru_cache(maxsize=1024)
def _is_shown(path: str, extra_keys: frozenset[str]) -> bool:
    return _masked_path(path, extra_keys) == path


def _masked_path(path: str, extra_keys: frozenset[str]) -> str:
    shown, above = [], ""
    for segment in path.split("/"):
        shown.append(_mask_segment(segment, above, extra_keys))
        above = segment or above
    return storable("/".join(_mask_scattered(shown)))


def _mask_scattered(segments: list[str]) -> Iterator[str]:
    """Mask neighbours that together look random: base64 has slashes of its own."""
    for is_odd, neighbours in groupby(segments, _is_odd):
        group = list(neighbours)
        is_secret = is_odd and len(group) > 1 and sum(map(len, group)) >= MIN_RANDOM
        yield from [MASK] * len(group) if is_secret else group


def _is_odd(segment: str) -> bool:
    surprises = 0 if segment == MASK else count_surprises(segment)
    return surprises >= min(3, max(2, len(segment) / 5))


def _mask_segment(segment: str, above: str, extra_keys: frozenset[str]) -> str:
    decoded = unquote(segment)
    if len(decoded) < 4:
        return segment
    if _SECRET_ID.fullmatch(decoded) and key_is_sensitive(above, extra_keys=extra_keys):
        return MASK
    return MASK if _is_secret(decoded, extra_keys) else segment


@fails_closed(to=MASK)
def mask_query(query: str, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Keep the keys, decoded, and the values of `SHOWN_QUERY_KEYS` that look harmless."""
    pairs = query.lstrip("?").split("&", MAX_QUERY_KEYS)
    shown = [_mask_parameter(pair, extra_keys) for pair in pairs[:MAX_QUERY_KEYS] if pair]
    rest = [MASK] if len(pairs) > MAX_QUERY_KEYS else []
    return storable("&".join(shown + rest))


def _mask_parameter(pair: str, extra_keys: frozenset[str]) -> str:
    raw_key, equals, raw_value = pair.partition("=")
    key = _mask_query_key(raw_key, extra_keys)
    if not raw_value:
        return key + equals
    value = unquote_plus(raw_value) if len(raw_value) <= _MAX_RAW_VALUE else MASK
    return f"{key}={value if _may_show(key, value, extra_keys) else MASK}"


def _mask_query_key(raw_key: str, extra_keys: frozenset[str]) -> str:
    if len(raw_key) <= MAX_QUERY_KEY:
        return _known_query_key(raw_key, extra_keys)
    key = unquote_plus(raw_key) if len(raw_key) < MAX_TEXT else MASK
    return MASK if _is_secret(key, extra_keys) else key[:MAX_QUERY_KEY]


@lru_cache(maxsize=512)
def _known_query_key(raw_key: str, extra_keys: frozenset[str]) -> str:
    key = unquote_plus(raw_key)
    return MASK if _is_secret(key, extra_keys) else key


def _may_show(key: str, value: str, extra_keys: frozenset[str]) -> bool:
    if key.lower() not in SHOWN_QUERY_KEYS or not _SHORT_VALUE.fullmatch(value):
        return False
    if key_is_sensitive(key, extra_keys=extra_keys, in_query=True):
        return False
    return not _is_secret(value, extra_keys)


@fails_closed(to=MASK)
def mask_url(url: str, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Return scheme, host, masked path and masked query; no user-info, no fragment."""
    scheme, slashes, location = url.partition("://")
    if slashes and _SCHEME.fullmatch(scheme + ":"):
        return f"{scheme}://{_mask_location(location, extra_keys)}"
    if url.startswith("//"):
        return "//" + _mask_location(url[2:], extra_keys)
    if opaque := _SCHEME.match(url):
        return f"{opaque[1]}:{MASK}"
    return _mask_path_and_query(url, extra_keys)


def mask_urls_in(text: str, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Mask the URLs in a text, and the query strings of those without a scheme."""
    if "://" in text:
        text = _URL_IN_TEXT.sub(lambda found: _mask_url_in_text(found[0], extra_keys), text)
    if "?" in text:
        text = _QUERY_IN_TEXT.sub(lambda found: _mask_query_in_text(found, extra_keys), text)
    return text


def _mask_url_in_text(location: str, extra_keys: frozenset[str]) -> str:
    url = location.rstrip(_PUNCTUATION)
    return _mask_location(url, extra_keys) + location[len(url) :]


def _mask_query_in_text(found: re.Match[str], extra_keys: frozenset[str]) -> str:
    if "=" not in found[1]:
        return found[0]
    return "?" + mask_query(found[1].partition("#")[0], extra_keys=extra_keys)


def _mask_location(location: str, extra_keys: frozenset[str]) -> str:
    """Mask what follows `://`. A host that is none may be half of a user-info."""
    found = _LOCATION_ENDS.search(location)
    end = found.start() if found else len(location)
    host = location[:end].rpartition("@")[2]
    if host and not (_HOST.fullmatch(host) and host_is_plain(host)):
        return MASK
    return host + _mask_path_and_query(location[end:], extra_keys)


def host_is_plain(host: str) -> bool:
    """Say whether a host name, of which there are few, holds nothing that looks secret."""
    return is_harmless(host) or mask_secrets(host) == host


def _mask_path_and_query(text: str, extra_keys: frozenset[str]) -> str:
    path, question, query = text.partition("#")[0].partition("?")
    return (
        mask_path(path, extra_keys=extra_keys) + question + mask_query(query, extra_keys=extra_keys)
    )
