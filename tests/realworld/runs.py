"""A site made ready once, and runs of it: each on its own copy of the project and the database."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.realworld import environments
from tests.realworld.browser import Browser, Request, Response
from tests.realworld.crawler import CLIENTS, Phase, discover, replay, send_phase
from tests.realworld.postgres import Cluster, LogEntry
from tests.realworld.servers import Server, running_server
from tests.realworld.sites import Site

OFF, ON = "realworld_off", "realworld_on"
NOT_THE_SITE = {"debugpanel", "psql"}

# uvicorn ends by the signal that stopped it, which leaves Python no moment to flush at exit;
# the numbers of the last minute are written when it is over.
NUMBERS_ARE_DUE_S = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One copy of a site: its project folder, its database and the Python that runs it."""

    site: Site
    cluster: Cluster
    python: Path
    folder: Path
    database: str

    def environment(self, settings: str) -> dict[str, str]:
        return self.cluster.environment | {
            "DJANGO_SETTINGS_MODULE": settings,
            "REALWORLD_DATABASE": self.database,
            "PYTHONPATH": str(self.folder),
            "PYTHONWARNINGS": "default",
            # Pages that list a set in the order of its hashes differ from process to process.
            "PYTHONHASHSEED": "0",
        }

    def run(self, *arguments: str, settings: str) -> str:
        return environments.run(
            self.python, *arguments, cwd=self.folder, env=self.environment(settings)
        )

    def copy(self, name: str) -> Place:
        folder, database = self.folder.parent / name, name.replace("-", "_")
        shutil.copytree(self.folder, folder)
        for alias in self.site.aliases:
            original, copied = database_of(alias, self.database), database_of(alias, database)
            self.cluster.create_database(copied, copy_of=original)
        return Place(
            site=self.site,
            cluster=self.cluster,
            python=self.python,
            folder=folder,
            database=database,
        )

    @contextmanager
    def served(self, kind: str, settings: str) -> Iterator[Server]:
        with running_server(
            kind,
            python=self.python,
            cwd=self.folder,
            env=self.environment(settings),
            log=self.folder / f"{kind}.log",
        ) as server:
            yield server


def database_of(alias: str, name: str) -> str:
    return name if alias == "default" else f"{name}_panel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A site with content, and the pages that its links lead to."""

    original: Place
    pages: list[Request]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    place: Place
    kind: str
    responses: list[Response]
    exit_code: int
    server_log: str
    database_log: list[LogEntry]

    def statements(self) -> list[str]:
        """What the site itself sent to its database."""
        return [
            entry.sql
            for entry in self.database_log
            if entry.is_statement
            and entry.database == self.place.database
            and entry.application not in NOT_THE_SITE
        ]


def prepare(site: Site, *, cluster: Cluster, python: Path, folder: Path) -> Prepared:
    place = Place(
        site=site, cluster=cluster, python=python, folder=folder, database=f"{site.name}_original"
    )
    make_project(place)
    for alias in site.aliases:
        cluster.create_database(database_of(alias, place.database))
    for command in site.set_up:
        place.run(*command, settings=OFF)
    for alias in site.aliases:
        place.run("-m", "django", "migrate", "-v0", f"--database={alias}", settings=ON)
    return Prepared(original=place, pages=find_pages(place))


def make_project(place: Place) -> None:
    place.folder.mkdir(parents=True)
    if place.site.start:
        environments.run(place.python, *place.site.start, cwd=place.folder, env={})
    for part in ("common", place.site.name):
        shutil.copytree(environments.PROJECTS / part, place.folder, dirs_exist_ok=True)


def find_pages(place: Place) -> list[Request]:
    """It also warms what a site makes at the first sight of a page, such as smaller pictures."""
    with place.served("gunicorn", OFF) as server:
        browsers = [Browser(port=server.port) for _ in range(CLIENTS)]
        for phase in place.site.login_phases():
            send_phase(browsers, phase)
        pages = discover(browsers, place.site.scope)
        server.stop()
    return [page.request for page in pages]


def run_script(place: Place, kind: str, settings: str, script: Sequence[Phase]) -> Run:
    start = place.cluster.mark()
    with place.served(kind, settings) as server:
        responses = replay(server.port, script)
        if (kind, settings) == ("uvicorn", ON):
            wait_until_counted(place, len(responses))
        exit_code = server.stop()
    end = place.cluster.mark()
    own = {database_of(alias, place.database) for alias in place.site.aliases}
    return Run(
        place=place,
        kind=kind,
        responses=responses,
        exit_code=exit_code,
        server_log=server.log.read_text(),
        database_log=[
            entry for entry in place.cluster.log_between(start, end) if entry.database in own
        ],
    )


def wait_until_counted(place: Place, requests: int) -> None:
    deadline = time.monotonic() + NUMBERS_ARE_DUE_S
    while counted_in(place) < requests and time.monotonic() < deadline:
        time.sleep(1)


def counted_in(place: Place) -> int:
    """Asked of the server itself, as debugpanel's own reading is under test."""
    database = database_of(place.site.aliases[-1], place.database)
    sql = "SELECT coalesce(sum(count), 0) FROM debugpanel_rollup"
    return int(place.cluster.execute(sql, database=database))


NUMBERS = re.compile(r"\b\d+(\.\d+)?\b")
TEXTS = re.compile(r"'(?:[^']|'')*'")
NAMES = re.compile(r"\b(?:_django_curs_|s)\d+_\w+")
LISTS = re.compile(r"\(\?(?:, \?)+\)")


def shape_of(sql: str) -> str:
    """The statement without its literals: the same for different rows."""
    shape = NUMBERS.sub("?", TEXTS.sub("?", NAMES.sub("a name", sql)))
    return LISTS.sub("(?)", shape)
