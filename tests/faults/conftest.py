from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.realworld.environments import ROOT, run
from tests.realworld.postgres import Cluster, binaries, running_cluster
from tests.realworld.servers import Server, running_server

PAGES = ("text", "json", "queries/7", "rollback", "error", "missing", "stream", "file", "log")
WAIT_S = 60

# What differs from one answer to the next by itself.
VARYING_HEADERS = ("date",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The host site under gunicorn, and a way to look at what it stored."""

    server: Server
    folder: Path
    environment: dict[str, str]

    def get(self, page: str) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request("GET", f"/host/{page}/")
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        headers = [pair for pair in response.getheaders() if pair[0].lower() not in VARYING_HEADERS]
        return response.status, headers, body

    def answers(self) -> list[tuple[int, list[tuple[str, str]], bytes]]:
        return [self.get(page) for page in PAGES]

    def shell(self, code: str) -> str:
        """What a line of Python prints in a process of the site's own."""
        program = f"import django; django.setup()\n{code}"
        return run(Path(sys.executable), "-c", program, cwd=self.folder, env=self.environment)

    def stored(self) -> int:
        code = "from debugpanel.models import Trace; print(Trace.objects.count())"
        return int(self.shell(code).split()[-1])

    def wait_for_workers(self) -> None:
        """Until new workers answer in place of killed ones."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            try:
                self.get("text")
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise AssertionError(self.server.log.read_text())

    def wait_until_stored(self, wanted: Callable[[int], bool]) -> int:
        deadline = time.monotonic() + WAIT_S
        while not wanted(stored := self.stored()):
            assert time.monotonic() < deadline, f"{stored} traces\n{self.server.log.read_text()}"
            self.get("text")
            time.sleep(0.5)
        return stored


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    try:
        binaries()
    except AssertionError as missing:
        pytest.skip(str(missing))
    folder = Path("/tmp") / f"debugpanel-{tmp_path.name}"
    with running_cluster(folder) as running:
        running.create_database("traces")
        yield running
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Start the site with its tables; extra environment says where the traces go."""
    running = []

    def start(extra: dict[str, str], kind: str = "gunicorn") -> Site:
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.served_settings",
            "PYTHONPATH": str(ROOT),
            "SERVED_FOLDER": str(tmp_path),
            **extra,
        }
        (tmp_path / "served_wsgi.py").write_text(
            "from django.core.wsgi import get_wsgi_application\n"
            "application = get_wsgi_application()\n"
        )
        (tmp_path / "served_asgi.py").write_text(
            "from django.core.asgi import get_asgi_application\n"
            "from debugpanel.asgi import flush_at_shutdown\n"
            "application = flush_at_shutdown(get_asgi_application())\n"
        )
        for arguments in ([], ["--database", "debugpanel"]):
            command = ["-m", "django", "migrate", "-v0", *arguments]
            run(Path(sys.executable), *command, cwd=tmp_path, env=environment)
        context = running_server(
            kind,
            python=Path(sys.executable),
            cwd=tmp_path,
            env=environment,
            log=tmp_path / "server.log",
        )
        running.append(context)
        return Site(server=context.__enter__(), folder=tmp_path, environment=environment)

    yield start
    for context in running:
        context.__exit__(None, None, None)
