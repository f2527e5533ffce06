from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from django.urls import set_script_prefix

from debugpanel import conf, defaults
from debugpanel.conf import Settings

DEFAULTS = {field.name: getattr(Settings(), field.name) for field in fields(Settings)}

WRONG_TYPES: dict[str, list[Any]] = {
    "bool": [1, 0, "yes", None, []],
    "float": ["1", None, True, [1.0]],
    "int": [1.5, "1", None, True],
    "str": [1, None, b"default", ["default"]],
    "tuple[str, ...]": ["text", None, 5, [1], {"a": 1}],
    "dict[str, float]": [[], None, {"a": "1"}, {1: 1.0}, {"a": True}],
    "dict[str, int]": [[], None, {"error": "1"}, {"error": 1.5}, {"error": True}],
}

IMPOSSIBLE: list[tuple[str, Any]] = [
    ("SAMPLE_RATE", 7),
    ("SAMPLE_RATE", -0.1),
    ("SAMPLE_RATE", float("nan")),
    ("RECORD_RATE", 1.01),
    ("SLOW_MS", 0),
    ("SLOW_MS", -1),
    ("SLOW_MS", float("inf")),
    ("SLOW_MS_BY_ROUTE", {"shop/": 0}),
    ("SLOW_QUERY_MS", 1e308),
    ("MAX_QUERIES", -5),
    ("REPEATS", 1),
    ("BUDGETS", {"mistake": 1}),
    ("BUDGETS", {"error": -1}),
    ("IGNORE_PATHS", ["/"]),
    ("IGNORE_PATHS", ["static/"]),
    ("MAX_SPANS", 0),
    ("MAX_SPANS", 1_000_000),
    ("INSTRUMENTS", ["nonsense"]),
    ("EXPORTERS", ["nonsense"]),
    ("PANELS", [" debugpanel.panels.x"]),
    ("RELEASE", "x" * 65),
    ("RELEASE", "1\0"),
    ("PROPAGATE_TO", ["*.example.org"]),
    ("PROPAGATE_TO", ["https://example.org/"]),
    ("TRUSTED_NETWORKS", ["10.0.0.0/99"]),
    ("TRUSTED_NETWORKS", ["everybody"]),
    ("SIGNALS", ["django.db.models.signals.post_init"]),
    ("LOG_LEVEL", 99),
    ("REDACT_KEYS", [""]),
    ("FLUSH_INTERVAL_S", 0),
    ("FLUSH_INTERVAL_S", float("nan")),
    ("RETENTION_DAYS", 0),
    ("RETENTION_DAYS", 1e9),
    ("RETENTION_TRACES", 10**30),
    ("RETENTION_BYTES", -1),
    ("IN_TESTS", "sometimes"),
]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    conf.reset()
    yield
    conf.reset()


def kinds_of_problems(**options: Any) -> list[tuple[str, str]]:
    with override_settings(DEBUGPANEL=options):
        return [(problem.kind, problem.key) for problem in conf.problems()]


def in_force(**options: Any) -> Settings:
    with override_settings(DEBUGPANEL=options):
        return conf.get()


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_every_key_takes_its_own_default(key: str) -> None:
    assert kinds_of_problems(**{key: DEFAULTS[key]}) == []


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_every_key_refuses_other_types(field: Any) -> None:
    for value in WRONG_TYPES[str(field.type)]:
        assert kinds_of_problems(**{field.name: value}) == [("type", field.name)], value
        safe = getattr(in_force(**{field.name: value}), field.name)
        assert type(safe) is type(DEFAULTS[field.name])


@pytest.mark.parametrize(("key", "value"), IMPOSSIBLE, ids=repr)
def test_impossible_values_are_named_and_not_used(key: str, value: Any) -> None:
    assert kinds_of_problems(**{key: value}) == [("value", key)]
    used = getattr(in_force(**{key: value}), key)
    assert used != value
    assert kinds_of_problems(**{key: used}) == []


def test_every_key_with_a_rule_has_an_impossible_value_here() -> None:
    ruled = {field.name for field in fields(Settings) if field.metadata["check"]}
    assert {key for key, _ in IMPOSSIBLE} == ruled


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("SAMPLERATE", "SAMPLE_RATE"), ("sample_rate", "SAMPLE_RATE"), ("EXPORTER", "EXPORTERS")],
)
def test_an_unknown_key_is_told_the_nearest_name(key: str, nearest: str) -> None:
    with override_settings(DEBUGPANEL={key: 1}):
        [problem] = conf.problems()
    assert (problem.kind, problem.key) == ("unknown", key)
    assert nearest in problem.hint


@pytest.mark.parametrize("key", ["zzz", 5, None, ("a", "b")])
def test_a_key_that_resembles_nothing_is_unknown_too(key: Any) -> None:
    with override_settings(DEBUGPANEL={key: 1}):
        [problem] = conf.problems()
        assert conf.get() == in_force()
    assert problem.kind == "unknown"
    assert problem.hint


def test_a_bad_value_records_less_and_never_more() -> None:
    used = in_force(
        ENABLED="yes",
        SAMPLE_RATE="all",
        RECORD_RATE=None,
        LOG_LEVEL="WARNING",
        KEEP_ERRORS=0,
        KEEP_SLOW="no",
        KEEP_PATTERN=None,
        KEEP_SLOWEST=0,
    )
    assert (used.ENABLED, used.SAMPLE_RATE, used.RECORD_RATE, used.LOG_LEVEL) == (False, 0, 0, 50)
    kept = (used.KEEP_ERRORS, used.KEEP_SLOW, used.KEEP_PATTERN, used.KEEP_SLOWEST)
    assert kept == (False,) * 4


def test_one_bad_path_does_not_open_the_others() -> None:
    used = in_force(IGNORE_PATHS=["/internal/", "private/", 5])
    assert {"/internal/", *defaults.IGNORE_PATHS} <= set(used.IGNORE_PATHS)
    assert "private/" not in used.IGNORE_PATHS


@pytest.mark.parametrize("value", ["pin", ["pin", ""], {"pin"}, ["pin", 5]])
def test_words_to_mask_are_masked_however_they_are_written(value: Any) -> None:
    assert in_force(REDACT_KEYS=value).REDACT_KEYS == ("pin",)


def test_one_bad_instrument_does_not_bring_the_left_out_ones_back() -> None:
    database = defaults.INSTRUMENTS[0]
    for value in ([database, 5], database):
        used = in_force(INSTRUMENTS=value)
        assert list(used.INSTRUMENTS) == [database]


def test_one_bad_network_trusts_nobody() -> None:
    assert in_force(TRUSTED_NETWORKS=["10.0.0.0/8", "x"]).TRUSTED_NETWORKS == ()


def test_lists_become_tuples() -> None:
    assert in_force(PROPAGATE_TO=["a.example"]).PROPAGATE_TO == ("a.example",)


def test_budgets_left_out_keep_their_default() -> None:
    assert in_force(BUDGETS={"error": 1}).BUDGETS == {**defaults.BUDGETS, "error": 1}


def test_override_settings_works_and_ends() -> None:
    before = conf.get()
    with override_settings(DEBUGPANEL={"SAMPLE_RATE": 0.5}):
        assert conf.get().SAMPLE_RATE == 0.5
    assert conf.get() == before


@pytest.mark.parametrize("value", [None, [], "x", 5, object()])
def test_settings_that_are_no_dictionary_switch_recording_off(value: Any) -> None:
    with override_settings(DEBUGPANEL=value):
        [problem] = conf.problems()
        assert conf.get().ENABLED is False
    assert (problem.kind, problem.key) == ("type", "DEBUGPANEL")


class Unreadable(dict[str, Any]):
    def keys(self) -> Any:
        raise RuntimeError("no keys for you")

    __iter__ = keys


def test_a_dictionary_that_raises_switches_recording_off() -> None:
    with override_settings(DEBUGPANEL=Unreadable()):
        assert conf.get().ENABLED is False
        assert [problem.kind for problem in conf.problems()] == ["unreadable"]


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no text for you")

    __str__ = __bool__ = __len__ = __iter__ = __repr__  # type: ignore[assignment]


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_objects_whose_methods_raise_are_a_problem_and_no_failure(key: str) -> None:
    for value in (Hostile(), [Hostile()], {"a": Hostile()}):
        assert kinds_of_problems(**{key: value}) == [("type", key)]
        in_force(**{key: value})


def test_settings_that_raise_are_reported_and_switch_recording_off() -> None:
    code = """
        import types, django
        from django.conf import settings
        class Raising:
            LOGGING_CONFIG = None
            @property
            def DEBUGPANEL(self): raise OSError("secrets service down")
            @property
            def STATIC_URL(self): raise OSError("secrets service down")
            def __getattr__(self, name):
                from django.conf import global_settings
                return getattr(global_settings, name)
        settings.configure(Raising())
        from debugpanel import conf
        assert conf.get().ENABLED is False
        assert [p.kind for p in conf.problems()] == ["unreadable"], conf.problems()
        from debugpanel.middleware import DebugPanelMiddleware
        try: DebugPanelMiddleware(lambda request: None)
        except django.core.exceptions.MiddlewareNotUsed: print("not used")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("not used\n", "")


@pytest.mark.parametrize("word", ["0", "false", "No", " OFF ", "disabled", "nonsense"])
def test_the_kill_switch_wins(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(conf.KILL_SWITCH, word)
    assert conf.is_killed()
    assert in_force(ENABLED=True).ENABLED is False


@pytest.mark.parametrize("word", ["1", "true", "YES", "on", ""])
def test_the_kill_switch_can_say_on(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(conf.KILL_SWITCH, word)
    assert in_force(ENABLED=True).ENABLED is True
    assert in_force(ENABLED=False).ENABLED is False


def test_the_release_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(conf.RELEASE_VARIABLE, "r" * 200)
    assert in_force().RELEASE == "r" * 64
    assert in_force(RELEASE="2026.1").RELEASE == "2026.1"


@pytest.mark.parametrize(
    ("url", "ignored"),
    [
        ("/assets/", "/assets/"),
        ("assets/", "/assets/"),
        ("/", ""),
        ("https://cdn.example/assets/", ""),
        ("//cdn.example/assets/", ""),
        (None, ""),
    ],
)
def test_static_and_media_paths_are_ignored_by_themselves(url: Any, ignored: str) -> None:
    with override_settings(STATIC_URL=url, MEDIA_URL=url):
        added = set(conf.get().IGNORE_PATHS) - set(defaults.IGNORE_PATHS)
    assert added == ({ignored} if ignored else set())


def test_reading_settings_does_not_fix_the_projects_relative_urls() -> None:
    """Django puts the script's name before them at the first look, and keeps the result."""
    try:
        with override_settings(STATIC_URL="assets/", MEDIA_URL="uploads/"):
            conf.get()
            set_script_prefix("/shop/")
            assert django_settings.STATIC_URL == "/shop/assets/"
            assert django_settings.MEDIA_URL == "/shop/uploads/"
    finally:
        set_script_prefix("/")


def test_an_alias_of_its_own_is_found_by_itself() -> None:
    assert conf.database_alias() == "debugpanel"
    with override_settings(DEBUGPANEL={"DATABASE": "default"}):
        assert conf.database_alias() == "default"


def test_nothing_is_read_before_it_is_needed() -> None:
    code = "import debugpanel, sys; print('django' in sys.modules)"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
