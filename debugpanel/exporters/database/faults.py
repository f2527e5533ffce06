"""What an error of the database means: wrong tables, one refused row, or no database."""

from __future__ import annotations

from django.db import DatabaseError, DataError, IntegrityError, OperationalError

# https://mariadb.com/kb/en/mariadb-error-code-reference/
_MYSQL_TABLES = frozenset({1054, 1136, 1146, 1364})
_MYSQL_ROW = frozenset({1153, 1264, 1265, 1366, 1406, 3988})
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL_TABLES = frozenset({"42P01", "42703", "3F000", "23502"})
_SQLITE_TABLES = ("no such table", "has no column named", "no such column", "NOT NULL constraint")

MIGRATE = (
    "the tables of debugpanel in the database {alias!r} are missing, older or newer than this "
    "release; run `manage.py migrate --database {alias}`"
)


def is_of_tables(error: BaseException) -> bool:
    """Say whether the tables are missing, older or newer than the code.

    A column without a default that this release does not know is one that must not be null.
    """
    if not isinstance(error, DatabaseError):
        return False
    cause = error.__cause__
    return (
        _state(cause) in _POSTGRESQL_TABLES
        or _number(cause) in _MYSQL_TABLES
        or any(text in str(cause) for text in _SQLITE_TABLES)
    )


def is_of_rows(error: BaseException) -> bool:
    """Say whether the database, or its driver, refused what a row holds."""
    if isinstance(error, OperationalError):
        return _number(error.__cause__) in _MYSQL_ROW
    return isinstance(error, DataError | IntegrityError | ValueError | TypeError | OverflowError)


def _state(cause: BaseException | None) -> str:
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""


def _number(cause: BaseException | None) -> int:
    args = cause.args if cause is not None else ()
    return args[0] if args and isinstance(args[0], int) else 0
