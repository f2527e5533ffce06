"""The command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    port: int
    visits: int
    traffic: bool
    venv: bool


def port_number(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port; ports go from 1 to 65535")
    return port


def parse(words: list[str] | None = None) -> Arguments:
    parser = argparse.ArgumentParser(
        prog="python3 -m sandbox_project",
        description="A small shop under gunicorn with debugpanel in it, and visitors.",
    )
    parser.add_argument("--port", type=port_number, default=8000, help="default: %(default)s")
    parser.add_argument(
        "--visits", type=int, default=60, help="visits before you come; default: %(default)s"
    )
    parser.add_argument(
        "--traffic", action="store_true", help="keep a trickle of visitors until the end"
    )
    parser.add_argument(
        "--no-venv",
        dest="venv",
        action="store_false",
        help="use the packages of this Python instead of making .venv",
    )
    return Arguments(**vars(parser.parse_args(words)))
