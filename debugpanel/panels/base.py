"""The contract of a panel: one view of a stored trace."""

from __future__ import annotations

from typing import Any, ClassVar

from debugpanel.trace.model import Trace


class Panel:
    """Shows one aspect of a trace. It takes a Trace, never a queryset."""

    name: ClassVar[str]
    """A slug: the panel's anchor on the page."""

    title: ClassVar[str]
    """What people read as its heading."""

    template: ClassVar[str]
    """The template that `context` is rendered with."""

    def is_for(self, trace: Trace) -> bool:
        """Say whether there is anything to show."""
        return True

    def summary(self, trace: Trace) -> str:
        """Return a few words for the heading, such as a count."""
        return ""

    def context(self, trace: Trace) -> dict[str, Any]:
        """Return what the template needs; every text in it is data, never HTML."""
        raise NotImplementedError
