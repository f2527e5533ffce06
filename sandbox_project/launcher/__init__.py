"""Starts the sandbox: environment, databases, servers, visitors; the standard library only.

main
  check_place        may we write here, is the port free
  environment        .venv with the shop and its server in it
  databases          migrated, filled, with a staff user
  servers            the partner (in this process) and gunicorn (a child)
  traffic            visitors, so that there is something to read
  stay               until Ctrl-C
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack
from types import FrameType

from sandbox_project.launcher import checks, databases, environment, servers, traces, traffic
from sandbox_project.launcher.arguments import Arguments, parse
from sandbox_project.launcher.console import Trouble, say
from sandbox_project.logins import PASSWORD, STAFF

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY_S = 1.5

WELCOME = """
  The shop       {url}/
  Debug panel    {url}/admin/debugpanel/trace/
  Log in as      {user}, password {password}
  What to find   {url}/faults/
  Server log     {log}

Ctrl-C closes the sandbox.
"""


def main() -> int:
    arguments = parse()
    for number in STOPPING_SIGNALS:
        signal.signal(number, interrupt)
    try:
        run(arguments)
    except KeyboardInterrupt:
        say("\nThe sandbox is closed.")
    except Trouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    return 0


def interrupt(number: int, frame: FrameType | None) -> None:
    """Once: a second Ctrl-C would leave children behind, and ending them takes seconds at most."""
    for stopping in STOPPING_SIGNALS:
        signal.signal(stopping, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(arguments: Arguments) -> None:
    checks.check_place(arguments.port)
    python = environment.python(own=arguments.venv)
    databases.prepare(python)
    with ExitStack() as running:
        partner_url = running.enter_context(servers.partner())
        server = running.enter_context(servers.gunicorn(python, arguments.port, partner_url))
        server.wait_until_up()
        traffic.send(server.url, arguments.visits)
        traces.wait_for_writing()
        say(welcome(server))
        stay(server, trickle=arguments.traffic)


def welcome(server: servers.Gunicorn) -> str:
    return WELCOME.format(url=server.url, user=STAFF, password=PASSWORD, log=servers.SERVER_LOG)


def stay(server: servers.Gunicorn, *, trickle: bool) -> None:
    journeys = traffic.endless(server.url)
    while True:
        time.sleep(LOOK_EVERY_S)
        server.require_alive()
        if trickle:
            next(journeys)
