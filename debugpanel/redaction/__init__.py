"""The one gate: what must not be stored is masked here, before any exporter sees it.

    storable -> detectors, keys, URLs -> cut to the field's limit

Every public function is total: what a rule cannot judge becomes a marker.
"""

from debugpanel.redaction.cache_keys import mask_cache_key
from debugpanel.redaction.exceptions import exception_message, is_database_error
from debugpanel.redaction.headers import (
    MaskedHeaders,
    allowed_request_headers,
    allowed_response_headers,
    cookie_names,
    mask_set_cookie,
)
from debugpanel.redaction.keys import key_is_sensitive
from debugpanel.redaction.logs import mask_log
from debugpanel.redaction.markers import MASK
from debugpanel.redaction.storable import cut, storable, storable_number
from debugpanel.redaction.text import mask_message, mask_text
from debugpanel.redaction.urls import mask_path, mask_query, mask_url
from debugpanel.redaction.values import describe, mask_value

__all__ = [
    "MASK",
    "MaskedHeaders",
    "allowed_request_headers",
    "allowed_response_headers",
    "cookie_names",
    "cut",
    "describe",
    "exception_message",
    "is_database_error",
    "key_is_sensitive",
    "mask_cache_key",
    "mask_log",
    "mask_message",
    "mask_path",
    "mask_query",
    "mask_set_cookie",
    "mask_text",
    "mask_url",
    "mask_value",
    "storable",
    "storable_number",
]
