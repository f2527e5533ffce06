from __future__ import annotations

import json
import sys
from pathlib import Path

import django
import pytest

from debugpanel.trace import context, source
from debugpanel.trace.model import Frame


@pytest.fixture
def project(tmp_path):
    before = source._roots.project
    source.set_project(tmp_path)
    yield tmp_path
    source.set_project(before)


def compiled(path: Path, text: str = "def total():\n    return 1\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    names: dict[str, object] = {}
    exec(compile(text, str(path), "exec"), names)
    return names["total"].__code__


def test_project_code_is_named_relative_to_the_project(project):
    code = compiled(project / "shop" / "views.py")
    assert source.resolve(code, 0) == Frame("shop/views.py", "total", 1, True)


def test_the_line_is_that_of_the_instruction(project):
    code = compiled(project / "views.py", "def total(a):\n    b = a\n    return b\n")
    last = max(start for start, _, line in code.co_lines() if line == 3)
    assert source.resolve(code, last).line == 3


def test_an_instruction_without_a_line_gets_the_functions_first(project):
    code = compiled(project / "views.py")
    assert source.line_of(code, 10_000) == 1


def test_library_code_is_named_relative_to_site_packages(project):
    code = django.setup.__code__
    assert source.resolve(code, 0)[::3] == ("django/__init__.py", False)


def test_the_standard_library_is_not_the_project(project):
    assert source.resolve(json.loads.__code__, 0)[::3] == ("json/__init__.py", False)


def test_our_own_code_is_not_the_project():
    source.set_project(Path(__file__).parent.parent.parent)
    code = context.current_trace.__code__
    assert source.resolve(code, 0)[::3] == ("debugpanel/trace/context.py", False)


def test_a_virtual_environment_inside_the_project_is_not_the_project(project):
    name = str(project / ".venv" / "lib" / "python3" / "site-packages" / "lib" / "core.py")
    sys.path.append(str(project / ".venv" / "lib" / "python3" / "site-packages"))
    try:
        source.set_project(project)
        assert source.place(name) == ("lib/core.py", False)
    finally:
        sys.path.pop()


def test_a_file_from_elsewhere_does_not_show_its_folders(project):
    assert source.place("/home/anna/secret/shop/views.py") == ("shop/views.py", False)


def test_generated_code_keeps_its_name(project):
    assert source.place("<string>") == ("<string>", False)


def test_resolving_twice_gives_the_same_frame(project):
    code = compiled(project / "views.py")
    assert source.resolve(code, 0) is source.resolve(code, 0)


def test_the_cache_is_bounded(project, monkeypatch):
    monkeypatch.setattr(source, "MAX_CACHED", 3)
    code = compiled(project / "views.py")
    for lasti in range(10):
        source.resolve(code, lasti)
    assert len(source._frames) <= 3


def test_lines_around_a_frame_are_read_with_their_numbers(project):
    compiled(project / "views.py", "a = 1\nb = 2\ndef total():\n    return 1\nc = 3\n")
    lines = source.source_lines(Frame("views.py", "total", 3, True), around=1)
    assert lines == [(2, "b = 2"), (3, "def total():"), (4, "    return 1")]


def test_lines_at_the_beginning_of_a_file_are_read(project):
    compiled(project / "views.py")
    assert source.source_lines(Frame("views.py", "total", 1, True))[0] == (1, "def total():")


@pytest.mark.parametrize("in_app", [True, False])
@pytest.mark.parametrize(
    "name", ["../outside.py", "/etc/passwd", "secrets.env", "absent.py", "a\0.py", "link.py"]
)
def test_nothing_outside_is_ever_read(tmp_path, name, in_app):
    before = source._roots.project
    (tmp_path / "project").mkdir()
    (tmp_path / "outside.py").write_text("password = 1\n")
    (tmp_path / "project" / "secrets.env").write_text("password = 1\n")
    (tmp_path / "project" / "link.py").symlink_to(tmp_path / "outside.py")
    source.set_project(tmp_path / "project")
    try:
        assert source.source_lines(Frame(name, "f", 1, in_app)) == []
    finally:
        source.set_project(before)


def test_lines_of_a_library_are_read():
    lines = source.source_lines(Frame("django/__init__.py", "setup", 1, False))
    assert lines


def test_a_file_that_is_not_text_has_no_lines(project):
    (project / "broken.py").write_bytes(b"\xff\xfe\x00broken")
    assert source.source_lines(Frame("broken.py", "f", 1, True)) == []
