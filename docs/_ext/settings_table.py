"""The directive `settings-table`: one row for each field of `debugpanel.conf.Settings`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from debugpanel.conf import TYPE_WORDS, Settings


class SettingsTable(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(lines()))


def lines() -> Iterator[str]:
    yield from [".. list-table::", "   :header-rows: 1", "   :widths: 22 16 20 42", ""]
    yield from row("Key", "Type", "Default", "Meaning")
    for setting in fields(Settings):
        type_words = TYPE_WORDS[str(setting.type)]
        yield from row(f"``{setting.name}``", type_words, default_of(setting), about(setting))


def row(*cells: str) -> Iterator[str]:
    first, *others = cells
    yield f"   * - {first}"
    yield from (f"     - {cell}" for cell in others)


def default_of(setting: Field[Any]) -> str:
    default = setting.default
    if setting.default_factory is not MISSING:
        default = setting.default_factory()
    if is_long(default):
        return f"``defaults.{setting.name}``"
    return f"``{default!r}``"


def is_long(default: Any) -> bool:
    return len(repr(default)) > 110


def about(setting: Field[Any]) -> str:
    return str(setting.metadata["about"]).replace("`", "``")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("settings-table", SettingsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
