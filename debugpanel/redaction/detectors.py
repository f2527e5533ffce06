"""What a secret looks like: one small function for each kind of value, and their list.

Each takes a text of at most 16 KiB and returns it with what it found replaced by a marker.
Every pattern is linear: a repetition is possessive, bounded, or cannot fail once begun.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import CARD, EMAIL, IBAN, MASK, PEM
from debugpanel.trace.randomness import MIN_RANDOM, is_dense, is_random

_PEM = re.compile(r"-----BEGIN [^-\n]{1,64}-----.*?(?:-----END [^-\n]{1,64}-----|\Z)", re.DOTALL)
_SCHEMES = ("bearer", "basic", "digest", "negotiate")
_GAP = r"(?:[\s:=+]|%20){1,8}+(?!\[masked)"
_SCHEME = re.compile(
    rf"\b(?:(?P<digest>digest{_GAP})(?=\w{{1,32}}+=)[^\n]*+"
    rf"|(?P<scheme>(?:bearer|basic|negotiate|digest){_GAP})[^\s,;\"']++)",
    re.IGNORECASE,
)
_PASSWORD_HASH = re.compile(
    r"(?:\b(?:pbkdf2_|argon2|bcrypt|scrypt|sha1|md5|unsalted_)\w{0,20}+|(?<!\w))"
    r"\$[^\s$]{0,64}+\$[^\s\"'<>]++"
)
_VENDOR_KEY = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:AKIA|ASIA|AROA|AIDA|AGPA)[0-9A-Z]{16,}+"
    r"|(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|[prs]k_(?:live|test)_|whsec_|AIza|npm_"
    r"|pypi-|hf_|dop_v1_|sk-|SG\.|ya29\.)[\w.-]{16,}+)"
)
_JWT = re.compile(r"(?<!\w)eyJ[\w-]{5,}+(?:\.[\w-]*+){0,4}+")
_DOTTED = re.compile(r"(?<![\w.-])(?:[\w-]{4,}+\.){2}(?P<signature>[\w-]{4,}+)(?!\.?[\w-])")
_WORD = re.compile(r"[^\s\"'`<>,;()\[\]{}=&|]{20,}+={0,2}+")
_RUN = re.compile(r"[0-9A-Za-z_-]{20,}+")
_SIGNATURE = re.compile(r"[\w-]{43}|[\w-]{27}")
_EMAIL = re.compile(
    r"(?<![\w.+%!#$&*?^{|}~-])(?<!\w')(?:[\w.+%!#$&*?^{|}~-]|(?<=\w)')++@(?=\w)"
    r"|(?<![\w.+-])[\w.+-]++%40(?=\w)"
)
_NUMBER_GROUPS = re.compile(r"(?<!\d)\d{3,19}+(?!\d)(?:[ \u00a0.-]\d{3,19}+(?!\d))*+")
_GROUP = re.compile(r"\d+")
# Searched for first: patterns that begin with a plain class are far quicker to rule out.
_TWO_DIGITS = re.compile(r"[0-9]{2}")
_THREE_DIGITS = re.compile(r"\d{3}")
_IBAN = re.compile(r"(?<![^\W_])(?P<country>[A-Za-z]{2})[0-9]{2}(?=[ -]?[0-9A-Za-z])")
_IBAN_REGISTRY = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27
DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28
IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22
MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24
SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBAN_REGISTRY.split()}
_MAX_IBAN_TEXT = 2 * 34


def mask_pem(text: str) -> str:
    return _PEM.sub(PEM, text) if "-----BEGIN " in text else text


def mask_credentials(text: str) -> str:
    """What follows Bearer, Basic, Digest or Negotiate."""
    lower = text.lower()
    if not any(scheme in lower for scheme in _SCHEMES):
        return text
    return _SCHEME.sub(rf"\g<digest>\g<scheme>{MASK}", text)


def mask_password_hashes(text: str) -> str:
    return _PASSWORD_HASH.sub(MASK, text) if "$" in text else text


def mask_vendor_keys(text: str) -> str:
    return _VENDOR_KEY.sub(MASK, text) if len(text) >= MIN_RANDOM else text


def mask_dotted(text: str) -> str:
    """JWT, JWE, and other values of three dotted parts that end in a signature."""
    text = _JWT.sub(MASK, text) if "eyJ" in text else text
    if text.count(".") < 2:
        return text
    return _DOTTED.sub(lambda found: MASK if is_random(found["signature"]) else found[0], text)


def mask_random(text: str) -> str:
    """Signed values and runs that look random: hexadecimal, base64, mixed."""
    if len(text) < MIN_RANDOM:
        return text
    return _WORD.sub(lambda found: _judge_word(found[0]), text)


def _judge_word(word: str) -> str:
    decoded = unquote(word) if "%" in word else word
    judged = _RUN.sub(lambda found: MASK if is_random(found[0]) else found[0], decoded)
    if _is_signed(decoded) or is_dense(judged.replace(MASK, "")):
        return MASK
    if judged == decoded:
        return word
    return judged if decoded is word else MASK


def _is_signed(word: str) -> bool:
    """Django's signed values end in a colon and a digest in base64 (SHA-1 or SHA-256)."""
    _, colon, signature = word.rpartition(":")
    return bool(colon and _SIGNATURE.fullmatch(signature))


def mask_emails(text: str) -> str:
    """Mask the person, keep the domain."""
    if "@" not in text and "%40" not in text:
        return text
    return _EMAIL.sub(f"{EMAIL}@", text)


def mask_cards(text: str) -> str:
    if not _THREE_DIGITS.search(text):
        return text
    return _NUMBER_GROUPS.sub(lambda found: _judge_number(found[0]), text)


def _judge_number(number: str) -> str:
    groups = _GROUP.findall(number)
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) > 19:
                break
            if is_card(digits):
                return CARD
    return number


def is_card(digits: str) -> bool:
    """Check the length, the Luhn digit and the first digit: 0 and 1 begin no payment card."""
    if not 13 <= len(digits) <= 19 or digits[0] in "01":
        return False
    values = [int(digit) for digit in reversed(digits)]
    doubled = (value * 2 - 9 if value > 4 else value * 2 for value in values[1::2])
    return (sum(values[0::2]) + sum(doubled)) % 10 == 0


def mask_ibans(text: str) -> str:
    if not _TWO_DIGITS.search(text):
        return text
    parts, at = [], 0
    for found in _IBAN.finditer(text):
        end = _iban_end(text, found)
        if end is not None and found.start() >= at:
            parts += [text[at : found.start()], IBAN]
            at = end
    return "".join([*parts, text[at:]])


def _iban_end(text: str, start: re.Match[str]) -> int | None:
    wanted = _IBAN_LENGTHS.get(start["country"].upper(), 0)
    number = ""
    for end in range(start.start(), min(len(text), start.start() + _MAX_IBAN_TEXT)):
        if text[end] not in " -":
            number += text[end]
        if len(number) >= wanted:
            is_whole = not text[end + 1 : end + 2].isalnum()
            return end + 1 if wanted and is_whole and is_iban(number) else None
    return None


def is_iban(number: str) -> bool:
    if not (number.isascii() and number.isalnum()):
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


DETECTORS: tuple[Callable[[str], str], ...] = (
    mask_pem,
    mask_credentials,
    mask_password_hashes,
    mask_vendor_keys,
    mask_dotted,
    mask_emails,
    mask_ibans,
    mask_random,
    mask_cards,
)


def mask_secrets(text: str) -> str:
    """Run every detector for values that are secret whatever their name."""
    for detect in DETECTORS:
        text = detect(text)
    return text


# Words of letters and short numbers, none of 19 characters: no detector finds anything here.
_HARMLESS = re.compile(
    r"(?:\s|(?=\S{1,18}(?!\S))(?:"
    r"(?!eyJ|[BbDdNn](?i:earer|asic|igest|egotiate)\b)[A-Za-z_]++(?![0-9])"
    r"|[0-9]{1,11}+(?:\.[0-9]{1,2}+)?+(?!\w|[ \u00a0.-][0-9])"
    r"|[.,()!'=]|[:/](?!/)|-(?!-))++(?!\S))*+"
)


def is_harmless(text: str) -> bool:
    """Say quickly that no detector finds anything, and that there is no URL; False says nothing."""
    return _HARMLESS.fullmatch(text) is not None


# A key, what may close it (a quote, a bracket), and what joins it to its value.
_KEY = re.compile(
    r"(?<![^\s=:,;&?(){}<>\"'`\\/|])(?<!://)(?<!\[masked:)(?P<key>[^\s=:,;&?(){}<>\"'`\\/|]++)"
    r"(?P<joint>[\\\"'`\])}]{0,4}+[ \t]{0,4}+(?:=>|:=|==|=|:)[ \t]{0,4}+)"
)
_VALUE_ENDS = re.compile(
    r"\[masked(?::[a-z]{1,8})?\]"
    r"|[bBrRuU]{0,2}+(?:\"(?:[^\"\\]|\\.)*+\"?+|'(?:[^'\\]|\\.)*+'?+|`[^`]*+`?+)"
    r"|\\++\"[^\"]*+\"?+|\\++'[^']*+'?+"
    r"|[(\[{].*+",
    re.DOTALL,
)
# A comma or an ampersand belongs to the value unless white space or another key follows.
_BARE_VALUE = re.compile(r"(?:[^\s&,;]|[&,;](?!\s|[\w.-]{1,40}+=))*+")
_LINE_PART = re.compile(r"(?:[^\n,;]|[,;](?!\s{0,4}+[\"']?+[\w.-]{1,40}+[\"']?+\s?+[=:]))*+")


def mask_pairs(text: str, *, extra_keys: frozenset[str] = frozenset()) -> str:
    """Mask the value of each `key=value` and `key: value` whose key is sensitive."""
    if "=" not in text and ":" not in text:
        return text
    parts, at = [], 0
    for found in _KEY.finditer(text):
        if found.start() < at or not key_is_sensitive(found["key"], extra_keys=extra_keys):
            continue
        end = _value_end(text, found)
        if end > found.end():
            parts += [text[at : found.end()], MASK]
            at = end
    return "".join([*parts, text[at:]])


def _value_end(text: str, key: re.Match[str]) -> int:
    bare = _LINE_PART if key["joint"].strip().endswith(":") else _BARE_VALUE
    found = _VALUE_ENDS.match(text, key.end()) or bare.match(text, key.end())
    return found.end() if found else len(text)
