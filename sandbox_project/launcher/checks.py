"""What must hold before anything is made."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from sandbox_project.launcher.console import Trouble
from sandbox_project.launcher.places import DATA


def check_place(port: int) -> None:
    check_system()
    check_writable(DATA)
    check_port(port)


def check_system() -> None:
    if os.name != "posix":
        raise Trouble("The sandbox runs gunicorn, which needs Linux, macOS or another Unix.")


def check_writable(folder: Path) -> None:
    """By writing: permission bits do not tell about full disks and read-only mounts."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Trouble(
            f"Cannot write in {folder}: {error.strerror}.\n"
            "Give this user permission to write there, or copy the repository to a place of yours."
        ) from error


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except PermissionError as error:
            raise Trouble(f"This user may not listen on port {port}. {another(port)}") from error
        except OSError as error:
            raise Trouble(f"Port {port} is taken by another program. {another(port)}") from error


def another(port: int) -> str:
    free = max(8000, port % 65535 + 1)
    return f"Choose another one: python3 -m sandbox_project --port {free}"
