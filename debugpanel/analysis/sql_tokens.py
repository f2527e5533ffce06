r"""The tokens of SQL as one regular expression for each reading of double quotes.

Only possessive repetitions and single-character look-aheads: a token is read in time linear in
its length. What no other group matches is `bad`: an open quote, or a place where databases
disagree, so that one of them would see a literal where another sees code:

    '..\'..'        a quote for MySQL, the end of the string for the others
    /* .. /* .. */  the end for SQLite and MySQL, still a comment for PostgreSQL
    [it's]          a name for SQLite, an open string for PostgreSQL
    --x, /*! .. */  code for MySQL, a comment for the others
"""

from __future__ import annotations

import re
from functools import cache

SPACE = " \t\n\r\f\v"

_CONTROL = r"\x00-\x1f\x7f\ud800-\udfff"
_WORD = r"[^\W\d][\w$]*+"
_TICKED = rf"`[^`{_CONTROL}]{{1,128}}`"
_DOUBLE_QUOTED_NAME = rf'"[^"{_CONTROL}]{{1,128}}"'

_LINE_REST = r"[^\r\n]*+(?:\r?\n|\Z)"
_COMMENT_REST = r"(?:[^*/]++|\*(?!/)|/(?!\*))*+\*/"
_BRACKET = r"\[(?=(?:[^\[\]'\"`/$-]|-(?!-)|/(?!\*)|\$(?=\d))*+(?:[\[\]]|\Z))"
_NUMBER = r"(?:\d|\.\d)[\w.]*+(?:(?<=[eE])[+-]\d[\w.]*+)?"
_PARAMETER = r"%[sbt](?!\w)|%\([^()'\"`\n]*+\)s|\?\d*+|:(?!:)\w++|\$\w++(?!\$)"
_LIST_START = (
    r"(?i:IN|VALUES)[ \t\n\r\f\v]*+\((?![ \t\n\r\f\v(]*+(?i:SELECT|WITH|TABLE)\b)|(?i:ARRAY)\["
)


@cache
def token_pattern(*, double_quotes_are_strings: bool) -> re.Pattern[str]:
    """Return the pattern whose matches, one after the other, cover a text completely."""
    groups = _mysql_groups() if double_quotes_are_strings else _standard_groups()
    alternatives = "|".join(f"(?P<{name}>{pattern})" for name, pattern in groups.items())
    between = f"(?:[{SPACE}]++|{groups['comment']})*+"
    return re.compile(f"(?:{alternatives}){between}", re.DOTALL)


def _standard_groups() -> dict[str, str]:
    name_part = f"(?:{_WORD}|{_TICKED}|{_DOUBLE_QUOTED_NAME})"
    quoted_name = r'"[^\W\d][\w$]{0,62}"'
    return {
        "names": _names(name_part),
        "quoted": f"{quoted_name}(?:, {quoted_name}(?!\\.))*+",
        "oddly_quoted": r'"[^"]*+"',
        "literal": _standard_literal(),
        "comment": rf"--{_LINE_REST}|/\*{_COMMENT_REST}",
        **_shared_groups(operators="<>=!|&^~*+.;@#"),
    }


def _mysql_groups() -> dict[str, str]:
    return {
        "names": _names(f"(?:{_WORD}|{_TICKED})"),
        "literal": f"{_string(quote=chr(39))}|{_string(quote=chr(34))}",
        "comment": (rf"(?:--(?=[\x00-\x20\x7f]|\Z)|\#){_LINE_REST}|/\*(?!!|M!){_COMMENT_REST}"),
        **_shared_groups(operators="<>=!|&^~*+.;@"),
    }


def _names(part: str) -> str:
    name = rf"(?:{part}(?:\.(?:{part}|\*))++|{_TICKED})"
    return f"{name}(?:, {name})*+"


def _standard_literal() -> str:
    escaped = r"[eE]'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'"
    dollar_quoted = r"\$(?P<tag>(?:[^\W\d]\w*+)?)\$.*?\$(?P=tag)\$"
    # Django writes these two for SQLite; read as an escape, no statement would follow.
    backslash = r"(?<=ESCAPE )'\\'(?!')|'\\'(?=, '\\\\'\))"
    return f"{escaped}|{_string(quote=chr(39))}|{backslash}|{dollar_quoted}"


def _string(*, quote: str) -> str:
    plain = rf"[^{quote}\\]*+"
    return rf"{quote}{plain}(?:(?:{quote}{quote}|\\[^{quote}]){plain})*+{quote}"


def _shared_groups(*, operators: str) -> dict[str, str]:
    return {
        "list_start": _LIST_START,
        "word": _WORD,
        "parameter": _PARAMETER,
        "number": _NUMBER,
        "row_break": rf"\)[{SPACE}]*+,[{SPACE}]*+\(",
        "operator": rf"(?:[{re.escape(operators)}]|-(?!-)|/(?!\*))++|::|:=",
        "mark": rf"[(),\]%:]|{_BRACKET}",
        "bad": r".",
    }
