"""Pages that are a queue: rows of one kind behind tabs, newest first, stretch by stretch.

A template of such a page has a fragment `rows`, for the stretches that follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import counts, listing
from dashboard.access import Seat
from dashboard.shell import page


@dataclass(frozen=True)
class Queue:
    """What a queue shows. The page's template is `dashboard/<section>.html`.

    tabs: name → (words, which rows stand there); the first one is open when an address names none. by: the time that
    rows are sorted by.
    """

    section: str
    tabs: Mapping[str, tuple[Any, Q]]
    by: str = "created_at"

    def tab(self, request: HttpRequest) -> str:
        """The name of the open tab."""
        asked = request.GET.get("tab", "")
        return asked if asked in self.tabs else next(iter(self.tabs))

    def of_tab(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        """Those of the rows that stand in the open tab."""
        return rows.filter(self.tabs[self.tab(request)][1])

    def show(
        self, request: HttpRequest, seat: Seat, rows: QuerySet, row: Callable[[Any], Any], **more: Any
    ) -> HttpResponse:
        """The page, or for htmx its next rows: two queries beside those of `rows`.

        rows: the open scope's, with what `row` needs of them. row: a row as the template shows it. more: what the
        template shows besides.
        """
        first, tab = next(iter(self.tabs)), self.tab(request)
        stretch = listing.newest(request, self.of_tab(request, rows), by=self.by)
        context = {
            **more,
            "rows": [row(found) for found in stretch.rows],
            "stretch": stretch,
            "tab": tab,
            "start_url": listing.url_with(request),
        }
        template = f"dashboard/{self.section}.html"
        if request.htmx and "more" in (request.htmx.target or ""):  # type: ignore[attr-defined]
            return render(request, f"{template}#rows", context)
        every = rows.model.objects.all()
        counted = counts.capped_counts(
            seat.merchant, {name: every.filter(which) for name, (_words, which) in self.tabs.items()}
        )
        context["tabs"] = [
            {
                "words": words,
                "count": counts.shown(counted[name]),
                "url": listing.url_with(request, tab="" if name == first else name),
                "current": name == tab,
            }
            for name, (words, _which) in self.tabs.items()
        ]
        return page(request, seat, template, context, section=self.section)
