"""The sites of others that debugpanel is put into, and what clients do on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.realworld.browser import Request
from tests.realworld.crawler import CLIENTS, Phase, Scope, for_one_client, shared_out

PASSWORD = "of the client"
READER_PASSWORD = "of the reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    name: str
    start: tuple[str, ...]
    """How its project is made, where a command makes it."""
    set_up: tuple[tuple[str, ...], ...]
    """What its owner runs, with the site's Python, to fill it."""
    login: Request
    login_fields: tuple[str, str]
    client: str
    """The name of the client with a number, as the login form wants it."""
    reader: str
    """The name of the superuser who looks at the traces."""
    admin: str
    scope: Scope
    one_at_a_time: re.Pattern[str]
    """Pages that the site itself cannot make in two threads at once."""
    actions: tuple[Request, ...]
    aliases: tuple[str, ...] = ("default",)
    """Where `migrate` is run once debugpanel is installed."""

    def login_of(self, user: str, password: str) -> tuple[Request, ...]:
        user_field, password_field = self.login_fields
        form = (*(self.login.form or ()), (user_field, user), (password_field, password))
        return (
            Request(method="GET", path=self.login.path),
            Request(method="POST", path=self.login.path, form=form),
        )

    def login_phases(self) -> list[Phase]:
        """One after the other: rows without an order come in that of their last change."""
        return [
            for_one_client(self.login_of(self.client.format(number), PASSWORD), number=number)
            for number in range(CLIENTS)
        ]

    def script(self, pages: Sequence[Request]) -> list[Phase]:
        """Strangers first, then staff, then one of them acts, then all look at some pages again."""
        alone = [page for page in pages if self.one_at_a_time.search(page.path)]
        together = [page for page in pages if page not in alone]
        return [
            shared_out(pages[: len(pages) // 6]),
            *self.login_phases(),
            shared_out(together),
            for_one_client(alone),
            for_one_client(self.actions),
            shared_out(together[:: len(together) // 20]),
        ]


def get(path: str) -> Request:
    return Request(method="GET", path=path)


def post(path: str, **form: str) -> Request:
    return Request(method="POST", path=path, form=tuple(form.items()))


NONE = re.compile(r"(?!)")

ODD_REQUESTS = (
    get("/no/such/page/"),
    get("/?q=%00%ff%F0%9F%8D%9E"),
    get("/%ff%fe/"),
    Request(method="HEAD", path="/"),
    Request(method="OPTIONS", path="/"),
    Request(method="PUT", path="/", form=()),
)

# Wagtail draws its menu in the browser: these links are in no page.
WAGTAIL_SECTIONS = (
    *("pages", "images", "documents", "snippets", "users", "groups", "sites", "redirects"),
    *("workflows/list", "workflows/tasks/index", "collections", "forms", "locales"),
    *("reports/locked", "reports/workflow", "reports/aging-pages"),
)

WAGTAIL = Site(
    name="wagtail",
    start=("-m", "wagtail.bin.wagtail", "start", "mysite", "."),
    set_up=(
        ("-m", "django", "makemigrations", "blog", "-v0"),
        ("-m", "django", "migrate", "-v0"),
        ("fill.py",),
    ),
    login=post("/admin/login/"),
    login_fields=("username", "password"),
    client="client{}",
    reader="reader",
    admin="/django-admin/",
    scope=Scope(
        start=(
            *("/", "/blog/", "/admin/", "/django-admin/", "/search/?query=loaf", "/old-blog"),
            *(f"/admin/{section}/" for section in WAGTAIL_SECTIONS),
        ),
        excluded=re.compile(
            r"^/(static|media)/|logout|password_reset|export=xlsx|/move/|/site-history/|debugpanel"
        ),
        most_of_one_shape=12,
        pages=350,
    ),
    # Its converter of rich text is one HTMLParser for all threads.
    one_at_a_time=re.compile(r"/admin/pages/(\d+/edit|add)/"),
    actions=(
        *ODD_REQUESTS,
        get("/admin/snippets/blog/author/add/"),
        post("/admin/snippets/blog/author/add/", name="Author of the crawl"),
        get("/admin/redirects/add/"),
        post("/admin/redirects/add/", old_path="/loaf", redirect_link="/blog/"),
        get("/loaf"),
        get("/admin/pages/10/unpublish/"),
        post("/admin/pages/10/unpublish/"),
        get("/blog/"),
        get("/search/?query=loaf"),
    ),
)

ADDRESS = {
    "first_name": "Client",
    "last_name": "Zero",
    "line1": "1 Mill Lane",
    "line4": "Bath",
    "postcode": "BA1 1AA",
    "country": "GB",
}

OSCAR = Site(
    name="oscar",
    start=(),
    set_up=(("-m", "django", "migrate", "-v0"), ("fill.py",)),
    login=post("/accounts/login/", login_submit="Log In"),
    login_fields=("login-username", "login-password"),
    client="c{}@example.org",
    reader="reader@example.org",
    admin="/admin/",
    scope=Scope(
        start=("/", "/catalogue/", "/dashboard/", "/admin/", "/search/?q=Product", "/about/"),
        # Oscar counts views by reading, adding and writing: two at a time may count as one.
        excluded=re.compile(
            r"^/(static|media)/|logout|password|dashboard/users/.sort|/analytics/|debugpanel"
        ),
        most_of_one_shape=12,
        pages=300,
    ),
    one_at_a_time=NONE,
    actions=(
        *ODD_REQUESTS,
        get("/catalogue/product-0_1/"),
        post("/basket/add/1/", quantity="2"),
        get("/catalogue/product-7_8/"),
        post("/basket/add/8/", quantity="1"),
        get("/basket/"),
        post("/basket/vouchers/add/", code="NO-SUCH-CODE"),
        get("/catalogue/product-0_1/reviews/add/"),
        post("/catalogue/product-0_1/reviews/add/", title="Fine", score="5", body="As it says."),
        get("/checkout/"),
        get("/checkout/shipping-address/"),
        post("/checkout/shipping-address/", **ADDRESS),
        get("/checkout/shipping-method/"),
        get("/checkout/payment-method/"),
        get("/checkout/payment-details/"),
        get("/checkout/preview/"),
        post("/checkout/preview/", action="place_order"),
        get("/checkout/thank-you/"),
        get("/accounts/orders/"),
        get("/dashboard/orders/"),
        get("/search/?q=Product"),
    ),
    aliases=("default", "debugpanel"),
)

SITES = {site.name: site for site in (WAGTAIL, OSCAR)}
