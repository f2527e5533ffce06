from __future__ import annotations

import pytest
from django.test import Client

from sandbox_project.partner import Partner
from sandbox_project.shop.models import Category, Product

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    ["/", "/catalogue/", "/search/", "/new/", "/seen-together/", "/deals/", "/faults/", "/basket/"],
)
def test_a_page_answers_with_the_name_of_the_shop(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Tidewater Chandlery" in answer.text


def test_every_category_lists_its_products(client: Client) -> None:
    for category in Category.objects.all():
        answer = client.get(category.get_absolute_url())
        assert "25 articles" in answer.text


def test_the_catalogue_turns_pages_and_keeps_the_sorting(client: Client) -> None:
    answer = client.get("/catalogue/?sort=price&page=2")
    prices = [product.price for product in answer.context["page"]]
    assert prices == sorted(prices)
    assert "?sort=price&amp;page=3" in answer.text


def test_a_page_number_beyond_the_end_shows_the_last_page(client: Client) -> None:
    assert client.get("/catalogue/?page=999").context["page"].number == 13


def test_an_unknown_sorting_is_by_name(client: Client) -> None:
    products = list(client.get("/catalogue/?sort=nonsense").context["page"])
    assert products == sorted(products, key=lambda product: product.name)


def test_an_unknown_category_is_not_found(client: Client) -> None:
    answer = client.get("/catalogue/submarines/")
    assert answer.status_code == 404
    assert "nothing at this address" in answer.text


def test_the_search_finds_every_word(client: Client) -> None:
    found = client.get("/search/?q=cabin+lamp").context["page"].object_list
    assert {product.name.split(maxsplit=1)[1] for product in found} == {"Cabin Lamp"}


def test_the_search_says_when_it_finds_nothing(client: Client) -> None:
    assert "Nothing on our shelves" in client.get("/search/?q=submarine").text


def test_the_search_shows_what_was_typed_as_text(client: Client) -> None:
    assert "&lt;script&gt;" in client.get("/search/?q=<script>").text


def test_a_product_page_has_prices_in_other_currencies(
    client: Client, product: Product, partner: Partner
) -> None:
    answer = client.get(product.get_absolute_url())
    assert list(answer.context["currencies"]) == ["GBP", "NOK", "SEK", "USD"]
    assert "Put into the basket" in answer.text


def test_a_sold_out_product_cannot_be_ordered(client: Client, partner: Partner) -> None:
    sold_out = Product.objects.filter(stock=0)[0]
    answer = client.get(sold_out.get_absolute_url())
    assert "Sold out" in answer.text
    assert "Put into the basket" not in answer.text


def test_the_guide_is_a_file_to_keep(client: Client) -> None:
    answer = client.get("/guide/")
    assert answer["Content-Disposition"] == 'attachment; filename="splicing-guide.txt"'
    assert b"EYE SPLICE" in b"".join(answer)


def test_the_shop_says_that_it_is_well(client: Client) -> None:
    assert client.get("/health/").json() == {"status": "well", "categories": 12}


def test_the_same_seed_makes_the_same_products() -> None:
    names = [product.name for product in Product.objects.order_by("id")[:2]]
    assert Product.objects.count() == 300
    assert names == ["Lighthouse Mooring Line", "Fathom Mooring Line"]
