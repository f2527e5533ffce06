"""The launcher as its users meet it: as a command."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from sandbox_project.launcher.journeys import JOURNEYS
from sandbox_project.launcher.visitor import Page, Visitor
from sandbox_project.logins import PASSWORD, STAFF

pytestmark = pytest.mark.only_on("sqlite")

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60

# Root may write everywhere; without this capability it is as everybody else.
POWERLESS = (
    "import ctypes, os, sys;"
    "ctypes.CDLL(None).prctl(24, 1, 0, 0, 0);"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
WITHOUT = (
    "import runpy, sys; sys.modules[{module!r}] = None;"
    "sys.argv[1:] = {arguments!r}; runpy.run_module('sandbox_project', run_name='__main__')"
)
OLD = (
    "import runpy, sys; sys.version_info = (3, 9, 18, 'final', 0);"
    "runpy.run_module('sandbox_project', run_name='__main__')"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A fresh clone, as far as the launcher is concerned."""
    shutil.copytree(ROOT / "sandbox_project", tmp_path / "clone" / "sandbox_project")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "clone")
    return tmp_path / "clone"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def run(
    *words: object, data: Path, cwd: Path = ROOT, python: str | Path = sys.executable
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in (python, *words)],
        cwd=cwd,
        env={**os.environ, "SANDBOX_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_taken_port_is_named_with_a_way_out(port: int, data: Path) -> None:
    with socket.create_server(("127.0.0.1", port)):
        done = run("-m", "sandbox_project", "--no-venv", "--port", port, data=data)
    assert f"Port {port} is taken by another program" in refused(done)
    assert "python3 -m sandbox_project --port" in done.stderr


def test_an_impossible_port_is_refused(data: Path) -> None:
    done = run("-m", "sandbox_project", "--port", "99999", data=data)
    assert done.returncode == 2
    assert "ports go from 1 to 65535" in done.stderr


def test_no_permission_to_write_is_said_in_words(tmp_path: Path, port: int) -> None:
    tmp_path.chmod(0o555)
    words = ("-c", POWERLESS, "-m", "sandbox_project", "--no-venv", "--port", port)
    done = run(*words, data=tmp_path / "data")
    tmp_path.chmod(0o755)
    assert f"Cannot write in {tmp_path / 'data'}: Permission denied" in refused(done)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_venv_module_is_named_with_its_package(
    copy: Path, port: int, data: Path, module: str
) -> None:
    program = WITHOUT.format(module=module, arguments=["--port", str(port)])
    done = run("-c", program, cwd=copy, data=data)
    assert f"no module {module}" in refused(done)
    assert "apt install python3-venv" in done.stderr


def test_an_environment_of_somebody_else_is_not_removed(copy: Path, port: int, data: Path) -> None:
    (copy / ".venv").mkdir()
    (copy / ".venv" / "theirs.txt").write_text("keep")
    done = run("-m", "sandbox_project", "--port", port, cwd=copy, data=data)
    assert "the sandbox did not make it" in refused(done)
    assert (copy / ".venv" / "theirs.txt").exists()


def test_missing_packages_are_named_with_the_command_that_installs_them(
    tmp_path: Path, port: int, data: Path
) -> None:
    run("-m", "venv", "--without-pip", tmp_path / "bare", data=data)
    words = ("-m", "sandbox_project", "--no-venv", "--port", port)
    done = run(*words, data=data, python=tmp_path / "bare" / "bin" / "python")
    assert 'pip install -e ".[sandbox]"' in refused(done)


def test_an_old_python_is_told_its_number(data: Path) -> None:
    done = run("-c", OLD, data=data)
    assert refused(done) == "The sandbox needs Python 3.11 or newer; this is Python 3.9.\n"


class Sandbox:
    """A sandbox that was started, and what it says."""

    def __init__(self, port: int, data: Path, visits: int) -> None:
        self.url, self.data = f"http://127.0.0.1:{port}", data
        words = ["-m", "sandbox_project", "--no-venv", "--port", str(port)]
        self.process = subprocess.Popen(
            [sys.executable, *words, "--visits", str(visits)],
            cwd=ROOT,
            env={**os.environ, "SANDBOX_DATA": str(data)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def read_until(self, words: str) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return
        raise AssertionError(f"The sandbox ended without saying {words!r}:\n{self.said}")

    def wait_for_a_visitor(self) -> None:
        log = self.data / "access.log"
        limit_s = time.monotonic() + LIMIT_S
        while not (log.exists() and "GET /catalogue/" in log.read_text()):
            assert time.monotonic() < limit_s
            time.sleep(0.05)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=LIMIT_S)
        self.said += rest
        return self.process.returncode

    def children(self) -> set[int]:
        """The master and its two workers, as gunicorn wrote them down."""
        log = (self.data / "server.log").read_text()
        numbers = {int(number) for number in re.findall(r"^\[.+?\] \[(\d+)\]", log, re.MULTILINE)}
        assert len(numbers) == 3, log
        return numbers

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A sandbox from its start to its end, with a look at it in between."""

    said: str
    url: str
    home: Page
    style: Page
    traces: Page
    trace: Page
    exit_code: int
    children: set[int]
    kept: set[tuple[str, str]]


@pytest.fixture(scope="module")
def stay(tmp_path_factory: pytest.TempPathFactory) -> Stay:
    data = tmp_path_factory.mktemp("sandbox")
    sandbox = Sandbox(free_port(), data, visits=len(JOURNEYS))
    try:
        sandbox.read_until("Ctrl-C closes the sandbox")
        staff = Visitor(sandbox.url, Random(1))
        staff.log_in(STAFF, PASSWORD)
        traces = staff.get("/admin/debugpanel/trace/")
        return Stay(
            said=sandbox.said,
            url=sandbox.url,
            home=staff.get("/"),
            style=staff.get("/static/shop/shop.css"),
            traces=traces,
            trace=staff.get(trace_links(traces)[0]),
            children=sandbox.children(),
            exit_code=sandbox.interrupt(),
            kept=kept(data),
        )
    finally:
        sandbox.close()


def trace_links(page: Page) -> list[str]:
    links = page.links("/admin/debugpanel/trace/")
    return [link for link in links if re.search(r"/[0-9a-f-]{32,36}/", link)]


def kept(data: Path) -> set[tuple[str, str]]:
    query = """SELECT route.name, trace.reason FROM debugpanel_trace AS trace
                 JOIN debugpanel_route AS route ON route.id = trace.route_id"""
    with closing(sqlite3.connect(data / "debugpanel.sqlite3")) as database:
        return set(database.execute(query))


def survivors(children: set[int]) -> set[int]:
    """Who is left in the end: a killed process is there until somebody takes note of its death."""
    limit_s = time.monotonic() + LIMIT_S
    while (alive := set(filter(is_alive, children))) and time.monotonic() < limit_s:
        time.sleep(0.05)
    return alive


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_address_and_the_login_are_printed(stay: Stay) -> None:
    assert f"{stay.url}/admin/debugpanel/trace/" in stay.said
    assert f"{STAFF}, password {PASSWORD}" in stay.said


def test_the_shop_answers_in_its_style(stay: Stay) -> None:
    assert "Tidewater Chandlery" in stay.home.text
    assert (stay.style.status, stay.style.text[:5]) == (200, ":root")


def test_the_first_page_a_user_opens_has_traces_worth_reading(stay: Stay) -> None:
    assert stay.traces.status == 200
    assert len(trace_links(stay.traces)) >= 10
    assert stay.trace.status == 200


def test_every_fault_left_a_trace(stay: Stay) -> None:
    places = {"new/", "seen-together/", "price-matrix/", "deals/", "checkout/", "staff/ledger.csv"}
    assert places <= {route for route, _ in stay.kept}
    assert ("checkout/", "error") in stay.kept


def test_ctrl_c_ends_everything_without_a_traceback(stay: Stay) -> None:
    assert stay.exit_code == 0
    assert not survivors(stay.children)


def test_ctrl_c_while_visitors_are_in_the_shop_ends_everything_too(port: int, data: Path) -> None:
    sandbox = Sandbox(port, data, visits=100_000)
    try:
        sandbox.read_until("Starting gunicorn")
        sandbox.wait_for_a_visitor()
        children = sandbox.children()
        assert sandbox.interrupt() == 0
    finally:
        sandbox.close()
    assert sandbox.said.endswith("The sandbox is closed.\n")
    assert "Traceback" not in sandbox.said
    assert not survivors(children)
