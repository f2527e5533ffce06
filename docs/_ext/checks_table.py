"""The directive `checks-table`: the ids in the docstrings of `debugpanel/checks.py`, read only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class ChecksTable(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(lines()))


def lines() -> Iterator[str]:
    yield from [".. list-table::", "   :header-rows: 1", "   :widths: 20 80", ""]
    yield from ["   * - Id", "     - What is wrong"]
    for ids, meaning in sorted(checks()):
        yield from [f"   * - {ids}", f"     - {meaning}"]


def checks() -> Iterator[tuple[str, str]]:
    """Importing the module would need a configured Django; its text does not."""
    for node in ast.parse(source()).body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("check_"):
            continue
        ids, _, meaning = (ast.get_docstring(node) or "").partition(": ")
        yield ids, meaning[:1].upper() + meaning[1:]


def source() -> str:
    spec = find_spec("debugpanel")
    if spec is None or spec.origin is None:
        raise LookupError("debugpanel is not installed")
    return Path(spec.origin).with_name("checks.py").read_text()


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("checks-table", ChecksTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
