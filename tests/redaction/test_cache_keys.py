from __future__ import annotations

import secrets

import pytest

from debugpanel.redaction import mask_cache_key

MD5 = "5f4dcc3b5aa765d61d8327deb882cf99"


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("products", "products"),
        ("cart:42:items", "cart:{n}:items"),
        ("product_list_v2:page3", "product_list_v{n}:page{n}"),
        (f"template.cache.sidebar.{MD5}", "template.cache.sidebar.[masked]"),
        (
            f"views.decorators.cache.cache_page..GET.{MD5}.{MD5}.en-us.UTC",
            "views.decorators.cache.cache_page..GET.[masked].[masked].en-us.UTC",
        ),
        ("thumb:9f86d081:s", "thumb:{hex}:s"),
        ("user:john@example.com:profile", "user:[masked:email]:profile"),
        ("token:abc:x", "token:[masked]:x"),
        ("token.abc.x", "token.[masked].x"),
        ("item:a1b2c3", "item:{word}"),
        ("word:abcdefghi_" + "ab " * 9, "word:abcdefghi_" + "ab " * 9),
        ("x:internationalisierungsprozess", "x:{word}"),
        ("fetch:https://u:pw@h.example/a?q=1", "fetch:https://h.example/a?q=[masked]"),
        ("basket:kqxzwvjtrmdpfbnh:kqxzwv", "[masked]"),
        (f"django.contrib.sessions.cached_db{MD5}", "django.contrib.sessions.[masked]"),
        ("django.contrib.sessions.cacheaaaaaaaaaaaaaaaa", "django.contrib.sessions.[masked]"),
        ("SG.abcdefghijklmnopq:1", "[masked]:{n}"),
        ("a\0b", "a\ufffdb"),
        ("", ""),
    ],
)
def test_variable_parts_are_replaced(key: str, shape: str) -> None:
    assert mask_cache_key(key) == shape


def test_the_keys_of_all_users_group() -> None:
    keys = {mask_cache_key(f"basket:{n}:{secrets.token_hex(16)}") for n in range(50)}
    assert len(keys) == 1


def test_a_key_is_at_most_250_characters_long() -> None:
    assert len(mask_cache_key("part:" * 100)) == 250


@pytest.mark.usefixtures("failing_closed")
def test_what_is_no_key_becomes_a_marker() -> None:
    assert mask_cache_key(None) == "[masked]"
    assert mask_cache_key(b"x") == "[masked]"
