"""The list and page of traces as a ModelAdmin: native where it can be, read-only throughout."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

from debugpanel import access, conf
from debugpanel.models import Trace, TraceQuerySet
from debugpanel.trace import context
from debugpanel.viewer import cells, filters, pages, paging, search, trace_page, window
from debugpanel.viewer.changelist import TraceChangeList

View = Callable[..., HttpResponseBase]


class UnusableQueryError(Exception):
    """The address asks for a filter, an order or a page that does not exist."""


class TraceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("when", "request", "status_shown", "duration", "queries", "reason", "user_key")
    list_filter = filters.ALL
    list_select_related = ("route",)
    list_per_page = 50
    list_max_show_all = 0
    ordering = ("-started", "-id")
    paginator = paging.CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    search_fields = ("path",)
    search_help_text = search.HELP
    actions = None
    # Without actions and without this, the list would have an inline style.
    actions_on_top = True

    class Media:
        css = {"all": (pages.STYLE,)}

    when = admin.display(description=_("started"), ordering="started")(cells.when)
    request = admin.display(description=_("request"))(cells.request)
    status_shown = admin.display(description=_("status"))(cells.status)
    duration = admin.display(description=_("duration"), ordering="duration_ns")(cells.duration)
    queries = admin.display(description=_("queries"), ordering="query_count")(cells.queries)
    user_key = admin.display(description=_("user"))(cells.user)

    def get_urls(self) -> list[URLPattern]:
        """Only what reads: there is no page to add, change or delete a trace."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        views = (
            ("", self.changelist_view, "changelist"),
            ("id/<str:trace_id>/", self.by_id_view, "by_id"),
            ("<path:object_id>/change/", self.change_view, "change"),
        )
        return [path(route, self._guarded(view), name=f"{name}_{of}") for route, view, of in views]

    def _guarded(self, view: View) -> View:
        """Staff with the permission only, nothing but reading, never recorded, never cached."""

        def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not access.may_view(request):
                raise PermissionDenied
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["GET", "HEAD"])
            return view(request, *args, **kwargs)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            context.discard()
            response = self.admin_site.admin_view(read)(request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        guarded.model_admin = self  # type: ignore[attr-defined]
        return update_wrapper(guarded, view)

    def has_view_permission(self, request: HttpRequest, obj: Trace | None = None) -> bool:
        return access.may_view(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return access.may_view(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Trace | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Trace | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> TraceQuerySet:
        traces: TraceQuerySet = Trace.objects.using(conf.database_alias())
        return traces.newest_first()

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return search.found(queryset, search_term), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only our own filters: any other could read the whole table."""
        return lookup in {item.parameter_name for item in filters.ALL}

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:
        return ("when", "duration", "queries") if window.chosen(request).is_narrow else ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TraceChangeList]:
        return TraceChangeList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)
        except (IncorrectLookupParameters, SuspiciousOperation) as error:
            raise UnusableQueryError(str(error)) from error

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": str(self.opts.verbose_name_plural).capitalize()}
        try:
            return super().changelist_view(request, {**title, **(extra_context or {})})
        except UnusableQueryError:
            return pages.unusable_query(self, request)
        except DatabaseError as error:
            return pages.unavailable(self, request, error)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return trace_page.show(self, request, object_id)
        except DatabaseError as error:
            return pages.unavailable(self, request, error)

    def by_id_view(self, request: HttpRequest, trace_id: str) -> HttpResponse:
        """The link that error mails and log lines carry; it is the same for all sites."""
        try:
            return trace_page.find(self, request, trace_id)
        except DatabaseError as error:
            return pages.unavailable(self, request, error)
