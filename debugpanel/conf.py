"""All settings in one frozen, typed class, read late.

Django runs no system checks under a WSGI server, so reading tolerates everything: an
unknown key is ignored, and a bad value falls back to the safer side: less is recorded, more
is masked. `problems()` names each of them for the system checks.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from debugpanel import defaults, guard

SETTING = "DEBUGPANEL"
KILL_SWITCH = "DEBUGPANEL_ENABLED"
RELEASE_VARIABLE = "DEBUGPANEL_RELEASE"

PART = "settings"

# Whatever else the kill switch says, somebody wanted it off.
_ON_WORDS = frozenset({"", "1", "true", "yes", "on"})

MAX_RELEASE = 64
MAX_NUMBER = 10**15
MAX_DAYS = 36_500


def _option(
    default: Any, about: str, *, check: str = "", safe: Any = MISSING, partly: bool = False
) -> Any:
    """Describe one setting: its default, its line in the docs, its rule, its safe value.

    `partly`: what is usable of a bad list is added to the safe value.
    """
    safe = default if safe is MISSING else safe
    metadata = {"about": about, "check": check, "safe": safe, "partly": partly}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `DEBUGPANEL = {...}` may hold."""

    ENABLED: bool = _option(
        True, "Record at all. False when the process starts removes the middleware.", safe=False
    )
    SAMPLE_RATE: float = _option(
        0.01,
        "Share of requests kept at random, whatever they did. 1.0 keeps every one.",
        check="share",
        safe=0.0,
    )
    RECORD_RATE: float = _option(
        1.0,
        "Share of requests recorded with their spans; the others are only counted.",
        check="share",
        safe=0.0,
    )
    SLOW_MS: float = _option(1000, "A request that takes longer is kept as slow.", check="positive")
    SLOW_MS_BY_ROUTE: dict[str, float] = _option(
        {}, "Other limits for single routes, by URL pattern.", check="positive numbers"
    )
    SLOW_QUERY_MS: float = _option(
        100, "A statement that takes longer gets the stack that sent it.", check="positive"
    )
    MAX_QUERIES: int = _option(
        100, "A request with more statements is kept as a pattern.", check="positive"
    )
    REPEATS: int = _option(
        5, "One statement sent this often in a request is a pattern.", check="at least 2"
    )
    KEEP_ERRORS: bool = _option(
        True, "Keep requests that end in a 5xx or an unhandled exception.", safe=False
    )
    KEEP_SLOW: bool = _option(True, "Keep slow requests.", safe=False)
    KEEP_PATTERN: bool = _option(
        True, "Keep requests that repeat a statement or send many.", safe=False
    )
    KEEP_SLOWEST: bool = _option(
        True, "Keep the slowest request of each route and minute.", safe=False
    )
    BUDGETS: dict[str, int] = _option(
        defaults.BUDGETS,
        "Traces kept per process and minute, by reason; what is left out keeps its default.",
        check="budgets",
    )
    IGNORE_PATHS: tuple[str, ...] = _option(
        defaults.IGNORE_PATHS,
        "Paths that are neither recorded nor counted, with all that is below them. "
        "STATIC_URL and MEDIA_URL are added by themselves.",
        check="paths",
        partly=True,
    )
    MAX_SPANS: int = _option(
        500, "Spans kept whole in one trace; further ones are summed up.", check="spans"
    )
    INSTRUMENTS: tuple[str, ...] = _option(
        defaults.INSTRUMENTS,
        "What is observed, by dotted path.",
        check="dotted paths",
        safe=(),
        partly=True,
    )
    EXPORTERS: tuple[str, ...] = _option(
        defaults.EXPORTERS,
        "Where traces and rollups go, by dotted path.",
        check="dotted paths",
        safe=(),
        partly=True,
    )
    PANELS: tuple[str, ...] = _option(
        defaults.PANELS, "How a trace is shown, by dotted path.", check="dotted paths"
    )
    DATABASE: str = _option(
        "",
        "Alias of the database that holds the traces. Empty: `debugpanel` when that alias "
        "exists, else `default`.",
    )
    RELEASE: str = _option(
        "",
        f"Name of the running release. Empty: the environment variable `{RELEASE_VARIABLE}`.",
        check="release",
    )
    PROPAGATE_TO: tuple[str, ...] = _option(
        (),
        "Hosts that outgoing requests carry `traceparent` to. A leading dot admits subdomains.",
        check="hosts",
    )
    TRUSTED_NETWORKS: tuple[str, ...] = _option(
        (),
        "Networks of your own proxies and services. Only from there count forwarding headers "
        "and the orders of a `traceparent`. `unix` admits peers without an address.",
        check="networks",
    )
    SIGNALS: tuple[str, ...] = _option(
        (),
        "Dotted names of signals to time. Never `pre_init` or `post_init`.",
        check="signals",
    )
    LOG_LEVEL: int = _option(
        20, "Log records below this level are not recorded.", check="level", safe=50
    )
    REDACT_KEYS: tuple[str, ...] = _option(
        (), "Further names whose values are masked.", check="words", partly=True
    )
    FLUSH_INTERVAL_S: float = _option(
        2.0, "Seconds between two batches of the writer.", check="interval"
    )
    RETENTION_DAYS: float = _option(7, "Traces older than this are removed.", check="days")
    RETENTION_TRACES: int = _option(
        100_000, "More traces than this are removed, oldest first.", check="positive"
    )
    RETENTION_BYTES: int = _option(
        1024**3,
        "More stored bytes than this are removed, oldest first; rollups count.",
        check="positive",
    )
    IN_TESTS: str = _option(
        "off",
        '"off": under a test runner only `capture_trace()` records. "memory": everything is '
        "recorded, in memory.",
        check="in tests",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A setting that cannot be used: `kind` is "unknown", "type", "value" or "unreadable"."""

    kind: str
    key: str
    message: str
    hint: str


_FIELDS: dict[str, Field[Any]] = {item.name: item for item in fields(Settings)}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "bool": bool,
    "float": (int, float),
    "int": int,
    "str": str,
    "tuple[str, ...]": (list, tuple),
    "dict[str, float]": dict,
    "dict[str, int]": dict,
}
TYPE_WORDS = {
    "bool": "True or False",
    "float": "a number",
    "int": "a whole number",
    "str": "a text",
    "tuple[str, ...]": "a list of texts",
    "dict[str, float]": "a dictionary of texts and numbers",
    "dict[str, int]": "a dictionary of texts and whole numbers",
}
_current: Settings | None = None


def get() -> Settings:
    """Return the settings in force. One attribute read, once they were built."""
    return _current or _build()


def reset() -> None:
    """Read the settings anew at the next use."""
    global _current
    _current = None


def is_killed() -> bool:
    """Say whether the environment switches the whole product off."""
    return os.environ.get(KILL_SWITCH, "").strip().lower() not in _ON_WORDS


def problems() -> list[Problem]:
    """Name everything in the project's settings that cannot be used."""
    raw, found = _raw()
    for key, value in raw.items():
        try:
            found.extend(_problems_of(key, value))
        except Exception as error:
            message = f"A key of {SETTING} cannot be read: {type(error).__name__}."
            found.append(_problem("unreadable", SETTING, message, "Use plain values."))
    return found


def database_alias() -> str:
    """Return the alias that holds the traces."""
    from django.db import connections

    alias = get().DATABASE
    if alias:
        return alias
    return "debugpanel" if "debugpanel" in connections.settings else "default"


def _build() -> Settings:
    global _current
    try:
        _current = _read()
    except Exception as fault:
        # Whatever the project's settings are made of, the site starts.
        guard.report(PART, fault)
        _current = Settings(ENABLED=False)
    return _current


def _read() -> Settings:
    raw, _ = _raw()
    values = {key: _usable(key, value) for key, value in raw.items() if key in _FIELDS}
    if is_killed():
        values["ENABLED"] = False
    values["IGNORE_PATHS"] = _ignored(values.get("IGNORE_PATHS", defaults.IGNORE_PATHS))
    values["BUDGETS"] = {**defaults.BUDGETS, **values.get("BUDGETS", {})}
    values["RELEASE"] = values.get("RELEASE") or os.environ.get(RELEASE_VARIABLE, "")[:MAX_RELEASE]
    return Settings(**values)


def _raw() -> tuple[Mapping[str, Any], list[Problem]]:
    try:
        raw = getattr(django_settings, SETTING, {})
        if isinstance(raw, Mapping):
            return dict(raw), []
    except Exception as error:
        message = f"{SETTING} cannot be read: {type(error).__name__}."
        return {"ENABLED": False}, [_problem("unreadable", SETTING, message, "Make it a dict.")]
    message = f"{SETTING} is a {type(raw).__name__}, not a dictionary."
    return {"ENABLED": False}, [_problem("type", SETTING, message, "Write DEBUGPANEL = {...}.")]


def _problem(kind: str, key: str, message: str, hint: str) -> Problem:
    return Problem(kind=kind, key=key, message=message, hint=hint)


def _problems_of(key: Any, value: Any) -> list[Problem]:
    if key not in _FIELDS:
        return [_problem("unknown", str(key), f"{SETTING} has no key {key!r}.", _nearest(str(key)))]
    option = _FIELDS[key]
    if not _has_type(option, value):
        words = TYPE_WORDS[str(option.type)]
        message = f"{SETTING}[{key!r}] is {_shown(value)}, not {words}."
        return [_problem("type", key, message, f"Use {words}.")]
    complaint = _complaint(option, value)
    if not complaint:
        return []
    message = f"{SETTING}[{key!r}] is {_shown(value)}: {complaint}."
    return [_problem("value", key, message, f"Until then {_shown(_usable(key, value))} is used.")]


def _nearest(key: str) -> str:
    names = difflib.get_close_matches(key.upper(), _FIELDS, n=1, cutoff=0.5)
    return f"Did you mean {names[0]!r}?" if names else "See the list of settings in the docs."


def _shown(value: Any) -> str:
    text = ""
    if isinstance(value, bool | int | float | str | list | tuple | dict):
        with suppress(Exception):
            text = repr(value)
    return (text or f"a {type(value).__name__}")[:100]


def _safe(option: Field[Any]) -> Any:
    safe = option.metadata["safe"]
    return dict(safe) if isinstance(safe, dict) else safe


def _usable(key: str, value: Any) -> Any:
    option = _FIELDS[key]
    try:
        if not _has_type(option, value) or _complaint(option, value):
            return _fallback(option, value)
    except Exception:
        return _safe(option)
    return tuple(value) if isinstance(value, list) else value


def _fallback(option: Field[Any], value: Any) -> Any:
    """Return the safe value, with what is usable of a bad list where that is safer still."""
    safe = _safe(option)
    if not option.metadata["partly"]:
        return safe
    items = value if isinstance(value, list | tuple | set | frozenset) else (value,)
    usable = [item for item in items if isinstance(item, str) and not _complaint(option, (item,))]
    return tuple(dict.fromkeys((*safe, *usable)))


def _has_type(option: Field[Any], value: Any) -> bool:
    wanted = str(option.type)
    if isinstance(value, bool) and wanted != "bool":
        return False
    if not isinstance(value, _TYPES[wanted]):
        return False
    if isinstance(value, list | tuple):
        return all(isinstance(item, str) for item in value)
    if isinstance(value, dict):
        number: Any = int if wanted == "dict[str, int]" else (int, float)
        return all(
            isinstance(name, str) and isinstance(item, number) and not isinstance(item, bool)
            for name, item in value.items()
        )
    return True


def _complaint(option: Field[Any], value: Any) -> str:
    check = option.metadata["check"]
    return _RULES[check](value) if check else ""


def _share(value: float) -> str:
    return "" if 0 <= value <= 1 else "a share lies between 0 and 1"


def _positive(value: float) -> str:
    return "" if 0 < value <= MAX_NUMBER else f"it must lie between 0 and {MAX_NUMBER:,}"


def _days(value: float) -> str:
    return "" if 0 < value <= MAX_DAYS else f"it must lie between 0 and {MAX_DAYS:,} days"


def _release(value: str) -> str:
    if len(value) > MAX_RELEASE or not value.isprintable():
        return f"a release is at most {MAX_RELEASE} printable characters"
    return ""


def _at_least_2(value: int) -> str:
    return "" if value >= 2 else "it must be at least 2"


def _positive_numbers(value: dict[str, float]) -> str:
    return next((_positive(number) for number in value.values() if _positive(number)), "")


def _budgets(value: dict[str, int]) -> str:
    unknown = sorted(set(value) - set(defaults.BUDGETS))
    if unknown:
        return f"there is no reason {unknown[0]!r}; reasons are {', '.join(defaults.BUDGETS)}"
    return "" if all(number >= 0 for number in value.values()) else "a budget is not negative"


def _paths(value: tuple[str, ...]) -> str:
    bad = [path for path in value if not path.startswith("/") or path == "/"]
    return f"{bad[0]!r} must begin with a slash and be longer than it" if bad else ""


def _spans(value: int) -> str:
    return "" if 1 <= value <= 10_000 else "it must lie between 1 and 10,000"


def _dotted_paths(value: tuple[str, ...]) -> str:
    bad = [path for path in value if "." not in path or path != path.strip()]
    return f"{bad[0]!r} is not a dotted path" if bad else ""


def _hosts(value: tuple[str, ...]) -> str:
    bad = [host for host in value if not host.strip(".") or "/" in host or "*" in host]
    return f"{bad[0]!r} is not a host name" if bad else ""


def _networks(value: tuple[str, ...]) -> str:
    for network in value:
        if network == "unix":
            continue
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            return f"{network!r} is not a network such as 10.0.0.0/8"
    return ""


def _signals(value: tuple[str, ...]) -> str:
    for name in value:
        if name.rpartition(".")[2] in ("pre_init", "post_init"):
            return f"{name!r} is sent for each object and must not be timed"
    return _dotted_paths(value)


def _level(value: int) -> str:
    return "" if 0 <= value <= 50 else "a level lies between 0 (NOTSET) and 50 (CRITICAL)"


def _words(value: tuple[str, ...]) -> str:
    return "" if all(word.strip() for word in value) else "an empty word matches nothing"


def _interval(value: float) -> str:
    return "" if 0.05 <= value <= 60 else "it must lie between 0.05 and 60 seconds"


def _in_tests(value: str) -> str:
    return "" if value in ("off", "memory") else 'it must be "off" or "memory"'


_RULES: dict[str, Any] = {
    "share": _share,
    "positive": _positive,
    "days": _days,
    "release": _release,
    "at least 2": _at_least_2,
    "positive numbers": _positive_numbers,
    "budgets": _budgets,
    "paths": _paths,
    "spans": _spans,
    "dotted paths": _dotted_paths,
    "hosts": _hosts,
    "networks": _networks,
    "signals": _signals,
    "level": _level,
    "words": _words,
    "interval": _interval,
    "in tests": _in_tests,
}


def _ignored(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Add the project's static and media paths, unless they would cover the whole site."""
    # Not through `django_settings` itself: it puts the script's prefix before a relative URL
    # at the first look and keeps the result, and this look may come before the first request.
    project = vars(django_settings).get("_wrapped")
    own = [_path_of(project, name) for name in ("STATIC_URL", "MEDIA_URL")]
    # Whole segments: "/health" must not cover "/healthcare".
    whole = (path if path.endswith("/") else f"{path}/" for path in (*paths, *own) if path)
    return tuple(dict.fromkeys(whole))


def _path_of(project: object, name: str) -> str:
    """Return the path below the site that a URL setting means; "" for another host or "/"."""
    try:
        url = getattr(project, name, None)
    except Exception:
        return ""
    if not isinstance(url, str) or "://" in url or url.startswith("//") or not url.strip("/"):
        return ""
    return url if url.startswith("/") else f"/{url}"


def _on_setting_changed(*, setting: str, **kwargs: Any) -> None:
    if setting in (SETTING, "STATIC_URL", "MEDIA_URL"):
        reset()


setting_changed.connect(_on_setting_changed, dispatch_uid="debugpanel.conf")
