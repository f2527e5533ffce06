from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connections

from debugpanel.exporters.database import faults
from debugpanel.models import Lease

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"])


def fault_of(sql):
    with pytest.raises(DatabaseError) as raised, connections["debugpanel"].cursor() as cursor:
        cursor.execute(sql)
    return raised.value


@pytest.mark.parametrize("sql", ["SELECT 1 FROM nowhere", "SELECT absent FROM debugpanel_lease"])
def test_a_missing_table_or_column_is_of_the_tables(sql):
    fault = fault_of(sql)
    assert faults.is_of_tables(fault)
    assert not faults.is_of_tables(RuntimeError(str(fault)))


def test_a_row_that_is_there_already_is_of_the_row():
    Lease.objects.create(name="a", until=0)
    with pytest.raises(IntegrityError) as raised:
        Lease.objects.create(name="a", until=0)
    assert faults.is_of_rows(raised.value)
    assert not faults.is_of_tables(raised.value)


@pytest.mark.only_on("postgres", "mariadb")
def test_a_mistake_in_a_statement_is_neither():
    fault = fault_of("SELECT (")
    assert not faults.is_of_tables(fault)
    assert not faults.is_of_rows(fault)


@pytest.mark.parametrize(
    "error", [ValueError("NUL"), OverflowError(), UnicodeEncodeError("a", "b", 0, 1, "c")]
)
def test_what_the_driver_refuses_is_of_the_row(error):
    assert faults.is_of_rows(error)
