"""What visitors come for; each journey is a function of one visitor."""

from __future__ import annotations

from collections.abc import Callable

from sandbox_project.launcher.visitor import Page, Visitor
from sandbox_project.logins import PASSWORD, STAFF

Journey = Callable[[Visitor], object]

CUSTOMERS = ("ada.abbot", "ada.carver", "ada.eriksen", "bram.grant", "bram.keane", "celia.moe")
CATEGORIES = ("ropes", "lamps", "instruments", "clothing", "paint", "galley", "tools", "deck-gear")
WORDS = ("lamp", "brass", "compass storm", "rope", "northern", "kettle", "fjordline", "anchor")
ADDRESS = {"name": "A visitor", "street": "Quay 4", "city": "Oban"}


def browse(visitor: Visitor) -> None:
    visitor.get("/")
    visitor.get("/catalogue/?sort=stars&page=2")
    look_at_a_product(visitor)


def look_at_a_product(visitor: Visitor) -> Page:
    """Any three of a category at most, until one is on the shelf."""
    page = visitor.get(f"/catalogue/{visitor.random.choice(CATEGORIES)}/")
    links = page.links("/product/")
    visitor.random.shuffle(links)
    for link in links[:3]:
        page = visitor.get(link)
        if page.article():
            break
    return page


def search(visitor: Visitor) -> None:
    words = visitor.random.sample(WORDS, 2)
    for word in words:
        visitor.get(f"/search/?q={word.replace(' ', '+')}")


def see_new_arrivals(visitor: Visitor) -> None:
    visitor.get("/new/")


def see_what_is_seen_together(visitor: Visitor) -> None:
    visitor.get("/seen-together/")


def read_prices(visitor: Visitor) -> None:
    visitor.get("/price-matrix/")


def see_deals(visitor: Visitor) -> None:
    visitor.get("/deals/")


def log_in(visitor: Visitor) -> None:
    visitor.log_in(visitor.random.choice(CUSTOMERS), PASSWORD)


def fill_basket(visitor: Visitor) -> None:
    article = look_at_a_product(visitor).article()
    if article:
        visitor.post("/basket/add/", {"sku": article, "quantity": 1})


def pay(visitor: Visitor, voucher: str) -> Page:
    visitor.get("/checkout/")
    return visitor.post("/checkout/", {**ADDRESS, "voucher": voucher})


def buy(visitor: Visitor) -> None:
    log_in(visitor)
    fill_basket(visitor)
    order = pay(visitor, visitor.random.choice(("", "TIDE10")))
    for link in order.links("/account/orders/"):
        visitor.get(link)


def buy_for_nothing(visitor: Visitor) -> None:
    log_in(visitor)
    fill_basket(visitor)
    pay(visitor, "FREEBIE")


def read_orders(visitor: Visitor) -> None:
    log_in(visitor)
    visitor.get("/account/orders/")


def forget_password(visitor: Visitor) -> None:
    visitor.log_in(visitor.random.choice(CUSTOMERS), "forgotten")


def register(visitor: Visitor) -> None:
    number = visitor.random.randrange(10**9)
    visitor.get("/account/register/")
    visitor.post(
        "/account/register/",
        {
            "username": f"visitor{number}",
            "first_name": "New",
            "last_name": "Visitor",
            "email": f"visitor{number}@example.org",
            "city": "Oban",
            "password1": f"harbour-{number}",
            "password2": f"harbour-{number}",
        },
    )


def run_the_shop(visitor: Visitor) -> None:
    visitor.log_in(STAFF, PASSWORD)
    visitor.get("/staff/report/")
    visitor.get("/staff/orders.csv")
    visitor.get("/staff/ledger.csv")


def use_api(visitor: Visitor) -> None:
    article = look_at_a_product(visitor).article() or "unknown"
    visitor.get("/api/products/?category=ropes")
    visitor.get(f"/api/products/{article}/")
    visitor.get(f"/api/availability/{article}/")
    visitor.post_json("/api/quotes/", {"lines": [{"sku": article, "quantity": 3}]})
    visitor.post_json("/api/quotes/", {"lines": "three"})


def get_lost(visitor: Visitor) -> None:
    visitor.get("/product/no-such-thing/")
    visitor.get("/wp-login.php")
    visitor.get("/staff/report/")


def download(visitor: Visitor) -> None:
    visitor.get("/guide/")


JOURNEYS: tuple[Journey, ...] = (
    browse,
    search,
    see_new_arrivals,
    buy,
    see_what_is_seen_together,
    use_api,
    see_deals,
    see_deals,
    see_deals,
    see_deals,
    read_prices,
    buy_for_nothing,
    get_lost,
    read_orders,
    run_the_shop,
    browse,
    search,
    buy,
    forget_password,
    register,
    download,
)
