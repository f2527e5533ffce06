# ruff: noqa: RUF001 - words of several scripts are the subject here
"""Which names are sensitive: the key denylist and how a name is matched against it.

A name is folded (percent-decoded once, compatibility form, accents and invisible characters
removed), split into words at separators and camel case, and stripped of digits. It is
sensitive when a stem occurs anywhere in it, or when a word, a plural of one, or neighbouring
words joined are on the list: `new_password1` is caught, `shipping` is not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from debugpanel.redaction.markers import fails_closed

MAX_NAME = 256
_MAX_JOINED_WORDS = 4


def _fold(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unquote(name))
    kept = (c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf"))
    return "".join(kept).translate(_UNDECOMPOSED)


_UNDECOMPOSED = str.maketrans("łŁıøđ", "lLiod")

_CAMEL = re.compile(r"(?<=[a-zа-я])(?=[A-ZА-Я])|(?<=[A-ZА-Я])(?=[A-ZА-Я][a-zа-я])")
_SEPARATORS = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\d+")


def _terms(listing: str) -> frozenset[str]:
    return frozenset(_DIGITS.sub("", _fold(term)).casefold() for term in listing.split())


STEMS = _terms(
    """
    password passwd passphrase passwort kennwort motdepasse contraseña secret token apikey
    пароль секрет токен 密码 密碼 口令 令牌 秘密 密钥 密鑰 银行卡 信用卡 卡号
    パスワード トークン シークレット カード番号 暗証番号
    """
)

# Terms of several words are written joined.
WORDS = _terms(
    """
    pass passwd password passphrase passcode pwd pw secret token jwt bearer auth authorization
    oauth saml sso credential apikey accesskey privatekey secretkey signingkey encryptionkey key
    session sid sessid sessionid phpsessid jsessionid cookie csrf xsrf nonce salt hash digest
    signature sig hmac otp totp mfa pin cvv cvc card cardnumber pan iban accountnumber
    routingnumber ssn socialsecurity taxid passport licence license dsn connectionstring
    databaseurl private certificate pem xforwardedfor xrealip ipaddress phone phonenumber mobile
    birth birthdate birthday dateofbirth dob address email emailaddress

    geheim geheimnis schlüssel karte kartennummer kreditkarte
    mdp jeton carte
    clave secreto tarjeta
    senha segredo cartão palavrapasse
    parola paroladordine segreto gettone carta tessera
    hasło sekret tajny karta żeton
    карта
    şifre gizli anahtar belirteç kart
    卡 カード
    """
)

# Harmless as the name of a variable or a field, a credential in a URL (OAuth).
QUERY_WORDS = _terms("code state")


def _split(text: str) -> list[str]:
    spaced = _SEPARATORS.sub(" ", _CAMEL.sub(" ", text))
    return spaced.casefold().split()


def _joined(words: list[str]) -> set[str]:
    """Return every run of neighbouring words, joined; a single word is a run of one."""
    return {
        "".join(words[start : start + size])
        for size in range(1, _MAX_JOINED_WORDS + 1)
        for start in range(len(words) - size + 1)
    }


def _singulars(terms: set[str]) -> set[str]:
    cut_s = {term[:-1] for term in terms if term.endswith("s")}
    cut_es = {term[:-2] for term in terms if term.endswith("es")}
    return terms | cut_s | cut_es


@lru_cache(maxsize=64)
def _extra_terms(extra_keys: frozenset[str]) -> frozenset[str]:
    joined = ("".join(_split(_DIGITS.sub("", _fold(key)))) for key in extra_keys)
    return frozenset(term for term in joined if term)


@lru_cache(maxsize=4096)
def _is_denied(name: str, extra_keys: frozenset[str], in_query: bool) -> bool:
    folded = _fold(name)
    stripped, parted = _split(_DIGITS.sub("", folded)), _split(_DIGITS.sub(" ", folded))
    whole = "".join(stripped)
    if any(stem in whole for stem in STEMS):
        return True
    terms = _singulars(_joined(stripped) | _joined(parted) | {whole})
    if in_query and not terms.isdisjoint(QUERY_WORDS):
        return True
    return not (terms.isdisjoint(WORDS) and terms.isdisjoint(_extra_terms(extra_keys)))


@fails_closed(to=True)
def key_is_sensitive(
    name: str, *, extra_keys: frozenset[str] = frozenset(), in_query: bool = False
) -> bool:
    """Say whether a value under this name must be masked. `extra_keys` only ever add."""
    if type(name) is not str or len(name) > MAX_NAME:
        return True
    return _is_denied(name, extra_keys, in_query)
