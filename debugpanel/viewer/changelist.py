"""The trace list: the real changelist of the admin, kept from reading the whole table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from debugpanel import conf
from debugpanel.viewer import paging, search, window

NOTHING_STORED = "nothing stored"
NOTHING_IN_WINDOW = "nothing in this window"
NOTHING_MATCHES = "nothing matches"


class TraceChangeList(ChangeList):
    problem = ""
    """What is wrong with the search term, in words."""

    empty = ""
    """Which kind of empty the list is; the template has a sentence for each."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.window = window.chosen(request)
        try:
            return super().get_queryset(request, exclude_parameters)
        except search.UnknownKeyError as error:
            self.problem = str(error)
            self.clear_all_filters_qs = "?"
            return self.root_queryset.none()

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        if not self.window.is_narrow:
            self.params.pop(ORDER_VAR, None)
        return list(super().get_ordering(request, queryset))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # Equal numbers keep the search form from offering to "show all".
        self.full_result_count = self.result_count
        if not self.multi_page:
            self.result_list = self.queryset[: self.list_per_page]
        if not self.result_count and not self.problem:
            self.empty = self._kind_of_empty()

    @property
    def count_words(self) -> str:
        """How many there are, as far as anybody counted."""
        if self.paginator.is_capped:
            return f"{paging.MAX_COUNTED:,} or more {self.opts.verbose_name_plural}"
        is_one = self.result_count == 1
        name = self.opts.verbose_name if is_one else self.opts.verbose_name_plural
        return f"{self.result_count:,} {name}"

    @property
    def older_url(self) -> str:
        """Where the list goes on behind this page; "" when it ends or is in another order."""
        rows = list(self.result_list)
        is_last = not self.multi_page
        if not rows or is_last or self.params.get(ORDER_VAR):
            return ""
        return self.get_query_string({paging.PARAMETER: paging.cursor_of(rows[-1])})

    @property
    def newest_url(self) -> str:
        is_moved = paging.PARAMETER in self.params
        return self.get_query_string(remove=[paging.PARAMETER]) if is_moved else ""

    @property
    def widest_url(self) -> str:
        return f"?{window.PARAMETER}={window.WIDEST.name}"

    @property
    def settings(self) -> conf.Settings:
        return conf.get()

    def _kind_of_empty(self) -> str:
        if not self.root_queryset.exists():
            return NOTHING_STORED
        only_window = set(self.params) <= {window.PARAMETER, ORDER_VAR}
        return NOTHING_IN_WINDOW if only_window else NOTHING_MATCHES
