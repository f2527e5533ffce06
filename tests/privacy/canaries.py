"""Random values to plant, and every form in which one may turn up again."""

from __future__ import annotations

import base64
import random
import string

LENGTH = 24
FRAGMENT = 8
AROUND = 60
_CHARACTERS = string.ascii_letters + string.digits
_FEWEST_DIGITS = 4


class Canaries:
    """Makes canaries and remembers them, each by what it was planted as."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}
        self._random = random.SystemRandom()

    def __getitem__(self, place: str) -> str:
        """Return the canary of a place; the same one when asked again."""
        if place not in self.planted:
            self.planted[place] = self._new()
        return self.planted[place]

    def plant(self, place: str, value: str) -> str:
        """Remember a secret that has a form of its own: a card, a signed value."""
        self.planted[place] = value
        return value

    def _new(self) -> str:
        while True:
            text = "".join(self._random.choices(_CHARACTERS, k=LENGTH))
            if sum(map(str.isdigit, text)) >= _FEWEST_DIGITS:
                return text

    def found_in(self, text: str) -> dict[str, str]:
        """Return the places whose canaries can be read in a text, with what stands around."""
        folded = text.lower()
        found = {}
        for place, canary in self.planted.items():
            is_random = len(canary) == LENGTH
            at = _find(folded, folded_forms(canary) if is_random else [canary.lower()])
            at = _find(text, base64_forms(canary)) if at < 0 else at
            if at >= 0:
                found[place] = text[max(at - AROUND, 0) : at + AROUND]
        return found


def _find(text: str, forms: list[str]) -> int:
    return next((at for form in forms if (at := text.find(form)) >= 0), -1)


def folded_forms(canary: str) -> list[str]:
    """Every fragment of eight characters, forwards and backwards, in lower case."""
    lower = canary.lower()
    starts = range(len(lower) - FRAGMENT + 1)
    return [piece[start : start + FRAGMENT] for piece in (lower, lower[::-1]) for start in starts]


def base64_forms(canary: str) -> list[str]:
    """What base64 makes of it, wherever in a text of threes it begins."""
    forms = []
    for offset in range(3):
        encoded = base64.b64encode(b" " * offset + canary.encode()).decode().rstrip("=")
        forms.append(encoded[4 if offset else 0 :][:-4])
    return [form for form in forms if len(form) >= FRAGMENT]
