"""The faults built into the shop, in plain words; shown on the page of that name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    title: str
    where: str
    url_name: str
    happens: str
    seen: str


FAULTS = [
    Fault(
        title="A query for every row (N+1)",
        where="New arrivals",
        url_name="shop:new",
        happens="The list fetches 24 products. For each of them the template asks for its brand,"
        " its category and the number of its reviews: 72 more queries.",
        seen="The trace has 73 SQL spans and was kept for its pattern. Its summary marks three"
        " statements as N+1, with the lines that sent them: new_arrivals and review_count.",
    ),
    Fault(
        title="A slow query",
        where="Seen together",
        url_name="shop:trending",
        happens="Two copies of the visits are joined on lower(visitor), which no index serves,"
        " so every visit is compared with every other.",
        seen="One SQL span takes nearly all the time of the request.",
    ),
    Fault(
        title="A slow template",
        where="Price matrix",
        url_name="shop:matrix",
        happens="One page shows all 300 products at sixteen quantities, and each of the 4,800"
        " cells is an include that includes another three times, which inherits from a third.",
        seen="There is one query. Two small templates, rendered 4,800 and 14,400 times,"
        " have nearly all the time.",
    ),
    Fault(
        title="A cache stampede",
        where="Deals of the moment",
        url_name="shop:deals",
        happens="The deals are kept in the cache for six seconds and nothing guards the work"
        " that makes them: all visitors of the moment after do the same work at the same time.",
        seen="Several traces of the same second each have a cache miss, the same large query"
        " and then a set; in between the page takes a few milliseconds.",
    ),
    Fault(
        title="An error in a transaction",
        where="Checkout with the voucher FREEBIE",
        url_name="shop:checkout",
        happens="A voucher of 100 % leaves nothing to pay, and the share of each line divides"
        " by what is left to pay. Order and stock are already written by then.",
        seen="The request ends with status 500 and decimal.DivisionByZero; BEGIN, an INSERT and an"
        " UPDATE come before it, ROLLBACK after it. No payment was asked for.",
    ),
    Fault(
        title="A flaky outgoing call",
        where="Checkout, and the prices in other currencies",
        url_name="shop:checkout",
        happens="The payment service answers slowly every third time and with 503 now and then;"
        " the shop tries twice. The call is made inside the transaction, so a slow answer"
        " also keeps every other customer from buying.",
        seen="Outgoing calls with status 503 or 600 ms between BEGIN and COMMIT, a warning in"
        " the log, sometimes a ROLLBACK and a page with status 503.",
    ),
    Fault(
        title="A memory-hungry view",
        where="Stock ledger (staff)",
        url_name="staff:ledger",
        happens="109,500 rows and one text of some five megabytes are put together in memory"
        " before the first byte leaves. The export of the orders beside it does it well.",
        seen="Nearly all the time is in two spans of the shop's own, and the response has"
        " megabytes and is not streamed.",
    ),
]
