"""Prints, as JSON, what debugpanel stored for this site: every trace is decoded."""

from __future__ import annotations

import json
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from debugpanel import __file__ as installed_file  # noqa: E402
from debugpanel import conf  # noqa: E402
from debugpanel.models import Rollup, Trace, TracePayload, Worker  # noqa: E402
from debugpanel.trace import codec  # noqa: E402
from debugpanel.trace.model import TRANSACTION_MARKS  # noqa: E402

ALIAS = conf.database_alias()
DAY = timedelta(days=1)
OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def main() -> None:
    now = timezone.now()
    numbers = Rollup.objects.using(ALIAS).numbers(start=now - DAY, end=now + DAY)
    decoded, undecodable = decode_all()
    stored = {
        "installed_file": installed_file,
        "alias": ALIAS,
        "counted": numbers.count,
        "status_classes": numbers.status_classes,
        "traces": decoded,
        "undecodable": undecodable,
        "workers": [worker.details for worker in Worker.objects.using(ALIAS).all()],
    }
    print(json.dumps(stored))


def decode_all() -> tuple[list[dict[str, object]], list[str]]:
    decoded, undecodable = [], []
    payloads = dict(TracePayload.objects.using(ALIAS).values_list("trace_id", "data"))
    for row in Trace.objects.using(ALIAS).select_related("route").order_by("started"):
        try:
            trace = codec.decode(bytes(payloads[row.pk]))
        except Exception as error:
            undecodable.append(f"{row.pk}: {error!r}")
        else:
            decoded.append(describe(row, trace))
    return decoded, undecodable


def is_of_transaction(span: tuple[object, ...]) -> bool:
    kind, name = span[2], span[5]
    is_counted = name not in TRANSACTION_MARKS
    return kind == "sql" and is_counted and str(name).startswith(OF_TRANSACTIONS)


def describe(row: Trace, trace: object) -> dict[str, object]:
    return {
        "id": row.hex_id,
        "method": row.method,
        "path": row.path,
        "route": row.route.name,
        "status": row.status,
        "reason": row.reason,
        "user": row.user,
        "worker": row.worker,
        "statements": row.query_count - sum(map(is_of_transaction, trace.spans)),
        "kinds": sorted({span[2] for span in trace.spans}),
    }


main()
