"""Settings › Audit log: every change, by whom, when, what it was and what it is."""

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard import audit_words, listing
from dashboard.access import Seat, merchant_view
from dashboard.settings_pages import settings_page
from merchants.models import ActorKind, AuditEntry
from merchants.permissions import Permission

_LONGEST_FILTER = 254
_MOST_EXPORTED = 50_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@merchant_view(needs=Permission.TEAM)
def audit_log(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?about=` (a kind of object), `?by=` (person, key or system), `?q=` (who, or about what) and `?cursor=`."""
    given = _given(request)
    stretch = listing.newest(request, _filtered(given), by="occurred_at")
    context = {
        "rows": [_row(entry) for entry in stretch.rows],
        "stretch": stretch,
        "given": given,
        "is_filtered": any(given.values()),
        "start_url": listing.url_with(request),
        "no_filter_url": request.path,
        "export_url": f"/app/{seat.merchant.slug}/settings/audit/export/{listing.url_with(request)}"
        if listing.url_with(request).startswith("?")
        else f"/app/{seat.merchant.slug}/settings/audit/export/",
        "subjects": list(audit_words.SUBJECTS.items()),
        "actors": list(audit_words.ACTORS.items()),
    }
    if request.htmx and "more" in (request.htmx.target or ""):  # type: ignore[attr-defined]
        return render(request, "dashboard/settings/audit.html#rows", context)
    return settings_page(request, seat, "audit", "dashboard/settings/audit.html", context)


@require_safe
@merchant_view(needs=Permission.TEAM)
def export(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the filters show, as CSV."""
    entries = list(_filtered(_given(request)).order_by("-occurred_at", "-id")[:_MOST_EXPORTED])
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{seat.merchant.slug}.csv"'
    writer = csv.writer(response)
    writer.writerow(
        ["occurred_at", "actor_kind", "actor", "action", "subject", "label", "field", "old", "new"]
    )
    for line in _lines(entries):
        writer.writerow([_cell(value) for value in line])
    return response


def _given(request: HttpRequest) -> dict[str, str]:
    about, by = request.GET.get("about", ""), request.GET.get("by", "")
    return {
        "about": about if about in audit_words.SUBJECTS else "",
        "by": by if by in ActorKind.values else "",
        "q": request.GET.get("q", "").replace("\0", "")[:_LONGEST_FILTER].strip(),
    }


def _filtered(given: dict[str, str]) -> QuerySet[AuditEntry]:
    rows: QuerySet[AuditEntry] = AuditEntry.objects.all()
    if given["about"]:
        rows = rows.filter(action__startswith=f"{given['about']}.")
    if given["by"]:
        rows = rows.filter(actor_kind=given["by"])
    if given["q"]:
        rows = rows.filter(actor__istartswith=given["q"]) | rows.filter(label__istartswith=given["q"])
    return rows


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "what": audit_words.what(entry.action),
        "who": entry.actor or audit_words.ACTORS.get(entry.actor_kind, entry.actor_kind),
        "kind": audit_words.ACTORS.get(entry.actor_kind, entry.actor_kind) if entry.actor else "",
        "changes": [
            (audit_words.FIELDS.get(name, name), _words(old), _words(new))
            for name, (old, new) in entry.changes.items()
        ],
    }


def _words(value: Any) -> str:
    """A value as people read it; "" for nothing."""
    if value is None or value == "":
        return ""
    if value is True:
        return _("yes")
    if value is False:
        return _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _lines(entries: list[AuditEntry]) -> Iterator[list[Any]]:
    """One line a changed field; one line for an entry without."""
    for entry in entries:
        head = [
            entry.occurred_at.isoformat(),
            entry.actor_kind,
            entry.actor,
            entry.action,
            entry.subject,
            entry.label,
        ]
        for name, (old, new) in (entry.changes or {"": (None, None)}).items():
            yield [*head, name, old, new]


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
