"""What visitors look at together."""

from __future__ import annotations

from sandbox_project.shop.models import Product

SHOWN = 12

# FAULT: no index can serve a comparison of lower(...), so every visit is compared with every other.
TOGETHER = """
    SELECT product.*, count(*) AS together
      FROM shop_pagevisit AS one
      JOIN shop_pagevisit AS other ON lower(one.visitor) = lower(other.visitor)
       AND one.product_id <> other.product_id
      JOIN shop_product AS product ON product.id = other.product_id
     GROUP BY product.id
     ORDER BY together DESC, product.id
     LIMIT %s
"""


def seen_together() -> list[Product]:
    return list(Product.objects.raw(TOGETHER, [SHOWN]))
