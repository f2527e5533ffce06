"""What our own templates need in every supported version of the admin."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def nonce_attribute(context: Context) -> SafeString | str:
    """The policy's nonce for a tag of ours. The lazy nonce is false until it is used."""
    nonce = context.get("csp_nonce")
    return "" if nonce is None else format_html('nonce="{}"', nonce)
