"""The window of time a list shows. There is always one: it can be widened, not removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest

PARAMETER = "window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    name: str
    label: str
    hours: int | None

    @property
    def is_narrow(self) -> bool:
        """Sorting by anything but time reads the whole window, so it must not be wide."""
        return self.hours is not None and self.hours <= 24

    def since(self) -> datetime | None:
        """Where it begins; None is as far back as traces are kept."""
        if self.hours is None:
            return None
        return datetime.now(UTC) - timedelta(hours=self.hours)


WINDOWS = (
    Window(name="1h", label="past hour", hours=1),
    Window(name="6h", label="past 6 hours", hours=6),
    Window(name="24h", label="past 24 hours", hours=24),
    Window(name="7d", label="past 7 days", hours=7 * 24),
    Window(name="all", label="all that is stored", hours=None),
)
DEFAULT = WINDOWS[1]
WIDEST = WINDOWS[-1]

_by_name = {window.name: window for window in WINDOWS}


def named(name: str | None) -> Window | None:
    """Return the window of that name, None when there is none."""
    return DEFAULT if name is None else _by_name.get(name)


def chosen(request: HttpRequest) -> Window:
    return named(request.GET.get(PARAMETER)) or DEFAULT
