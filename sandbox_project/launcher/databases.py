"""Both databases, the goods on the shelves and the staff user."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sandbox_project.launcher.console import Trouble, say
from sandbox_project.launcher.places import DATA, ROOT, last_lines
from sandbox_project.launcher.servers import shop_environment

LOG = DATA / "databases.log"


def prepare(python: Path) -> None:
    say("Preparing the databases")
    command = [str(python), "-m", "django", "prepare_sandbox"]
    with LOG.open("w") as log:
        done = subprocess.run(
            command, cwd=ROOT, env=shop_environment(), stdout=log, stderr=log, check=False
        )
    if done.returncode:
        raise Trouble(f"The databases could not be prepared. The end of {LOG}:\n{last_lines(LOG)}")
