"""Durations in buckets that grow with the duration: eight for each doubling, stored sparsely.

A bucket is 9 % wide, so that its middle is at most 4.5 % away from every duration in it:
percentiles are as exact as that whatever the distribution, and histograms add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, log2

BUCKETS_PER_DOUBLING = 8
MAX_INDEX = 64 * BUCKETS_PER_DOUBLING - 1
MAX_COUNT = 2**63 - 1
MAX_BYTES = 12 * (MAX_INDEX + 1)
MAX_ERROR = 0.049
VERSION = 1


def index_of(duration_ns: int) -> int:
    """Return the bucket of a duration; what is below 1 ns counts as 1 ns."""
    if duration_ns <= 1:
        return 0
    return min(int(log2(duration_ns) * BUCKETS_PER_DOUBLING), MAX_INDEX)


def bounds(index: int) -> tuple[float, float]:
    """Return the lowest duration of a bucket and that of the next one."""
    low_ns: float = 2.0 ** (index / BUCKETS_PER_DOUBLING)
    high_ns: float = 2.0 ** ((index + 1) / BUCKETS_PER_DOUBLING)
    return low_ns, high_ns


class Histogram:
    """How many durations fell into each bucket."""

    __slots__ = ("counts",)

    def __init__(self, counts: dict[int, int] | None = None) -> None:
        self.counts = {} if counts is None else counts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    def add(self, duration_ns: int, count: int = 1) -> None:
        index = index_of(duration_ns)
        self.counts[index] = self.counts.get(index, 0) + count

    def merge(self, other: Histogram) -> None:
        for index, count in other.counts.items():
            self.counts[index] = self.counts.get(index, 0) + count

    def percentile(
        self, share: float, *, min_ns: int | None = None, max_ns: int | None = None
    ) -> int | None:
        """Return the duration that `share` (0.95) of all stay within, None when there is none.

        Exact at both ends when the smallest and the largest duration are given.
        """
        total = self.count
        if not total:
            return None
        rank = min(max(ceil(share * total), 1), total)
        if rank == 1 and min_ns is not None:
            return min_ns
        if rank == total and max_ns is not None:
            return max_ns
        return _clamp(round(self._at(rank)), min_ns, max_ns)

    def _at(self, rank: int) -> float:
        """Interpolate in the bucket, no further than where the error stays in its limit."""
        index, count, before = self._bucket_of(rank)
        low_ns, high_ns = bounds(index)
        place = (rank - before - 0.5) / count
        guess_ns = low_ns + (high_ns - low_ns) * place
        return min(max(guess_ns, high_ns * (1 - MAX_ERROR)), low_ns * (1 + MAX_ERROR))

    def _bucket_of(self, rank: int) -> tuple[int, int, int]:
        """Return the bucket in which `rank` falls, its count, and how many are in lower ones."""
        before = 0
        items = sorted(self.counts.items())
        for index, count in items:
            if before + count >= rank:
                return index, count, before
            before += count
        raise ValueError(f"rank {rank} is beyond {before} durations")

    def encode(self) -> bytes:
        """Return a version byte, then for each bucket its distance to the last and its count."""
        numbers: list[int] = []
        last = 0
        for index, count in sorted(self.counts.items()):
            numbers += (index - last, count)
            last = index
        return bytes([VERSION, *_varints(numbers)])

    @classmethod
    def decode(cls, data: bytes) -> Histogram:
        """Read what `encode` wrote; ValueError for anything else."""
        if data[:1] != bytes([VERSION]):
            raise ValueError("unknown version of a histogram")
        if len(data) > MAX_BYTES:
            raise ValueError("a histogram is too long")
        numbers = list(_read_varints(data[1:]))
        if len(numbers) % 2:
            raise ValueError("a histogram ends between an index and its count")
        return cls(_counts_of(numbers))


def _clamp(value_ns: int, min_ns: int | None, max_ns: int | None) -> int:
    if min_ns is not None and value_ns < min_ns:
        return min_ns
    if max_ns is not None and value_ns > max_ns:
        return max_ns
    return value_ns


def _counts_of(numbers: list[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    index = 0
    for distance, count in zip(numbers[::2], numbers[1::2], strict=True):
        index += distance
        if index > MAX_INDEX or index in counts:
            raise ValueError("a histogram has a bucket where none can be")
        counts[index] = count
    return counts


def _varints(numbers: Iterable[int]) -> Iterator[int]:
    """Yield each number in groups of seven bits, lowest first; the high bit says more follow."""
    for number in numbers:
        rest = number
        while rest > 0x7F:
            yield rest & 0x7F | 0x80
            rest >>= 7
        yield rest


def _read_varints(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if number > MAX_COUNT:
            raise ValueError("a number of a histogram is too large")
        if byte & 0x80:
            shift += 7
            continue
        yield number
        number = shift = 0
    if shift:
        raise ValueError("a histogram ends inside a number")
