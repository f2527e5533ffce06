"""Filters of the trace list: fixed choices only, so that none has to ask the table for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from debugpanel.models import Trace, TraceQuerySet
from debugpanel.viewer import paging, search, window

Traces = QuerySet[Any]
Choices = list[tuple[Any, Any]]


class ChoiceFilter(admin.SimpleListFilter):
    """One of a fixed list. Anything else in the address is refused, not ignored."""

    fixed: ClassVar[Choices]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return self.fixed

    def queryset(self, request: HttpRequest, queryset: Traces) -> Traces:
        value = self.value()
        if value is None:
            return queryset
        if value not in [str(key) for key, _ in self.fixed]:
            raise IncorrectLookupParameters(f"{self.parameter_name}={value}")
        return self.narrowed(queryset, value)

    def narrowed(self, queryset: Traces, value: str) -> Traces:
        raise NotImplementedError


class WindowFilter(ChoiceFilter):
    """Always applied, except to a search for one id."""

    title = _("time")
    parameter_name = window.PARAMETER
    fixed = [(item.name, item.label) for item in window.WINDOWS]

    def queryset(self, request: HttpRequest, queryset: Traces) -> Traces:
        chosen = window.named(self.value())
        if chosen is None:
            raise IncorrectLookupParameters(f"{self.parameter_name}={self.value()}")
        since = chosen.since()
        if since is None or search.trace_id(request.GET.get("q", "")):
            return queryset
        return queryset.filter(started__gte=since)

    def choices(self, changelist: Any) -> Iterator[Any]:
        chosen = window.named(self.value())
        for item in window.WINDOWS:
            value = None if item is window.DEFAULT else item.name
            yield {
                "selected": item is chosen,
                "query_string": changelist.get_query_string(
                    {self.parameter_name: value}, [paging.PARAMETER]
                ),
                "display": item.label.capitalize(),
            }


class MarkerFilter(ChoiceFilter):
    title = _("what was wrong")
    parameter_name = "marker"
    fixed = [("error", _("Errors")), ("slow", _("Slow"))]

    def queryset(self, request: HttpRequest, queryset: Traces) -> Traces:
        self.since = window.chosen(request).since()
        return super().queryset(request, queryset)

    def narrowed(self, queryset: Traces, value: str) -> Traces:
        """The marker holds when the trace started, so its own small index can be read."""
        column = f"{value}_at"
        if self.since is None:
            return queryset.filter(**{f"{column}__isnull": False})
        return queryset.filter(**{f"{column}__gte": self.since})


class StatusFilter(ChoiceFilter):
    title = _("status")
    parameter_name = "status"
    fixed = [(key, label) for key, label in Trace.StatusClass.choices if key > 1]

    def narrowed(self, queryset: Traces, value: str) -> Traces:
        return queryset.filter(status_class=int(value))


class MethodFilter(ChoiceFilter):
    title = _("method")
    parameter_name = "method"
    fixed = [(name, name) for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")]

    def narrowed(self, queryset: Traces, value: str) -> Traces:
        return queryset.filter(method=value)


class ReasonFilter(ChoiceFilter):
    title = _("reason")
    parameter_name = "reason"
    fixed = [(key, str(label).capitalize()) for key, label in Trace.Reason.choices]

    def narrowed(self, queryset: Traces, value: str) -> Traces:
        return queryset.filter(reason=value)


class OlderFilter(admin.SimpleListFilter):
    """The cursor: shown only while it is in use, to be taken away."""

    title = _("position")
    parameter_name = paging.PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return []

    def has_output(self) -> bool:
        return self.value() is not None

    def queryset(self, request: HttpRequest, queryset: Traces) -> Traces:
        try:
            started, trace_id = paging.position(str(self.value()))
        except ValueError:
            raise IncorrectLookupParameters(f"{self.parameter_name}={self.value()}") from None
        if search.trace_id(request.GET.get("q", "")):
            return queryset
        return cast(TraceQuerySet, queryset).older_than(started, trace_id)

    def choices(self, changelist: Any) -> Iterator[Any]:
        started, _id = paging.position(str(self.value()))
        shown = timezone.localtime(started).isoformat(" ", "seconds")[:19]
        yield {
            "selected": False,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("Newest"),
        }
        yield {
            "selected": True,
            "query_string": changelist.get_query_string(),
            "display": _("Older than %(moment)s") % {"moment": shown},
        }


ALL = (
    OlderFilter,
    WindowFilter,
    MarkerFilter,
    StatusFilter,
    ReasonFilter,
    MethodFilter,
)
