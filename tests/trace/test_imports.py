from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from debugpanel import guard
from debugpanel.trace import imports


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that nobody has imported yet."""
    name = "a_library_to_observe"
    (tmp_path / f"{name}.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    imports.forget(name)
    sys.modules.pop(name, None)


def test_an_action_runs_once_when_its_module_was_imported(library: str) -> None:
    seen: list[Any] = []
    imports.when_imported(library, lambda: seen.append(sys.modules[library].value))
    assert not seen
    module = __import__(library)
    __import__(library)
    assert seen == [1]
    assert module.__spec__.loader.get_source(library) == "value = 1\n"
    assert "exec_module" not in vars(module.__spec__.loader)


def test_an_action_runs_at_once_when_its_module_is_there() -> None:
    seen: list[int] = []
    imports.when_imported("json", lambda: seen.append(1))
    assert seen == [1]


def test_the_finder_stands_in_the_way_only_while_something_is_waited_for(library: str) -> None:
    others = dict(imports._waiting)
    for name in others:
        imports.forget(name)
    assert imports._finder not in sys.meta_path
    imports.when_imported(library, list)
    imports.when_imported("no_such_library", list)
    assert sys.meta_path.count(imports._finder) == 1
    imports.forget(library)
    imports.forget("no_such_library")
    assert imports._finder not in sys.meta_path
    for name, action in others.items():
        imports.when_imported(name, action)


def test_an_action_that_fails_does_not_fail_the_import(library: str) -> None:
    def fail() -> None:
        raise LookupError

    before = guard.breaker_for(imports.PART).total_failures
    imports.when_imported(library, fail)
    assert __import__(library).value == 1
    assert guard.breaker_for(imports.PART).total_failures == before + 1


def test_an_import_that_fails_is_waited_for_again(library: str, tmp_path: Path) -> None:
    seen: list[int] = []
    imports.when_imported(library, lambda: seen.append(1))
    (tmp_path / f"{library}.py").write_text("raise ImportError('half installed')")
    with pytest.raises(ImportError, match="half installed"):
        __import__(library)
    assert not seen
    (tmp_path / f"{library}.py").write_text("value = 'a longer text, so that it is read anew'")
    __import__(library)
    assert seen == [1]


def test_a_module_that_is_not_installed_is_no_matter() -> None:
    imports.when_imported("no_such_library", list)
    with pytest.raises(ModuleNotFoundError):
        __import__("no_such_library")
    imports.forget("no_such_library")
    assert not imports.is_installed("no_such_library")
    assert imports.is_installed("json")
