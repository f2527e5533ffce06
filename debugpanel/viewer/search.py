"""What the search box understands: exact ids and beginnings, never "contains".

0192f3c0…            a trace id, in any window of time
/shop/orders         the beginning of a path, or of a route
shop/orders          the beginning of a route
user:42  route:shop/ path:/shop/  trace:0192f3c0…
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db.models import Q, QuerySet

from debugpanel.models import Route, Trace

HELP = "A trace id, the beginning of a path or route, or user:42"
MAX_ROUTES = 200
_HEX = frozenset("0123456789abcdef")


class UnknownKeyError(ValueError):
    """The term names a field that cannot be searched; the text is for people."""


def trace_id(term: str) -> UUID | None:
    """Return the id that a term consists of: 32 hexadecimal digits, dashes or not."""
    digits = term.strip().removeprefix("trace:").replace("-", "").lower()
    if len(digits) != 32 or not _HEX.issuperset(digits):
        return None
    return UUID(hex=digits)


def found(queryset: QuerySet[Trace], term: str) -> QuerySet[Trace]:
    term = term.strip()
    if not term:
        return queryset
    exact = trace_id(term)
    if exact is not None:
        return queryset.filter(Q(id=exact) | Q(remote_id=exact.hex))
    key, is_keyed, value = term.partition(":")
    if not is_keyed or "/" in key:
        return _by_beginning(queryset, term)
    if key not in _SEARCHES:
        raise UnknownKeyError(f"Nothing is searched by {key!r}. {KEYS}")
    return _SEARCHES[key](queryset, value.strip())


def _by_beginning(queryset: QuerySet[Trace], text: str) -> QuerySet[Trace]:
    routes = _routes(queryset, text.removeprefix("/"))
    if not text.startswith("/"):
        return queryset.filter(route_id__in=routes)
    return queryset.filter(Q(path__startswith=text) | Q(route_id__in=routes))


def _by_route(queryset: QuerySet[Trace], text: str) -> QuerySet[Trace]:
    return queryset.filter(route_id__in=_routes(queryset, text))


def _by_path(queryset: QuerySet[Trace], text: str) -> QuerySet[Trace]:
    return queryset.filter(path__startswith=text)


def _by_user(queryset: QuerySet[Trace], text: str) -> QuerySet[Trace]:
    return queryset.filter(user=text)


def _by_trace(queryset: QuerySet[Trace], text: str) -> QuerySet[Trace]:
    raise UnknownKeyError(f"{text!r} is no trace id: it has 32 hexadecimal digits.")


def _routes(queryset: QuerySet[Trace], beginning: str) -> list[int]:
    """Keys of the routes, read first: the index on routes then gives the traces in order."""
    routes = Route.objects.using(queryset.db).filter(name__startswith=beginning)
    return list(routes.values_list("pk", flat=True)[:MAX_ROUTES])


_SEARCHES: dict[str, Callable[[QuerySet[Trace], str], QuerySet[Trace]]] = {
    "route": _by_route,
    "path": _by_path,
    "user": _by_user,
    "trace": _by_trace,
}
KEYS = f"Possible are {', '.join(f'{key}:' for key in _SEARCHES)} and words without a key."
