"""Work on many orders: confirm, start, watch, read the report; and the chosen orders as CSV."""

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard import bulk, filters, formats
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.models import BulkAction, BulkJob
from dashboard.pages.orders import TABS, of_tab
from dashboard.shell import page
from merchants.ids import parse_public_id, public_id
from merchants.permissions import Permission
from merchants.rest.errors import Unprocessable
from orders.annotations import normal_tag
from orders.models import Order

ACTIONS: dict[str, Promise] = {
    BulkAction.ADD_TAG: gettext_lazy("Add a tag"),
    BulkAction.REMOVE_TAG: gettext_lazy("Remove a tag"),
    BulkAction.REFRESH: gettext_lazy("Ask the carriers now"),
    BulkAction.RESEND: gettext_lazy("Send the failed message again"),
    BulkAction.CANCEL: gettext_lazy("Cancel"),
}
WHAT_HAPPENS: dict[str, Promise] = {
    BulkAction.ADD_TAG: gettext_lazy("The orders get this tag. Customers do not see it."),
    BulkAction.REMOVE_TAG: gettext_lazy("The orders lose this tag."),
    BulkAction.REFRESH: gettext_lazy(
        "The carriers of all parcels on their way are asked, as fast as they let us."
    ),
    BulkAction.RESEND: gettext_lazy("Each order's newest message that failed or was not sent goes out now."),
    BulkAction.CANCEL: gettext_lazy(
        "Each customer is told by e-mail. This cannot be taken back here; your shop is not told."
    ),
}
REASONS: dict[str, Promise] = {
    "already_cancelled": gettext_lazy("It was cancelled already."),
    "already_tagged": gettext_lazy("It has the tag already."),
    "not_tagged": gettext_lazy("It does not have the tag."),
    "no_parcel_on_its_way": gettext_lazy("No parcel of it is on its way."),
    "no_message_to_send": gettext_lazy("No message of it failed."),
    "order_delivered": gettext_lazy("It was delivered: it cannot be cancelled."),
    "carrier_not_asked": gettext_lazy("Its carrier cannot be asked."),
    "refreshed_just_now": gettext_lazy("Its carrier was asked just now."),
    "too_many_tags": gettext_lazy("It has too many tags."),
    "internal_error": gettext_lazy("Something went wrong. It stands in the installation's log."),
}
_REFUSED_SHOWN = 200


@require_POST
@merchant_view(needs=Permission.ACT)
def start(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Asks first; the same form with `confirmed` starts the job."""
    ids = chosen(request)
    action, tag = request.POST.get("action", ""), normal_tag(request.POST.get("tag", ""))
    back = f"/app/{seat.merchant.slug}/orders/?{request.POST.get('query', '')}"
    problem = _problem(ids, action, tag)
    if problem:
        messages.error(request, problem)
        return redirect(back)
    if request.POST.get("confirmed"):
        try:
            job = bulk.start_job(seat.merchant, action, ids, argument=tag)
        except Unprocessable:
            messages.error(request, _("None of these orders is there any more."))
            return redirect(back)
        return redirect("dashboard:bulk_job", seat.merchant.slug, public_id("blk", job.id))
    count = len(ids)
    context = {
        "title": _title(action, tag, count),
        "text": WHAT_HAPPENS[action],
        "is_capped": count == bulk.MOST,
        "most": formats.number(bulk.MOST),
        "action": action,
        "tag": tag,
        # In one field: a form of ours has a thousand fields at most.
        "keys": ",".join(public_id("ord", order_id)[4:] for order_id in ids),
        "query": request.POST.get("query", "")[:1000],
        "back": back,
        "hurts": action == BulkAction.CANCEL,
        "button": ngettext("Yes, do it to %(count)s order", "Yes, do it to %(count)s orders", count)
        % {"count": formats.number(count)},
    }
    return page(request, seat, "dashboard/bulk_confirm.html", context, section="orders")


@require_safe
@merchant_view()
def job(request: HttpRequest, seat: Seat, job_id: str) -> HttpResponse:
    """How far a job is, and what came of it. A fragment request gets the progress only."""
    found = BulkJob.objects.filter(pk=id_or_404("blk", job_id)).first()
    if found is None:
        raise Http404
    context = {
        "seat": seat,
        "job": found,
        "job_id": job_id,
        "title": _title(found.action, found.argument, len(found.order_ids)),
        "total": len(found.order_ids),
        "refused": [
            {
                "number": number,
                "url": f"/app/{seat.merchant.slug}/orders/{public_id('ord', UUID(order_id))}/",
                "why": REASONS.get(why, why),
            }
            for number, order_id, why in found.refused[:_REFUSED_SHOWN]
        ],
        "not_shown": max(0, len(found.refused) - _REFUSED_SHOWN),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "dashboard/bulk_job.html#progress", context)
    return page(request, seat, "dashboard/bulk_job.html", context, section="orders")


@require_POST
@merchant_view(needs=Permission.DATA)
def export_chosen(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The chosen orders as CSV, as they stand now."""
    ids = chosen(request)
    if not ids:
        messages.error(request, _("Choose at least one order first."))
        return redirect(f"/app/{seat.merchant.slug}/orders/?{request.POST.get('query', '')}")
    rows = Order.objects.filter(pk__in=ids).defer("raw", "search").order_by("-placed_at", "-id")
    response = HttpResponse("".join(_lines(rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="orders-{timezone.localdate().isoformat()}.csv"'
    return response


def chosen(request: HttpRequest) -> list[UUID]:
    """Ids of the chosen orders, 1,000 at most: those that were ticked, or all of the list that was looked at."""
    if not request.POST.get("all") or request.POST.get("confirmed"):
        keys = (request.POST.get("keys", "").split(",") + request.POST.getlist("o"))[: bulk.MOST + 1]
        return [found for key in keys if (found := parse_public_id("ord", f"ord_{key}"))]
    asked = filters.given(QueryDict(request.POST.get("query", "")[:1000]).dict(), TABS)
    rows = of_tab(filters.of_orders(asked).orders, asked.tab).order_by("-placed_at", "-id")
    return list(rows.values_list("pk", flat=True)[: bulk.MOST])


def _problem(ids: Sequence[UUID], action: str, tag: str) -> str:
    if not ids:
        return _("Choose at least one order first.")
    if action not in ACTIONS:
        return _("Choose what to do with the orders.")
    if action in (BulkAction.ADD_TAG, BulkAction.REMOVE_TAG) and not tag:
        return _("Write the tag beside what is to be done.")
    return ""


def _title(action: str, tag: str, count: int) -> str:
    number = formats.number(count)
    names = {
        BulkAction.ADD_TAG: ngettext("Tag %(count)s order “%(tag)s”", "Tag %(count)s orders “%(tag)s”", count),
        BulkAction.REMOVE_TAG: ngettext(
            "Take the tag “%(tag)s” off %(count)s order", "Take the tag “%(tag)s” off %(count)s orders", count
        ),
        BulkAction.REFRESH: ngettext(
            "Ask the carriers about %(count)s order", "Ask the carriers about %(count)s orders", count
        ),
        BulkAction.RESEND: ngettext(
            "Send the failed message of %(count)s order again",
            "Send the failed messages of %(count)s orders again", count,
        ),
        BulkAction.CANCEL: ngettext("Cancel %(count)s order", "Cancel %(count)s orders", count),
    }  # fmt: skip
    return names[BulkAction(action)] % {"count": number, "tag": tag}


_COLUMNS = (
    "external_id", "number", "placed_at", "stage", "email", "first_name", "last_name", "postcode", "city", "country",
    "currency", "total", "tags",
)  # fmt: skip


class _Echo:
    """What the CSV writer writes into: it gives each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: Any) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(_COLUMNS)
    for order in islice(rows, bulk.MOST):
        yield writer.writerow([_cell(order, name) for name in _COLUMNS])


def _cell(order: Order, name: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    value = getattr(order, name)
    if name == "placed_at":
        return str(value.isoformat())
    text = ", ".join(value) if name == "tags" else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
