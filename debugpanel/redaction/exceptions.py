"""Messages of exceptions, by class: built from builtin arguments, never by `str(exc)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.markers import MASK, fails_closed
from debugpanel.redaction.text import mask_message, mask_text
from debugpanel.redaction.values import describe
from debugpanel.trace.randomness import is_random

MAX_MESSAGE = 1024
MAX_ARGUMENTS = 10

Args = Sequence[object]
MessageRule = Callable[[Args], str]

# The server's message quotes rows: class, SQLSTATE and names are taken elsewhere.
DATABASE_MODULES = (
    "django.db.utils",
    "sqlite3",
    "psycopg",
    "psycopg2",
    "psycopg_pool",
    "MySQLdb",
    "pymysql",
    "mysql",
    "oracledb",
    "cx_Oracle",
    "asyncpg",
    "aiosqlite",
    "sqlalchemy",
    "pymongo",
)
DATABASE_CLASSES = frozenset(
    {
        "DatabaseError",
        "DataError",
        "IntegrityError",
        "InterfaceError",
        "InternalError",
        "NotSupportedError",
        "OperationalError",
        "ProgrammingError",
    }
)

_DATABASE_CODE = re.compile(r"SQLSTATE [0-9A-Z]{5}|SQLITE_[A-Z_]{1,40}|error [0-9]{1,6}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_CODEC = re.compile(r"[A-Za-z0-9_-]{1,32}")

# What the interpreter says about code. The names in it are the code's own.
_NAME = r"'[A-Za-z_][\w.]{0,80}'"
_INTERPRETER_MESSAGES = re.compile(
    rf"(?:type object |module )?{_NAME} (?:object )?has no attribute {_NAME}"
    rf"|{_NAME} object is not [a-z ]{{3,40}}"
    rf"|name {_NAME} is not defined"
    rf"|cannot access (?:local|free) variable {_NAME} where it is not [a-z ]{{3,80}}"
    rf"|No module named {_NAME}"
    rf"|unsupported operand type\(s\) for .{{1,12}}: {_NAME} and {_NAME}"
    rf"|{_NAME} not supported between instances of {_NAME} and {_NAME}"
    rf"|[\w.<>]{{1,80}}\(\) got an unexpected keyword argument {_NAME}"
    rf"|[\w.<>]{{1,80}}\(\) missing [0-9]{{1,2}} required [a-z -]{{5,20}} arguments?: {_NAME}"
)
_INTERPRETER_CLASSES = frozenset(
    {
        "AttributeError",
        "ImportError",
        "ModuleNotFoundError",
        "NameError",
        "TypeError",
        "UnboundLocalError",
    }
)


def is_database_error(type_name: str, module: str) -> bool:
    is_driver = any(module == name or module.startswith(f"{name}.") for name in DATABASE_MODULES)
    return is_driver or type_name in DATABASE_CLASSES


def _database_code(args: Args) -> str:
    """Keep a lone SQLSTATE or number that capture put in place of the server's message."""
    code = args[0] if len(args) == 1 else ""
    return code if type(code) is str and _DATABASE_CODE.fullmatch(code) else ""


def _nothing(args: Args) -> str:
    return ""


def _key_error(args: Args) -> str:
    """A missing key is shown if it is a name, which a value of the host's is not."""
    key = args[0] if args else ""
    if type(key) is int:
        return describe(key)
    name = key.strip("'\"") if type(key) is str else ""
    if not _IDENTIFIER.fullmatch(name) or key_is_sensitive(name) or is_random(name):
        return MASK
    return f"'{mask_text(name, MAX_MESSAGE)}'"


def _unicode_error(args: Args) -> str:
    """Codec and positions; neither the object nor the reason."""
    codec = args[0] if args and type(args[0]) is str else ""
    places = [str(place) for place in args[2:4] if type(place) is int]
    shown = codec if _CODEC.fullmatch(codec) else MASK
    return f"{shown}, position {'-'.join(places) or MASK}"


def _first_argument(args: Args) -> str:
    """The document that could not be decoded may follow; it is left out."""
    return mask_message(args[0], MAX_MESSAGE) if args and type(args[0]) is str else ""


def _command_error(args: Args) -> str:
    """The status a command ended with. The command line and its output are never shown."""
    return f"status {args[0]}" if args and type(args[0]) is int else ""


CLASS_RULES: dict[str, MessageRule] = {
    "KeyError": _key_error,
    "MultiValueDictKeyError": _key_error,
    "UnicodeDecodeError": _unicode_error,
    "UnicodeEncodeError": _unicode_error,
    "UnicodeTranslateError": _nothing,
    "JSONDecodeError": _first_argument,
    "ExceptionGroup": _first_argument,
    "BaseExceptionGroup": _first_argument,
    "ValidationError": _nothing,
    "CalledProcessError": _command_error,
    "TimeoutExpired": _command_error,
}


@fails_closed(to=MASK)
def exception_message(
    type_name: str, module: str, args: Args, *, extra_keys: frozenset[str] = frozenset()
) -> str:
    """Return what may be stored of an exception's message, at most 1 KiB."""
    name = type_name.rpartition(".")[2]
    if is_database_error(name, module):
        return _database_code(args)
    rule = CLASS_RULES.get(name)
    if rule is not None:
        return rule(args)
    if _is_about_code(name, module, args):
        return mask_text(str(args[0]), MAX_MESSAGE, extra_keys=extra_keys)
    if len(args) == 2 and type(args[0]) is int:
        text = f"[Errno {args[0]}] {_part(args[1])}"
        return mask_message(text, MAX_MESSAGE, extra_keys=extra_keys)
    parts = [_part(argument) for argument in args[:MAX_ARGUMENTS]]
    return mask_message(", ".join(parts), MAX_MESSAGE, extra_keys=extra_keys)


def _is_about_code(type_name: str, module: str, args: Args) -> bool:
    if module != "builtins" or type_name not in _INTERPRETER_CLASSES or len(args) != 1:
        return False
    return type(args[0]) is str and _INTERPRETER_MESSAGES.fullmatch(args[0]) is not None


def _part(argument: object) -> str:
    return argument if type(argument) is str else describe(argument)
