"""The real servers that run a site: started, waited for, and stopped as an operator would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.realworld.environments import own_environment

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
LISTEN_STATE = "0A"

GUNICORN = [
    *("-m", "gunicorn", "--preload", "--worker-class=gthread", "--workers=2", "--threads=2"),
    *("--timeout=120", "--no-control-socket"),
]
UVICORN = ["-m", "uvicorn", "--no-access-log", "--timeout-graceful-shutdown=10"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def worker_ids(self) -> list[int]:
        """The processes that answer: gunicorn's are the children of its arbiter."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_TIMEOUT_S)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def command_of(kind: str, port: int) -> list[str]:
    if kind == "gunicorn":
        return [*GUNICORN, f"--bind=127.0.0.1:{port}", "served_wsgi"]
    return [*UVICORN, f"--port={port}", "served_asgi:application"]


@contextmanager
def running_server(
    kind: str, *, python: Path, cwd: Path, env: dict[str, str], log: Path
) -> Iterator[Server]:
    port = free_port()
    command = [python, *command_of(kind, port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=own_environment() | env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process=process, port=port, log=log)
    try:
        _wait_until_it_listens(server)
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_listens(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert server.process.poll() is None, server.log.read_text()
        if _listens(server.port):
            return
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")


def _listens(port: int) -> bool:
    """Looked up in the kernel's table: a connection of ours would be an extra request to some."""
    wanted = f"0100007F:{port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(row[1] == wanted and row[3] == LISTEN_STATE for row in rows)
