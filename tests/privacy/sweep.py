"""Looking for canaries wherever debugpanel could have put them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.test import Client

from debugpanel.models import Trace
from tests.privacy.canaries import Canaries

LIST = "/admin/debugpanel/trace/"
ALIASES = ("default", "debugpanel")


def leaks(canaries: Canaries, reader: Client, output: str) -> list[str]:
    """Say where which canary was found: tables, pages, our own output."""
    texts = (*stored_texts(), *shown_texts(reader), ("our own output", output))
    return [
        f"{place} holds {planted!r}: {around!r}"
        for place, text in texts
        for planted, around in canaries.found_in(text).items()
    ]


def stored_texts() -> Iterator[tuple[str, str]]:
    """Every column of every table of ours, expanded."""
    for alias in ALIASES:
        connection = connections[alias]
        with connection.cursor() as cursor:
            names = connection.introspection.table_names(cursor)
            for table in [name for name in names if name.startswith("debugpanel_")]:
                cursor.execute(f"SELECT * FROM {table}")
                columns = [column[0] for column in cursor.description]
                for row in cursor.fetchall():
                    for column, value in zip(columns, row, strict=True):
                        yield f"{alias}.{table}.{column}", as_text(value)


def as_text(value: Any) -> str:
    if not isinstance(value, bytes | bytearray | memoryview):
        return str(value)
    data = bytes(value)
    try:
        return zlib.decompress(data[1:]).decode()
    except zlib.error:
        return data.decode("latin-1")


def shown_texts(reader: Client) -> Iterator[tuple[str, str]]:
    """Every page of ours: lists, searches, and the page of each trace."""
    rows = list(Trace.objects.values_list("pk", "path"))
    addresses = [LIST, f"{LIST}?q=/", f"{LIST}?marker=error", "/admin/", "/admin/debugpanel/"]
    addresses += [f"{LIST}?q={pk.hex}" for pk, _ in rows[:1]]
    addresses += [f"{LIST}{pk}/change/" for pk, _ in rows]
    for address in addresses:
        response = reader.get(address)
        assert response.status_code == 200, (address, response.status_code)
        yield address.replace("%", ""), response.content.decode() + str(response.headers)
