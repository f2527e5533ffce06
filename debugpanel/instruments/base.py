"""The contract of an instrument: code that observes one library.

    class StockInstrument(Instrument):
        kind = "stock"
        label = "Stock"
        columns = ("warehouse", "items")

Its spans are `(start_ns, end_ns, kind, number, parent, name, *values)` with one value for
each column; `debugpanel.trace.budget.append` takes them. The generic panel shows them from
`columns` at once, without a migration or a template.
"""

from __future__ import annotations

from typing import ClassVar


class DidNotEnable(Exception):  # noqa: N818 - a state, not a fault
    """Raised by `install()` when the library is missing or too old; the text says which."""


class Instrument:
    """Observes one library. `install` and `uninstall` are a pair, and both are idempotent."""

    kind: ClassVar[str]
    """The word its spans and events carry; redaction rules and panels go by it."""

    label: ClassVar[str]
    """What people read as its name."""

    columns: ClassVar[tuple[str, ...]] = ()
    """Names of the values behind a span's name, in order."""

    def install(self) -> None:
        """Begin to observe. Raises `DidNotEnable` when that is not possible here."""
        raise NotImplementedError

    def uninstall(self) -> None:
        """Put everything back as it was."""
        raise NotImplementedError
