"""The two servers: the partner in a thread of ours, gunicorn as a child."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from sandbox_project.launcher.console import Trouble, say
from sandbox_project.launcher.places import DATA, ROOT, last_lines
from sandbox_project.partner import PartnerServer

SERVER_LOG = DATA / "server.log"
ACCESS_LOG = DATA / "access.log"
START_LIMIT_S = 60
STOP_LIMIT_S = 10
LOOK_EVERY_S = 0.1


def shop_environment() -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "sandbox_project.settings",
        "PYTHONUNBUFFERED": "1",
        "SANDBOX_DATA": str(DATA.resolve()),
    }


@contextmanager
def partner() -> Iterator[str]:
    server = PartnerServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()


class Gunicorn:
    """The child process, in a session of its own: Ctrl-C reaches only the launcher."""

    def __init__(self, python: Path, port: int, partner_url: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        SERVER_LOG.write_text("")
        with SERVER_LOG.open("a") as log:
            self.process = subprocess.Popen(
                [str(python), *arguments(port)],
                cwd=ROOT,
                env={**shop_environment(), "SANDBOX_PARTNER_URL": partner_url},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def require_alive(self) -> None:
        if self.process.poll() is not None:
            raise Trouble(f"The server ended. The end of {SERVER_LOG}:\n{last_lines(SERVER_LOG)}")

    def wait_until_up(self) -> None:
        say(f"Starting gunicorn on {self.url}")
        limit = time.monotonic() + START_LIMIT_S
        while not self.is_up():
            self.require_alive()
            if time.monotonic() > limit:
                raise Trouble(f"The shop does not answer; see {SERVER_LOG}")
            time.sleep(LOOK_EVERY_S)

    def is_up(self) -> bool:
        try:
            with urlopen(f"{self.url}/health/", timeout=START_LIMIT_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def arguments(port: int) -> list[str]:
    return [
        *("-m", "gunicorn", "--config", "python:sandbox_project.gunicorn_settings"),
        *("--bind", f"127.0.0.1:{port}"),
        *("--access-logfile", str(ACCESS_LOG), "--error-logfile", str(SERVER_LOG)),
    ]


@contextmanager
def gunicorn(python: Path, port: int, partner_url: str) -> Iterator[Gunicorn]:
    server = Gunicorn(python, port, partner_url)
    try:
        yield server
    finally:
        server.stop()
