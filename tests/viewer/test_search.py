from __future__ import annotations

import pytest

from debugpanel.models import Trace
from debugpanel.viewer import search
from tests.viewer.seeding import plain_trace, store
from tests.viewer.test_changelist import LIST, shown, statements, text_of, words

pytestmark = pytest.mark.django_db(databases=["default", "debugpanel"])


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("/shop/orders/", "order"),
        ("/shop", "basket order"),
        ("orders/7", ""),
        ("shop/orders/<int", "order"),
        ("route:shop/", "basket order"),
        ("route:orders", ""),
        ("path:/shop/basket", "basket"),
        ("user:42", "basket"),
        ("user:4", ""),
        ("user: 42 ", "basket"),
        ("  /shop/basket/  ", "basket"),
        ("%", ""),
        ("/shop/_rders", ""),
    ],
)
def test_beginnings_and_exact_values_are_found(reader, term, found):
    rows = {
        "basket": store(plain_trace(ago_s=1, name="shop/basket/", path="/shop/basket/", user="42")),
        "order": store(plain_trace(ago_s=2, user="421")),
        "api": store(plain_trace(ago_s=3, name="api/orders/", path="/api/orders/7/")),
    }
    names = {str(row.pk): name for name, row in rows.items()}
    response = reader.get(LIST, {"q": term})
    assert [names[key] for key in shown(response.content.decode())] == found.split()


def test_a_trace_id_is_found_in_any_window(reader):
    row = store(plain_trace(ago_s=30 * 24 * 3600))
    for term in (row.pk.hex, str(row.pk), f"trace:{row.pk.hex.upper()}"):
        assert shown(text_of(reader, f"?q={term}")) == [str(row.pk)]


def test_the_id_of_a_caller_is_found_too(reader):
    row = store(plain_trace(remote_id="4bf92f3577b34da6a3ce929d0e0e4736"))
    assert shown(text_of(reader, "?q=4bf92f3577b34da6a3ce929d0e0e4736")) == [str(row.pk)]


@pytest.mark.parametrize("term", ["status:500", "trace:xyz", "sql>50:3"])
def test_an_unknown_key_is_said_with_the_known_ones(reader, term):
    store(plain_trace())
    said = words(text_of(reader, f"?q={term}"))
    assert ("Possible are route:, path:, user:, trace:" in said) or ("no trace id" in said)


def test_no_search_looks_inside_a_text(reader):
    store(plain_trace())
    for term in ("/shop", "shop", "user:42", "42"):
        assert not [sql for sql in statements(reader, f"?q={term}") if "LIKE '%" in sql]


def test_an_empty_term_changes_nothing():
    everything = Trace.objects.all()
    assert search.found(everything, "  ") is everything
