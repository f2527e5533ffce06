"""Whether a run of characters looks random, as keys and tokens do and names do not.

Every pair of neighbouring letters that is unusual in the languages of names and messages is
a surprise, and so is every change between letter and digit. A name of 24 characters has one
or two surprises, a random text of that length about twelve.
"""

from __future__ import annotations

import re
import string
from operator import add

MIN_RANDOM = 20
MIN_HEX = 32
MIN_BASE64 = 40

# First letter, then the letters that usually follow it. Counted over the identifiers of the
# standard library and Django, and Django's translations into 14 languages: the 250 most
# frequent pairs, 90 % of all; of random pairs 63 % are others.
_FOLLOWERS = """
aabcdgiklmnprstuvy baeilorsu cacehiklortu dadeilorsu eabcdefgiklmnopqrstvwxz faefiloru
gaehilnorsu haeiot iabcdefgklmnoprstvz jae kaeiostu ladeilostuy mabeimopsu nacdefgiklnostuvy
obcdgiklmnoprstuvw paeiloprstuy qu racdegiklmnorstuy sacehiklopstuyz tacehiloprstuyu
uabceilmnprst vaeio waei xt ypst zaei
"""
_USUAL_PAIRS = frozenset(row[0] + second for row in _FOLLOWERS.split() for second in row[1:])

_LETTERS = frozenset(string.ascii_letters)
_DIGITS = frozenset(string.digits)

_LONG = re.compile(r"[0-9]{20}|[0-9A-Fa-f]{32}|[0-9A-Za-z+]{40}")
_HEX_WITH_BOTH = re.compile(r"(?=[0-9_-]*+[A-Fa-f])(?=[A-Fa-f_-]*+[0-9])[0-9A-Fa-f_-]++")
_HAS_DIGIT = re.compile(r"[0-9]")


def _is_surprise(first: str, second: str) -> bool:
    if first in _LETTERS and second in _LETTERS:
        starts_word = first.islower() and second.isupper()
        return not starts_word and (first + second).lower() not in _USUAL_PAIRS
    return (first in _LETTERS and second in _DIGITS) or (first in _DIGITS and second in _LETTERS)


_CHARACTERS = string.ascii_letters + string.digits
_SURPRISES = frozenset(a + b for a in _CHARACTERS for b in _CHARACTERS if _is_surprise(a, b))


def count_surprises(run: str) -> int:
    return sum(map(_SURPRISES.__contains__, map(add, run, run[1:])))


def is_random(run: str) -> bool:
    """Judge a run of letters, digits, `-` and `_`."""
    if len(run) < MIN_RANDOM:
        return False
    if _LONG.search(run) or _HEX_WITH_BOTH.fullmatch(run):
        return True
    is_mixed = _HAS_DIGIT.search(run) or not (run.islower() or run.isupper())
    return count_surprises(run) >= max(4 if is_mixed else 6, len(run) / 7)


def is_dense(run: str) -> bool:
    """Judge a run with `/`, `+` or `.` in it, which paths and dotted names have as well."""
    return count_surprises(run) >= max(6, len(run) / 4)
