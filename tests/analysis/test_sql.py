"""SQL shapes: what is kept, what is hidden, what shares a fingerprint."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from debugpanel.analysis.sql import (
    MAX_MEMO_CHARS,
    MAX_READ_CHARS,
    MAX_TEXT_BYTES,
    UNREADABLE,
    Statement,
    describe_cache,
    normalise,
)

CANARY = "kanarienvogel"


def mysql(sql: str) -> Statement:
    return normalise(sql, double_quotes_are_strings=True)


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT 1", "SELECT ?"),
        ("SELECT 1;", "SELECT ?"),
        ("select  *\n\tfrom t", "select * from t"),
        ("SELECT 'it''s', ''", "SELECT ?, ?"),
        ("SELECT 'C:\\temp', '\\\\'", "SELECT ?, ?"),
        ("SELECT E'it\\'s', e'x'", "SELECT ?, ?"),
        ("SELECT $$it's$$, $a$ $$ $b$ $a$", "SELECT ?, ?"),
        ("SELECT x'ab', B'01', 0xFF, 1.5e-7, .5, 1_000", "SELECT x?, B?, ?, ?, ?, ?"),
        ("SELECT DATE '2020-01-01', INTERVAL '1 day'", "SELECT DATE ?, INTERVAL ?"),
        ("SELECT TRUE, false, NULL", "SELECT TRUE, false, NULL"),
        ("SELECT %s, ?, ?1, :name, $1, %(name)s", "SELECT ?, ?, ?, ?, ?, ?"),
        ("SELECT a::text, '1'::int", "SELECT a::text, ?::int"),
        ("SELECT a % b, a %% b", "SELECT a % b, a %% b"),
        ("SELECT 1 -- it's\n FROM t --", "SELECT ? FROM t"),
        ("/* a */ SELECT /* it's */ 1 /**/", "SELECT ?"),
        ('SELECT "t"."id" FROM "t"', 'SELECT "t"."id" FROM "t"'),
        ('SELECT "a b"."c d" FROM "a b"', 'SELECT "a b"."c d" FROM "a b"'),
        ("SELECT `t`.`id` FROM `t`", "SELECT `t`.`id` FROM `t`"),
        ("SELECT [a b] FROM [order details]", "SELECT [a b] FROM [order details]"),
        ("SELECT a[1], a[%s:%s]", "SELECT a[?], a[?:?]"),
        ("SELECT ARRAY['a', ARRAY[1]]", "SELECT ARRAY[...]"),
        ("SELECT d #>> '{a,b}', d ->> 'k', d @> '{}'", "SELECT d #>> ?, d ->> ?, d @> ?"),
        ("SELECT x LIKE %s ESCAPE '\\' AND y", "SELECT x LIKE ? ESCAPE ? AND y"),
        (
            "SELECT REPLACE(REPLACE(a, '\\', '\\\\'), '%%', '\\%%')",
            "SELECT REPLACE(REPLACE(a, ?, ?), ?, ?)",
        ),
        ("SELECT 1 WHERE a IN (1, 2,3)", "SELECT ? WHERE a IN (...)"),
        ("SELECT 1 WHERE (a, b) IN ((1, 2), (3, 4))", "SELECT ? WHERE (a, b) IN (...)"),
        ("SELECT 1 WHERE a IN (SELECT 2)", "SELECT ? WHERE a IN (SELECT ?)"),
        ("INSERT INTO t (a, b) VALUES (1, f(2)), (3, f(4))", "INSERT INTO t (a, b) VALUES (...)"),
        ("SELECT a - 1, a = -1, f(-1, +2)", "SELECT a - ?, a = ?, f(?, ?)"),
        ('SAVEPOINT "s139_x1"', "SAVEPOINT ?"),
        ("RELEASE SAVEPOINT `s139_x1`", "RELEASE SAVEPOINT ?"),
        ("ROLLBACK TO SAVEPOINT s139_x1", "ROLLBACK TO SAVEPOINT ?"),
        ("SELECT release FROM t", "SELECT release FROM t"),
        (
            "UPDATE t SET a = CASE WHEN id = 1 THEN 2 WHEN id = 3 THEN 4 ELSE NULL END",
            "UPDATE t SET a = CASE WHEN id = ? THEN ? ELSE NULL END",
        ),
    ],
)
def test_the_shape_keeps_names_and_hides_values(sql: str, text: str) -> None:
    assert normalise(sql).text == text


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ('SELECT "it\'s", \'say "x"\'', "SELECT ?, ?"),
        ("SELECT `a`.`b` # it's\nFROM `t`", "SELECT `a`.`b` FROM `t`"),
        ("SELECT 1 -- it's\nFROM t", "SELECT ? FROM t"),
        ("SELECT a - -1", "SELECT a - ?"),
        ("INSERT INTO `t` (`a`) VALUES (1), (2)", "INSERT INTO `t` (`a`) VALUES (...)"),
    ],
)
def test_mysql_reads_double_quotes_as_strings(sql: str, text: str) -> None:
    assert mysql(sql).text == text


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        (f"SELECT a FROM shop_order WHERE b = '{CANARY}", "SELECT shop_order [unreadable SQL]"),
        (f"DELETE FROM t WHERE a = 'x\\' OR {CANARY}='", "DELETE t [unreadable SQL]"),
        (f"SELECT /* a /* b */ {CANARY} */ 1", "SELECT [unreadable SQL]"),
        (f"UPDATE t SET a = $x$ {CANARY}", "UPDATE t [unreadable SQL]"),
        (f"SELECT 1 /* {CANARY}", "SELECT [unreadable SQL]"),
        (f'SELECT "{CANARY}', "SELECT [unreadable SQL]"),
        (f"SELECT [it's] = '{CANARY}' AND [it's]", "SELECT [unreadable SQL]"),
        (f"SELECT a--b\r, {CANARY}", "SELECT [unreadable SQL]"),
        (f"SELECT \u2018{CANARY}\u2019", "SELECT [unreadable SQL]"),
        (f"SELECT 1\x00{CANARY}", "SELECT [unreadable SQL]"),
        (f"{CANARY} \ud800", "[unreadable SQL]"),
        ("", ""),
    ],
)
def test_what_cannot_be_read_is_shown_as_verb_and_table(sql: str, text: str) -> None:
    assert normalise(sql).text == text


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT 'x\\' , {CANARY}='",
        f'SELECT "x\\" , {CANARY}="',
        f"SELECT 1--{CANARY}",
        f"SELECT /*! {CANARY} */ 1",
        f"SELECT /*M!100 {CANARY} */ 1",
        f"SELECT 1 -- x\r{CANARY}",
    ],
)
def test_what_mysql_may_read_otherwise_is_unreadable(sql: str) -> None:
    assert mysql(sql).text == f"SELECT {UNREADABLE}"


@pytest.mark.parametrize(
    "condition",
    [
        f'= "{CANARY}"',
        f'LIKE "{CANARY}"',
        f'IN ("{CANARY}", "{CANARY}")',
        f'!= "{CANARY}" AND 1',
        f'|| "{CANARY}@example.com"',
        f'NOTNULL OR lower("{CANARY} street")',
    ],
)
def test_a_string_in_double_quotes_is_hidden_where_a_value_may_stand(condition: str) -> None:
    assert CANARY not in normalise(f'SELECT 1 FROM t WHERE "a" {condition}').text


@pytest.mark.parametrize(
    ("sql", "verb", "tables"),
    [
        ('SELECT 1 FROM "a" INNER JOIN "b" ON (1)', "SELECT", ("a", "b")),
        ("select * from x.y, z", "SELECT", ("x.y",)),
        ("(SELECT 1 FROM a) UNION (SELECT 2 FROM b)", "SELECT", ("a", "b")),
        ('INSERT INTO "a"("b") VALUES (1)', "INSERT", ("a",)),
        ("INSERT OR REPLACE INTO a VALUES (1)", "INSERT", ("a",)),
        ("UPDATE ONLY a SET b = 1", "UPDATE", ("a",)),
        ("DELETE FROM [order details]", "DELETE", ("order details",)),
        ("WITH a AS (SELECT 1 FROM b) DELETE FROM c USING a", "DELETE", ("b", "c")),
        ("WITH RECURSIVE a (x) AS (SELECT 1) SELECT 1 FROM a", "SELECT", ()),
        ("SELECT EXTRACT(YEAR FROM a.b) FROM a FOR UPDATE", "SELECT", ("a",)),
        ("SELECT a IS DISTINCT FROM b FROM c", "SELECT", ("c",)),
        ("SELECT 1 FROM generate_series(1, 2)", "SELECT", ()),
        ("INSERT INTO a (b) VALUES (1) ON CONFLICT DO UPDATE SET b = 1", "INSERT", ("a",)),
        ("CREATE TABLE IF NOT EXISTS a (b int)", "CREATE", ("a",)),
        ("TRUNCATE TABLE a", "TRUNCATE", ("a",)),
        ("START TRANSACTION", "BEGIN", ()),
        ("SAVEPOINT x", "SAVEPOINT", ()),
        ("hunter2 from t", "OTHER", ("t",)),
        ("", "OTHER", ()),
    ],
)
def test_verb_and_tables_are_found(sql: str, verb: str, tables: tuple[str, ...]) -> None:
    statement = normalise(sql)

    assert (statement.verb, statement.tables) == (verb, tables)


@pytest.mark.parametrize("dialect", [normalise, mysql])
def test_lists_rows_and_arms_of_any_length_share_a_fingerprint(dialect) -> None:
    def prints(shape: str, unit: str) -> set[str]:
        return {dialect(shape % ", ".join([unit] * n)).fingerprint for n in (1, 2, 50)}

    assert len(prints("SELECT 1 WHERE a IN (%s)", "?")) == 1
    assert len(prints("INSERT INTO t (a, b) VALUES %s", "(?, NOW())")) == 1
    arms = {dialect(f"SELECT CASE {'WHEN a = ? THEN ? ' * n}END").fingerprint for n in (1, 2, 50)}
    assert len(arms) == 1


def test_other_conditions_make_another_fingerprint() -> None:
    assert (
        normalise("SELECT 1 WHERE a = 1").fingerprint
        != normalise("SELECT 1 WHERE b = 1").fingerprint
    )


def test_the_fingerprint_is_sixteen_hex_digits() -> None:
    assert set(normalise("SELECT 1").fingerprint) <= set(string.hexdigits)
    assert len(normalise("SELECT 1").fingerprint) == 16


def test_a_wide_statement_is_cut_in_the_middle_and_keeps_its_own_fingerprint() -> None:
    columns = ", ".join(f'"täble"."column_{n}"' for n in range(1000))
    by_a, by_b = (normalise(f'SELECT {columns} FROM "täble" WHERE {c} = 1') for c in "ab")

    assert len(by_a.text.encode()) <= MAX_TEXT_BYTES
    assert by_a.text.endswith('FROM "täble" WHERE a = ?')
    assert by_a.fingerprint != by_b.fingerprint
    assert by_a.tables == ("täble",)


def test_a_statement_longer_than_is_read_becomes_verb_table_and_marker() -> None:
    rows = f"('{CANARY}'), " * (MAX_READ_CHARS // 10)

    assert normalise(f"INSERT INTO t (a) VALUES {rows} (1)").text == f"INSERT t {UNREADABLE}"


def test_a_bulk_insert_of_a_thousand_rows_is_read() -> None:
    sql = f'INSERT INTO "t" ("a", "b", "c") VALUES {", ".join(["(%s, %s, %s)"] * 1000)}'

    assert normalise(sql).text == 'INSERT INTO "t" ("a", "b", "c") VALUES (...)'


def test_the_memo_returns_the_same_object_and_skips_long_texts() -> None:
    long_sql = f"SELECT {'1, ' * MAX_MEMO_CHARS} 2"

    assert describe_cache("SELECT 42 FROM memo") is describe_cache("SELECT 42 FROM memo")
    assert describe_cache(long_sql) == normalise(long_sql)
    assert describe_cache(long_sql) is not describe_cache(long_sql)


def test_the_memo_tells_the_dialects_apart() -> None:
    assert describe_cache('SELECT "a"').text == 'SELECT "a"'
    assert describe_cache('SELECT "a"', double_quotes_are_strings=True).text == "SELECT ?"


# Properties

FRAGMENTS = [
    *"'\"`[]()$\\-/*#;,.:%?@eE1a \n\r=+<|{\x00\ud800é",
    *[
        "--",
        "/*",
        "*/",
        "/*!",
        "$$",
        "$a$",
        "''",
        "\\'",
        "::",
        "%s",
        ":a",
        "$1",
        "E'",
        "x'",
        "IN (",
    ],
    *["VALUES (", "ARRAY[", "), (", "SELECT ", " FROM ", "WHEN a THEN b ", "SAVEPOINT ", '"a"."b"'],
    *[" ESCAPE '\\'", "[unreadable SQL]", "...", "-1", " - ", "= ", 'AS "a b"', ", "],
]
MIXED_SQL = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join)
DIALECTS = st.sampled_from([normalise, mysql])


@given(MIXED_SQL | st.text(max_size=60), DIALECTS)
@example("SAVEPOINT FROM a '", normalise)
def test_a_shape_is_its_own_shape(sql: str, dialect) -> None:
    once = dialect(sql)
    twice = dialect(once.text)

    assert (twice.text, twice.fingerprint) == (once.text, once.fingerprint)


@given(MIXED_SQL | st.text(max_size=60), DIALECTS)
def test_no_text_is_refused_and_every_shape_can_be_stored(sql: str, dialect) -> None:
    statement = dialect(sql)

    assert "\x00" not in statement.text
    assert len(statement.text.encode()) <= MAX_TEXT_BYTES


VALUES = st.text(max_size=30).map(lambda value: f"{CANARY}{value}{CANARY}")


def as_sql_string(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


STATEMENTS = [
    "SELECT a FROM t WHERE b = {}",
    "SELECT a FROM t WHERE b IN ({}, {})",
    "INSERT INTO t (a) VALUES ({}), (upper({}))",
    "UPDATE t SET a = {} WHERE b LIKE {}",
    "SELECT ARRAY[{}], f({}::text) || {}",
    "SELECT CASE WHEN a = {} THEN {} ELSE {} END",
]


@given(VALUES, st.sampled_from(STATEMENTS), DIALECTS)
@example("\\", STATEMENTS[3], normalise)
def test_a_string_never_appears(value: str, statement: str, dialect) -> None:
    sql = statement.replace("{}", as_sql_string(value))

    assert CANARY not in dialect(sql).text


@given(VALUES, st.sampled_from(STATEMENTS))
def test_a_string_in_a_dollar_quote_never_appears(value: str, statement: str) -> None:
    assume("$x$" not in value)

    assert CANARY not in normalise(statement.replace("{}", f"$x${value}$x$")).text


@given(VALUES.filter(lambda value: "\\" not in value), st.sampled_from(STATEMENTS))
def test_a_string_in_double_quotes_never_appears_on_mysql(value: str, statement: str) -> None:
    quoted = '"' + value.replace('"', '""') + '"'

    assert CANARY not in mysql(statement.replace("{}", quoted)).text


@given(VALUES.filter(lambda value: "*/" not in value and "/*" not in value), DIALECTS)
def test_a_comment_never_appears(value: str, dialect) -> None:
    assert CANARY not in dialect(f"SELECT a /* {value} */ FROM t").text


@given(VALUES.map(lambda value: " ".join(value.splitlines())), DIALECTS)
def test_the_rest_of_a_commented_line_never_appears(value: str, dialect) -> None:
    assert CANARY not in dialect(f"SELECT a -- {value}\nFROM t").text


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False), DIALECTS)
def test_numbers_share_a_fingerprint(number: float, dialect) -> None:
    assert dialect(f"SELECT a FROM t WHERE b = {number!r}").text == "SELECT a FROM t WHERE b = ?"


@given(VALUES, VALUES, st.sampled_from(STATEMENTS))
def test_other_values_share_a_fingerprint(one: str, other: str, statement: str) -> None:
    assume("\\" not in one + other)

    prints = {
        normalise(statement.replace("{}", as_sql_string(v))).fingerprint for v in (one, other)
    }
    assert len(prints) == 1


# Hostile input: work grows with the length, whatever the text


@pytest.mark.parametrize("dialect", [normalise, mysql])
@pytest.mark.parametrize(
    "unit",
    [
        *["'", '"', "`", "\\", "$a", "$a$b", "$$", "/*", "*/", "--", "#", "(", ")", "[", "{", "%("],
        *[
            "a.",
            "IN (",
            "VALUES (",
            "ARRAY[",
            "), (",
            "- ",
            "-1",
            "1e-",
            "E'\\",
            '"a", ',
            ", ",
            "?",
        ],
        *[
            "WHEN a THEN b ",
            "EXTRACT(",
            "FROM a ",
            "WITH a (a, ",
            ", a AS (",
            "INTO IF EXISTS ",
            "é",
        ],
    ],
)
def test_hostile_text_of_a_hundred_kilobytes_is_read_in_linear_time(unit: str, dialect) -> None:
    text = f"SELECT {unit * (100_000 // len(unit))}"

    for sql in (text[:50_000], text[:MAX_READ_CHARS], text):
        assert len(dialect(sql).text.encode()) <= MAX_TEXT_BYTES


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ('SELECT "k3J9x0Qz7Lm2Vb8Tq1R9wXyz"', "SELECT ?"),
        ("PRAGMA key = xk3J9x0Qz7Lm2Vb8Tq1R9wXyz", "PRAGMA key = ?"),
        ("SELECT `k3J9x0Qz7Lm2Vb8Tq1R9wXyz` FROM t", "SELECT ? FROM t"),
        ("SELECT * FROM t WHERE a = [k3J9x0Qz7Lm2Vb8Tq1R9wXyz]", "SELECT * FROM t WHERE a = ?"),
        (
            'SELECT "auth_user_user_permissions"."permission_id" FROM "auth_user_user_permissions"',
            'SELECT "auth_user_user_permissions"."permission_id" FROM "auth_user_user_permissions"',
        ),
    ],
)
def test_names_that_look_random_are_values(sql: str, shape: str) -> None:
    assert normalise(sql).text == shape
