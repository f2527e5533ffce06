"""Where code stands: frames for stacks, and the lines around them for the viewer.

Files are named relative to the project, to site-packages or to the standard library, so
that a stored trace says nothing of the machine and reads the same on every worker.
"""

from __future__ import annotations

import sys
import sysconfig
import tokenize
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from debugpanel.trace.model import Frame

MAX_CACHED = 20_000
MAX_FILE_BYTES = 2 * 1024 * 1024
PLUMBING = ("django/", "debugpanel/", "asgiref/", "asyncio/", "concurrent/", "<")
LIBRARY_FOLDERS = ("site-packages", "dist-packages")

_OWN_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """The folders that files are named relative to."""

    project: Path
    libraries: tuple[Path, ...]
    standard: tuple[Path, ...]


def _find_roots(project: Path) -> Roots:
    libraries = [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]
    libraries += [Path(entry) for entry in sys.path if Path(entry).name in LIBRARY_FOLDERS]
    standard = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
    return Roots(
        project=project.resolve(),
        libraries=_with_resolved(libraries),
        standard=_with_resolved(standard),
    )


def _with_resolved(folders: list[Path]) -> tuple[Path, ...]:
    # A path of a code object may or may not have its links resolved.
    both = [path for folder in folders for path in (folder, folder.resolve())]
    return tuple(dict.fromkeys(both))


_roots = _find_roots(Path.cwd())
_frames: dict[tuple[int, int], tuple[CodeType, Frame]] = {}
_places: dict[str, tuple[str, bool]] = {}


def set_project(folder: str | Path) -> None:
    """Say where the project's own code is; until then it is the working directory."""
    global _roots
    _roots = _find_roots(Path(folder))
    _frames.clear()
    _places.clear()


def is_plumbing(frame: Frame) -> bool:
    """Say whether a frame stands between everybody's code and the database: it tells nothing."""
    if frame.in_app:
        return False
    return frame.file.startswith(PLUMBING) or "/" not in frame.file


def resolve(code: CodeType, lasti: int) -> Frame:
    """Return the file, function and line of an instruction."""
    # Hashing a code object is slow. Held in the cache it lives, and so its id is its own.
    key = (id(code), lasti)
    known = _frames.get(key)
    if known is not None:
        return known[1]
    file, in_app = place(code.co_filename)
    frame = Frame(file, code.co_qualname, line_of(code, lasti), in_app)
    if len(_frames) >= MAX_CACHED:
        _frames.clear()
    _frames[key] = (code, frame)
    return frame


def line_of(code: CodeType, lasti: int) -> int:
    for start, end, line in code.co_lines():
        if start <= lasti < end and line is not None:
            return line
    return code.co_firstlineno


def place(filename: str) -> tuple[str, bool]:
    """Return a file's name as it is shown, and whether it is the project's own."""
    known = _places.get(filename)
    if known is None:
        if len(_places) >= MAX_CACHED:
            _places.clear()
        known = _places[filename] = _place(filename)
    return known


def _place(filename: str) -> tuple[str, bool]:
    path = Path(filename)
    if not path.is_absolute():
        return filename, not filename.startswith("<")
    if path.is_relative_to(_OWN_PACKAGE):
        return path.relative_to(_OWN_PACKAGE.parent).as_posix(), False
    for folder in (*_roots.libraries, *_roots.standard):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix(), False
    for candidate in (path, path.resolve()):
        if candidate.is_relative_to(_roots.project):
            return candidate.relative_to(_roots.project).as_posix(), True
    return _beside(path), False


def _beside(path: Path) -> str:
    """Name a file from elsewhere by what follows its library folder, else by its last two parts."""
    parts = path.parts
    for index in range(len(parts) - 1, 0, -1):
        if parts[index - 1] in LIBRARY_FOLDERS:
            return "/".join(parts[index:])
    return "/".join(parts[-2:])


def source_lines(frame: Frame, *, around: int = 5) -> list[tuple[int, str]]:
    """Return numbered lines around a frame's, only from the project or site-packages.

    The frame was read from a table: whatever its file says, nothing else is opened.
    """
    path = _readable_file(frame)
    if path is None:
        return []
    try:
        with tokenize.open(path) as file:
            lines = file.read().splitlines()
    except (OSError, SyntaxError, UnicodeError):
        return []
    first = max(frame.line - around, 1)
    return list(enumerate(lines[first - 1 : frame.line + around], first))


def _readable_file(frame: Frame) -> Path | None:
    if not frame.file.endswith(".py") or "\0" in frame.file or frame.line < 1:
        return None
    for folder in (_roots.project,) if frame.in_app else (*_roots.libraries, _OWN_PACKAGE.parent):
        path = _file_below(folder, frame.file)
        if path is not None:
            return path
    return None


def _file_below(folder: Path, name: str) -> Path | None:
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            return None
        return path if path.stat().st_size <= MAX_FILE_BYTES else None
    except (OSError, ValueError):
        return None
