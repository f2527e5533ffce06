from __future__ import annotations

import pytest
from django.template import Context, Template


class LazyNonce:
    """As Django's own: false until somebody has used it."""

    def __bool__(self):
        return False

    def __str__(self):
        return 'a"b'


@pytest.mark.parametrize(
    ("context", "attribute"),
    [({}, ""), ({"csp_nonce": None}, ""), ({"csp_nonce": LazyNonce()}, 'nonce="a&quot;b"')],
)
def test_tags_of_ours_carry_the_policys_nonce(context, attribute):
    template = Template("{% load debugpanel_admin %}{% nonce_attribute %}")
    assert template.render(Context(context)) == attribute
