"""Numbers as people read them. One unit for durations: milliseconds, seconds from ten on."""

from __future__ import annotations

TIMES = "\N{MULTIPLICATION SIGN}"
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
_SIZES = ((1024**3, "GB"), (1024**2, "MB"), (1024, "kB"))


def duration(value_ns: float) -> str:
    """Three significant digits: `0.042 ms`, `3.14 ms`, `870 ms`, `12.3 s`."""
    if not value_ns:
        return "0 ms"
    if value_ns >= 10 * NS_PER_S:
        return f"{significant(value_ns / NS_PER_S)} s"
    return f"{significant(value_ns / NS_PER_MS)} ms"


def significant(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def count(value: int) -> str:
    return f"{value:,}"


def counted(value: int, word: str, plural: str = "") -> str:
    """`1 query`, `61 queries`."""
    return f"{value:,} {word if value == 1 else plural or word + 's'}"


def share(part: float, whole: float) -> str:
    """Return a percentage, "" where there is no whole."""
    if whole <= 0:
        return ""
    percent = 100 * part / whole
    return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def size(value_bytes: int) -> str:
    for factor, unit in _SIZES:
        if value_bytes >= factor:
            return f"{value_bytes / factor:.1f} {unit}"
    return f"{value_bytes} B"
