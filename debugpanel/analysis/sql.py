"""The shape of a SQL statement: every literal replaced, comments gone, names kept.

Statements that differ in values, in the length of a list or in the number of rows share one
shape and so one fingerprint. What cannot be read completely is never shown: of it remain the
verb, the first table and a marker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import islice

from debugpanel.analysis.sql_tokens import SPACE, token_pattern
from debugpanel.trace.randomness import is_random

UNREADABLE = "[unreadable SQL]"
MAX_READ_CHARS = 64 * 1024
MAX_TOKENS = 20_000
MAX_TEXT_BYTES = 8 * 1024
MAX_TABLES = 8
MEMO_SIZE = 4096
MAX_MEMO_CHARS = 4 * 1024

OTHER = "OTHER"
_KNOWN_VERBS = """
    SELECT INSERT UPDATE DELETE REPLACE MERGE VALUES TABLE CALL DO EXECUTE PREPARE DEALLOCATE
    BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE END ABORT SET SHOW RESET USE PRAGMA EXPLAIN
    DESCRIBE ANALYZE OPTIMIZE VACUUM REINDEX CREATE ALTER DROP TRUNCATE RENAME COMMENT GRANT
    REVOKE LOCK UNLOCK COPY LOAD DECLARE FETCH CLOSE MOVE LISTEN UNLISTEN NOTIFY ATTACH DETACH
    REFRESH CLUSTER DISCARD CHECKPOINT KILL FLUSH HANDLER CHECK REPAIR XA
"""
VERBS = frozenset(_KNOWN_VERBS.split())


_texts: dict[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement without its values: safe to store and to show."""

    text: str
    fingerprint: str
    verb: str
    tables: tuple[str, ...]


def normalise(sql: str, *, double_quotes_are_strings: bool = False) -> Statement:
    """Return the shape of `sql`; `double_quotes_are_strings` for MySQL and MariaDB."""
    pattern = token_pattern(double_quotes_are_strings=double_quotes_are_strings)
    shape, is_complete = _read(sql[:MAX_READ_CHARS].lstrip(SPACE), pattern)
    shape = _without_random_names(shape)
    if not is_complete or len(sql) > MAX_READ_CHARS:
        return _unreadable(shape)
    text = _without_repeated_arms(_with_plain_savepoint(shape))
    return Statement(
        text=_cut(text), fingerprint=_fingerprint(text), verb=_verb(text), tables=_tables(text)
    )


def describe_cache(sql: str, *, double_quotes_are_strings: bool = False) -> Statement:
    """Return what `normalise` does, remembered: an application repeats its statements.

    Long texts are mostly bulk inserts, each one different: remembering them costs memory only.
    """
    if len(sql) > MAX_MEMO_CHARS:
        return _read_and_note(sql, double_quotes_are_strings)
    return _remembered(sql, double_quotes_are_strings)


@lru_cache(maxsize=MEMO_SIZE)
def _remembered(sql: str, double_quotes_are_strings: bool) -> Statement:
    return _read_and_note(sql, double_quotes_are_strings)


def _read_and_note(sql: str, double_quotes_are_strings: bool) -> Statement:
    statement = normalise(sql, double_quotes_are_strings=double_quotes_are_strings)
    if len(_texts) >= MEMO_SIZE:
        _texts.pop(next(iter(_texts)), None)
    _texts[statement.fingerprint] = statement.text
    return statement


def text_of(fingerprint: str) -> str:
    """Return the text of a shape that was read lately, "" when it was not.

    Sums of statements know the fingerprint only, and most come from traces that are not kept.
    """
    return _texts.get(fingerprint, "")


# Reading


def _read(sql: str, pattern: re.Pattern[str]) -> tuple[str, bool]:
    """Return the shape of what could be read, and whether that is everything."""
    pieces: list[str] = []
    depth = position = 0
    for match in islice(pattern.finditer(sql), MAX_TOKENS):
        kind = match.lastgroup
        if kind is None or kind == "bad":
            break
        token = match[kind]
        position = match.end()
        if depth:
            depth += 1 if kind == "list_start" else _DEPTH.get(token, 0)
        else:
            depth = kind == "list_start"
            pieces.append(_SHAPES[kind](token, pieces))
        if not depth and position != match.end(kind):
            pieces[-1] += " "
    return "".join(pieces).strip(" ;"), position == len(sql)


_DEPTH = {"(": 1, "[": 1, ")": -1, "]": -1}


def _as_is(token: str, _before: list[str]) -> str:
    return token


def _as_value(_token: str, _before: list[str]) -> str:
    return "?"


def _as_nothing(_token: str, _before: list[str]) -> str:
    return ""


def _as_row_break(_token: str, _before: list[str]) -> str:
    return "), ("


def _as_list(token: str, _before: list[str]) -> str:
    if token.endswith("["):
        return f"{token}...]"
    return f"{token[:-1].rstrip()} (...)"


def _as_number(_token: str, before: list[str]) -> str:
    """A sign belongs to the number where no operand stands before it."""
    if before and before[-1].rstrip() in {"-", "+"} and _expects_operand(before[-2:-1]):
        before[-1] = ""
    return "?"


def _expects_operand(before: list[str]) -> bool:
    text = "".join(before).rstrip().upper()
    return text[-1:] in set("(,[=<>!|+-*/%~^&:") or text in _OPERAND_WORDS


_BEFORE_OPERAND = """
    SELECT WHERE AND OR NOT WHEN THEN ELSE BETWEEN LIMIT OFFSET BY SET RETURNING HAVING ON
"""
_OPERAND_WORDS = frozenset(_BEFORE_OPERAND.split())


def _as_name_or_string(token: str, before: list[str]) -> str:
    """SQLite takes "x" for a string where no column x exists: hide it where a value may stand."""
    if not _is_value_place(before):
        return token
    first_end = token.index('"', 1) + 1
    return "?" + token[first_end:]


def _is_value_place(before: list[str]) -> bool:
    text = before[-1].rstrip().upper() if before else ""
    return text[-1:] in set("=<>!|+-*/%~^&") or text in _VALUE_WORDS


_BEFORE_VALUE = """
    LIKE ILIKE GLOB MATCH REGEXP RLIKE BETWEEN THEN ELSE ESCAPE KEY PASSWORD SEPARATOR
"""
_VALUE_WORDS = frozenset(_BEFORE_VALUE.split())


def _as_table_or_string(token: str, before: list[str]) -> str:
    """Names with spaces and the like are kept only where nothing but a name may stand."""
    text = before[-1].rstrip().upper() if before else ""
    is_name = text in _NAMING_WORDS and len(token) <= 130 and token.isprintable()
    return token if is_name else "?"


_NAMING_WORDS = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "AS"})

_SHAPES: dict[str, Callable[[str, list[str]], str]] = {
    "names": _as_is,
    "word": _as_is,
    "operator": _as_is,
    "mark": _as_is,
    "quoted": _as_name_or_string,
    "oddly_quoted": _as_table_or_string,
    "literal": _as_value,
    "parameter": _as_value,
    "number": _as_number,
    "comment": _as_nothing,
    "row_break": _as_row_break,
    "list_start": _as_list,
}


# Folding what differs from call to call


def _without_random_names(text: str) -> str:
    """Replace what stands where a name does and looks like no name.

    SQLite takes `"x"` for a string where no column is called x; settings are bare words.
    """
    return _LONG_NAME.sub(lambda found: "?" if _is_random(found["name"]) else found[0], text)


_is_random = lru_cache(maxsize=MEMO_SIZE)(is_random)

_LONG_NAME = re.compile(r"[\"`\[]?(?P<name>\w{20,}+)[\"`\]]?")


def _with_plain_savepoint(text: str) -> str:
    return text if text.endswith(UNREADABLE) else _SAVEPOINT.sub(r"\1 ?", text)


_SAVEPOINT = re.compile(
    r"\A((?:SAVEPOINT|RELEASE(?: SAVEPOINT)?|ROLLBACK(?: WORK| TRANSACTION)? TO(?: SAVEPOINT)?))"
    r" (?!SAVEPOINT\b).+\Z",
    re.IGNORECASE | re.DOTALL,
)


def _without_repeated_arms(text: str) -> str:
    """`CASE` gets one arm for each row of a bulk update."""
    if text.count("WHEN ") < 2:
        return text
    kept = [""]
    for part in reversed(_BEFORE_ARM.split(text)):
        if not kept[-1].startswith(part):
            kept.append(part)
    return "".join(reversed(kept))


_BEFORE_ARM = re.compile(r"(?=\bWHEN )")


# Describing


def _fingerprint(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _cut(text: str) -> str:
    """Shorten in the middle: the end holds the conditions."""
    data = text.encode("utf-8", "replace")
    if len(data) <= MAX_TEXT_BYTES:
        return text
    head = data[: MAX_TEXT_BYTES * 3 // 4].decode("utf-8", "ignore").rpartition(" ")[0]
    tail = data[-MAX_TEXT_BYTES // 5 :].decode("utf-8", "ignore").partition(" ")[2]
    return f"{head} ... {tail}".rstrip()


def _verb(text: str) -> str:
    first_word = _FIRST_WORD.match(text)
    word = first_word[1].upper() if first_word else OTHER
    if word == "WITH":
        word = next(_words_outside_parentheses(text), OTHER)
    word = "BEGIN" if word == "START" else word
    return word if word in VERBS else OTHER


_FIRST_WORD = re.compile(r"[( ]*+([^\W\d]\w*+)")


def _words_outside_parentheses(text: str) -> Iterator[str]:
    depth = 0
    for match in _VERB_OR_PARENTHESIS.finditer(text):
        depth += _DEPTH.get(match[0], 0)
        if not depth and match[0] != ")":
            yield match[0].upper()


_VERB_OR_PARENTHESIS = re.compile(
    r"[()]|(?<![\w\"`.])(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|MERGE)\b", re.IGNORECASE
)


def _tables(text: str) -> tuple[str, ...]:
    """Best effort: what stands after FROM, JOIN, INTO, UPDATE or TABLE."""
    local_names = _common_tables(text)
    found: dict[str, None] = {}
    for match in _TABLE.finditer(f" {text}"):
        name = _unquoted(match[1] or match[2] or "")
        if name and name not in local_names and name.upper() not in _NO_TABLES:
            found[name] = None
        if len(found) == MAX_TABLES:
            break
    return tuple(found)


def _common_tables(text: str) -> set[str]:
    if "WITH " not in text[:_WITH_WITHIN].upper():
        return set()
    return {_unquoted(match[1]) for match in _COMMON_TABLE.finditer(text)}


_WITH_WITHIN = 1024
_NO_TABLES = frozenset({"SELECT", "SET", "OUTFILE", "DUMPFILE", "DUAL", "LATERAL", "STDIN"})
_PART = r"(?:\"[^\"]++\"|`[^`]++`|\[[^\[\]]++\]|[^\W\d][\w$]*+)"
_NAME = rf"({_PART}(?:\.{_PART})*+)"
_MODIFIERS = r"(?:ONLY |LATERAL |IF EXISTS |IF NOT EXISTS |LOW_PRIORITY |IGNORE |OR \w++ )*+"
_TABLE = re.compile(
    r"[ (](?:"
    r"(?:EXTRACT|TRIM)\([^()]*+\)"
    rf"|(?:INTO|TRUNCATE TABLE|TRUNCATE|(?<!TRUNCATE )TABLE) {_MODIFIERS}{_NAME}"
    r"|(?:(?<!DISTINCT )FROM|JOIN|(?<!FOR )(?<!KEY )(?<!DO )(?<!ON )UPDATE)"
    rf" {_MODIFIERS}{_NAME}(?!\())",
    re.IGNORECASE,
)
_COMMON_TABLE = re.compile(
    rf"(?:\bWITH(?: RECURSIVE)?|,) {_NAME}(?: ?\([^()]*+\))? AS (?:NOT )?(?:MATERIALIZED )?\(",
    re.IGNORECASE,
)


def _unquoted(name: str) -> str:
    plain = name.translate(_WITHOUT_QUOTES)
    return plain if _PLAIN_NAME.fullmatch(plain) else ""


_WITHOUT_QUOTES = str.maketrans("", "", '"`[]')
_PLAIN_NAME = re.compile(r"[\w$. -]*+")


def _unreadable(shape: str) -> Statement:
    verb, tables = _verb(shape), _tables(shape)[:1]
    words = [word for word in (verb, *tables, UNREADABLE) if word != OTHER]
    text = " ".join(words)
    return Statement(text=text, fingerprint=_fingerprint(text), verb=verb, tables=tables)
