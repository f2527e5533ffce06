"""Sites of others with debugpanel inside: run with DEBUGPANEL_REALWORLD=1, else left out.

It takes minutes, installs packages into `.envs/` and starts a PostgreSQL of its own, which is why
`pytest tests` alone does not collect it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from tests.realworld import environments
from tests.realworld.browser import Response
from tests.realworld.panel import Store, Visit, open_every_trace, read_store
from tests.realworld.postgres import Cluster, running_cluster
from tests.realworld.runs import OFF, ON, Prepared, Run, prepare, run_script
from tests.realworld.sites import SITES

if os.environ.get("DEBUGPANEL_REALWORLD") != "1":
    collect_ignore_glob = ["*"]

# Under uvicorn a third of the pages.
PAGE_STEP = {"gunicorn": 1, "uvicorn": 3}


@pytest.fixture(scope="session")
def workplace() -> Iterator[Path]:
    """Readable by the user that PostgreSQL runs as, which pytest's own folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="debugpanel-realworld-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(workplace: Path) -> Iterator[Cluster]:
    with running_cluster(workplace / "postgres") as cluster:
        yield cluster


class Sites:
    """Each site is made ready when it is first asked for."""

    def __init__(self, workplace: Path, cluster: Cluster) -> None:
        self._workplace = workplace
        self._cluster = cluster
        self._prepared: dict[str, Prepared] = {}
        self._locks = {name: Lock() for name in SITES}
        self._wheel_lock = Lock()

    def prepared(self, name: str) -> Prepared:
        with self._locks[name]:
            if name not in self._prepared:
                self._prepared[name] = self._prepare(name)
        return self._prepared[name]

    def _prepare(self, name: str) -> Prepared:
        python = environments.make_environment(name)
        environments.install_wheel(python, self._wheel(python))
        folder = self._workplace / name / "original"
        return prepare(SITES[name], cluster=self._cluster, python=python, folder=folder)

    def _wheel(self, python: Path) -> Path:
        folder = self._workplace / "wheel"
        with self._wheel_lock:
            built = list(folder.glob("*.whl"))
            return built[0] if built else environments.build_wheel(python, folder)


@pytest.fixture(scope="session")
def sites(workplace: Path, cluster: Cluster) -> Sites:
    return Sites(workplace, cluster)


@dataclass
class Twin:
    """The same script run three times: without debugpanel, once more without, and with it."""

    off: Run
    off_again: Run
    on: Run
    pages: int
    """How many different pages the crawl found for the script."""

    @property
    def requests(self) -> int:
        return len(self.on.responses)

    @property
    def store(self) -> Store:
        return self._seen[0]

    @property
    def visit(self) -> Visit:
        return self._seen[1]

    @cached_property
    def _seen(self) -> tuple[Store, Visit]:
        """In this order: those who look at traces log in first, which is recorded, too."""
        return read_store(self.on.place), open_every_trace(self.on.place)


KINDS = [(site, kind) for kind in PAGE_STEP for site in SITES]


def run_twin(sites: Sites, name: str, kind: str) -> Twin:
    prepared = sites.prepared(name)
    pages = prepared.pages[:: PAGE_STEP[kind]]
    script = prepared.original.site.script(pages)

    def run(title: str, settings: str) -> Run:
        place = prepared.original.copy(f"{name}_{kind}_{title}")
        return run_script(place, kind, settings, script)

    return Twin(
        off=run("off", OFF),
        off_again=run("off_again", OFF),
        on=run("on", ON),
        pages=len(pages),
    )


@pytest.fixture(scope="session")
def twins(request: pytest.FixtureRequest, sites: Sites) -> Iterator[dict[Any, Future[Twin]]]:
    """All that the chosen tests need, two at a time."""
    chosen = {kind for item in request.session.items for kind in kinds_of(item)}
    with ThreadPoolExecutor(len(SITES)) as pool:
        yield {kind: pool.submit(run_twin, sites, *kind) for kind in KINDS if kind in chosen}


def kinds_of(item: Any) -> list[tuple[str, str]]:
    if "controls" in item.fixturenames:
        return KINDS
    return [item.callspec.params["twin"]] if "twin" in item.fixturenames else []


@pytest.fixture(scope="session", params=KINDS, ids="-".join)
def twin(request: pytest.FixtureRequest, twins: dict[Any, Future[Twin]]) -> Twin:
    return twins[request.param].result()


@pytest.fixture(scope="session")
def controls(twins: dict[Any, Future[Twin]]) -> list[tuple[list[Response], list[Response]]]:
    """Of each site and server, what two runs without debugpanel answered."""
    each = [twins[kind].result() for kind in KINDS]
    return [(twin.off.responses, twin.off_again.responses) for twin in each]
