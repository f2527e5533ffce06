"""Acting when a library is imported, without importing it.

Observing httpx must not cost 6 MB and 60 ms in a process that never uses it. While something
is waited for, a finder stands first in `sys.meta_path`; it finds nothing itself.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from debugpanel import guard
from debugpanel.trace.patching import hide_own_frame

PART = "imports"

Action = Callable[[], None]

_waiting: dict[str, Action] = {}


def is_installed(name: str) -> bool:
    """Say whether a top-level module could be imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def when_imported(name: str, action: Action) -> None:
    """Act once, when a top-level module has been imported; at once if it is there already."""
    if sys.modules.get(name) is not None:
        action()
        return
    _waiting[name] = action
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def forget(name: str) -> None:
    """Wait for a module no longer."""
    _waiting.pop(name, None)
    _step_aside()


def _step_aside() -> None:
    if not _waiting and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


class _Finder:
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        action = _waiting.pop(name, None)
        if action is None:
            return None
        try:
            return _spec_with_action(name, action)
        except Exception as fault:
            guard.report(PART, fault)
            return None


_finder: Any = _Finder()


def _spec_with_action(name: str, action: Action) -> ModuleSpec | None:
    # It is waited for no longer, so this asks the other finders.
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        _waiting[name] = action
        return spec
    loader: Any = spec.loader
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        try:
            execute(module)
        except BaseException as error:
            _waiting[name] = action
            hide_own_frame(error)
            raise
        _act(action)

    loader.exec_module = exec_module
    return spec


def _act(action: Action) -> None:
    try:
        _step_aside()
        action()
    except Exception as fault:
        guard.report(PART, fault)
