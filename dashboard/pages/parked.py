"""What could not be worked off: facts that a reader failed on, and shops' webhooks that failed for good."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard import counts, listing, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.fact_words import FACTS
from dashboard.shell import page
from events.models import ParkedFact
from events.parked import try_again as try_fact_again
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.permissions import Permission
from orders import inbox
from orders.models import InboxItem, InboxState

TABS: dict[str, Any] = {"facts": gettext_lazy("Facts"), "inbox": gettext_lazy("Shop webhooks")}


@dataclass(frozen=True)
class Row:
    """Something parked, as the page shows it. `error` is its first telling line, `details` all of it."""

    what: Any
    code: str
    where: str
    error: str
    details: str
    tries: int
    since: datetime
    next_try: datetime | None
    retry_url: str
    order_url: str = ""


@require_safe
@merchant_view()
def parked(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?tab=facts` or `?tab=inbox`, and `?cursor=`."""
    tab = "inbox" if request.GET.get("tab") == "inbox" else "facts"
    facts = ParkedFact.objects.all()
    items = InboxItem.objects.filter(state=InboxState.FAILED)
    if tab == "facts":
        stretch = listing.newest(request, facts, by="parked_at")
        rows = [_fact_row(seat.merchant, fact) for fact in stretch.rows]
    else:
        stretch = listing.newest(request, items.defer("body"), by="received_at")
        rows = [_item_row(seat.merchant, item) for item in stretch.rows]
    numbers = counts.capped_counts(seat.merchant, {"facts": facts, "inbox": items})
    context = {
        "rows": rows,
        "stretch": stretch,
        "tab": tab,
        "tabs": [
            {
                "words": text,
                "count": counts.shown(numbers[name]),
                "url": listing.url_with(request, tab="" if name == "facts" else name),
                "current": name == tab,
            }
            for name, text in TABS.items()
        ],
        "start_url": listing.url_with(request),
    }
    return page(request, seat, "dashboard/parked.html", context, section="parked")


@require_POST
@merchant_view(needs=Permission.ACT)
def retry_fact(request: HttpRequest, seat: Seat, parked_id: str) -> HttpResponse:
    """Try one parked fact again now."""
    if not try_fact_again(seat.merchant, id_or_404("prk", parked_id)):
        raise Http404
    messages.success(request, _("It will be tried again within seconds."))
    return redirect("dashboard:parked", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.ACT)
def retry_facts(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Try every parked fact again now."""
    _say_how_many(request, try_fact_again(seat.merchant))
    return redirect("dashboard:parked", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.ACT)
def retry_item(request: HttpRequest, seat: Seat, item_id: str) -> HttpResponse:
    """Work off one failed webhook again now."""
    item = InboxItem.objects.filter(pk=id_or_404("inb", item_id), state=InboxState.FAILED).first()
    if item is None:
        raise Http404
    inbox.try_again(item)
    messages.success(request, _("It will be tried again within seconds."))
    return _to_inbox(seat)


@require_POST
@merchant_view(needs=Permission.ACT)
def retry_items(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Work off every failed webhook again now."""
    _say_how_many(request, inbox.try_all_again(seat.merchant))
    return _to_inbox(seat)


def _to_inbox(seat: Seat) -> HttpResponse:
    return redirect(f"/app/{seat.merchant.slug}/parked/?tab=inbox")


def _say_how_many(request: HttpRequest, count: int) -> None:
    text = ngettext("%(count)d is tried again now.", "%(count)d are tried again now.", count)
    messages.success(request, text % {"count": count})


def _fact_row(merchant: Merchant, fact: ParkedFact) -> Row:
    order_id = public_id("ord", fact.order_id) if fact.order_id else ""
    return Row(
        what=words.label(FACTS, fact.type).text,
        code=f"{fact.type} · {fact.position}",
        where=fact.subscriber,
        error=_last_line(fact.error),  # A traceback says what happened in its last line.
        details=fact.error,
        tries=fact.attempts + 1,  # The first one was in line.
        since=fact.parked_at,
        next_try=fact.due_at,
        retry_url=f"/app/{merchant.slug}/parked/facts/{public_id('prk', fact.id)}/retry/",
        order_url=f"/app/{merchant.slug}/orders/{order_id}/" if order_id else "",
    )


def _item_row(merchant: Merchant, item: InboxItem) -> Row:
    first, _newline, rest = item.error.strip().partition("\n")
    return Row(
        what=_("Webhook from %(shop)s") % {"shop": item.source},
        code=f"{item.topic} · {item.external_id}",
        where=item.source,
        error=first,
        details=rest,
        tries=item.attempts,
        since=item.received_at,
        next_try=item.due_at,
        retry_url=f"/app/{merchant.slug}/parked/inbox/{public_id('inb', item.id)}/retry/",
    )


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
