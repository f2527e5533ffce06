from __future__ import annotations

import pytest

from debugpanel.viewer import paging
from tests.viewer.seeding import plain_trace, store


@pytest.mark.django_db(databases=["debugpanel"])
def test_a_cursor_reads_back_as_the_row_it_was_made_of():
    row = store(plain_trace())
    row.refresh_from_db()
    assert paging.position(paging.cursor_of(row)) == (row.started, row.pk)


@pytest.mark.parametrize(
    "text", ["", "-", "1", "1-2", "x-" + "0" * 32, "1-" + "z" * 32, "-1-" + "0" * 31]
)
def test_anything_else_is_no_cursor(text):
    with pytest.raises(ValueError):  # noqa: PT011 - all that the filter relies on
        paging.position(text)
