"""The tabs over a list: its own, then the saved ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest

from dashboard import listing, saved_tabs, shell
from dashboard.access import Seat
from dashboard.filters import Given
from merchants.ids import public_id


@dataclass(frozen=True)
class ListTabs:
    """The tabs, the saved one that is open (None: it is one of the list's own), and what waits for the team."""

    tabs: list[dict[str, Any]]
    current: dict[str, Any] | None
    waiting: dict[str, str]


def saved_of(seat: Seat, list_name: str) -> ArraySubquery:
    """The saved tabs that a person sees, as an expression: they come with the counts."""
    rows = saved_tabs.visible(seat.user.pk, list_name)
    return ArraySubquery(rows.values(found=JSONObject(id="id", name="name", query="query", owner="owner_id")))


def shown_tabs(
    request: HttpRequest,
    words: Mapping[str, Any],
    numbers: Mapping[str, str],
    asked: Given,
    saved: list[dict[str, Any]],
    counted: Mapping[str, int],
) -> ListTabs:
    """The tabs as the template shows them. A saved tab stands for itself: it takes no search along."""
    tabs = [
        {
            "words": text,
            "count": numbers[name],
            "url": listing.url_with(request, tab="" if name == "all" else name, view=""),
            "current": name == asked.tab and not asked.view,
        }
        for name, text in words.items()
    ]
    current = None
    for row in saved:
        key = public_id("tab", UUID(row["id"]))
        is_open = key == asked.view
        tabs.append(
            {"words": row["name"], "count": "", "url": f"?{row['query']}&view={key}", "current": is_open}
        )
        if is_open:
            current = {**row, "key": key}
    if asked.view and current is None:  # it was deleted: the list is at its own tab
        for tab, name in zip(tabs, words, strict=False):
            tab["current"] = name == asked.tab
    waiting = shell.badges({name: counted[name] for name in shell.WAITS})
    return ListTabs(tabs, current, waiting)
