"""Claims under the parcel protection: the queue, one with its decision, and the pool with its losses."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages as toasts
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dashboard import formats, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.carriers import carrier_label
from dashboard.queues import Queue
from dashboard.shell import page
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.permissions import Permission
from merchants.pictures import photo_response
from merchants.rest.errors import Conflict, Unprocessable
from notifications.rendering.formats import money
from orders.queries import token_of
from returns.claims import commands, queries
from returns.claims.models import Claim, Exclusion, Payer, Resolution, Status
from returns.claims.pool import balances, lanes
from returns.claims.words import ENTRIES, EXCLUSIONS, KINDS, RESOLUTIONS

QUEUE = Queue(
    "claims",
    {
        "open": (gettext_lazy("To decide"), Q(status=Status.OPEN)),
        "waiting": (gettext_lazy("Waiting"), Q(status__in=(Status.PARKED, Status.NEEDS_MORE, Status.PAUSED))),
        "done": (gettext_lazy("Decided"), Q(status__in=(Status.APPROVED, Status.DECLINED, Status.CLOSED))),
        "all": (gettext_lazy("All"), Q()),
    },
)


@dataclass(frozen=True)
class Row:
    """A claim as the list shows it."""

    claim: Claim
    url: str
    kind: Promise
    status: Label
    order_url: str
    value: str


@require_safe
@merchant_view()
def claims(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?tab=` and `?cursor=` say which; those to decide are shown first."""
    return QUEUE.show(request, seat, queries.claims_with_lines(), lambda found: _row(seat.merchant, found))


@require_safe
@merchant_view()
def claim(request: HttpRequest, seat: Seat, claim_id: str) -> HttpResponse:
    """One claim: what is claimed, the evidence, and the decision."""
    found = queries.get_claim(id_or_404("clm", claim_id))
    base = f"/app/{seat.merchant.slug}/claims/{claim_id}/"
    context = {
        "claim": found,
        "row": _row(seat.merchant, found),
        "history": [(ENTRIES.get(entry.kind, entry.kind), entry) for entry in found.entries.all()],
        "photos": [f"{base}photos/{public_id('clp', photo.pk)}/" for photo in found.photos.defer("image")],
        "wanted": RESOLUTIONS[found.wanted],
        "resolution": RESOLUTIONS.get(found.resolution, ""),
        "exclusion": EXCLUSIONS.get(found.exclusion, ""),
        "resolutions": [(key, name, key == found.wanted) for key, name in RESOLUTIONS.items()],
        "exclusions": list(EXCLUSIONS.items()),
        "can_decide": found.status in (Status.OPEN, Status.NEEDS_MORE, Status.PAUSED),
        "can_ask": found.status == Status.OPEN,
        "shipment_url": f"/app/{seat.merchant.slug}/shipments/{public_id('shp', found.shipment_id)}/",
        "portal_path": f"/p/{seat.merchant.slug}/o/{token_of(found.order)}/claims/{claim_id}/",
        "base": base,
    }
    return page(request, seat, "dashboard/claim.html", context, section="claims")


@require_safe
@merchant_view()
def pool(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the pool holds, and its losses by carrier and country."""

    def shown(amount: Any, currency: str) -> str:
        return money(amount, currency, formats.locale())

    context = {
        "balances": [
            (b, shown(b.premiums, b.currency), shown(b.payouts, b.currency), shown(b.left, b.currency))
            for b in balances()
        ],
        "lanes": [
            (
                row,
                carrier_label(row.carrier) if row.carrier else "",
                formats.country(row.country),
                shown(row.premiums, row.currency),
                shown(row.payouts, row.currency),
            )
            for row in lanes()
        ],
    }
    return page(request, seat, "dashboard/claims_pool.html", context, section="claims")


@require_safe
@merchant_view()
def photo(request: HttpRequest, seat: Seat, claim_id: str, evidence_id: str) -> HttpResponse:
    """A picture of the evidence: drawn anew by us when it came, so a JPEG and nothing else."""
    found = queries.get_claim(id_or_404("clm", claim_id))
    return photo_response(queries.photo_of(found, id_or_404("clp", evidence_id)))


@require_POST
@merchant_view(needs=Permission.ACT)
def decide(request: HttpRequest, seat: Seat, claim_id: str) -> HttpResponse:
    """Do one thing (`do`): approve, decline, ask."""
    pk = id_or_404("clm", claim_id)
    queries.get_claim(pk)
    try:
        said = _done(request, seat.merchant, pk)
    except (Conflict, Unprocessable) as problem:
        toasts.error(request, _why(problem.code))
    else:
        toasts.success(request, said)
    return redirect("dashboard:claim", seat.merchant.slug, claim_id)


def _done(request: HttpRequest, merchant: Merchant, pk: Any) -> str:
    asked = request.POST
    text = asked.get("text", "")
    if asked.get("do") == "ask":
        commands.ask(merchant, pk, text)
        return _("The question goes to the customer by e-mail.")
    if asked.get("do") == "approve" and asked.get("resolution") in Resolution.values:
        payer = Payer.MERCHANT if asked.get("payer") == Payer.MERCHANT else Payer.POOL
        commands.approve(merchant, pk, Resolution(asked["resolution"]), payer=payer, text=text)
        return _("The claim is approved.")
    if asked.get("do") == "decline" and asked.get("exclusion") in Exclusion.values:
        commands.decline(merchant, pk, Exclusion(asked["exclusion"]), text)
        return _("The claim is declined.")
    raise Unprocessable("There is no such thing to do.", param="do", code="unknown_action")


def _why(code: str) -> str:
    said = {
        "empty_message": _("Please write what is missing."),
        "refund_above_paid": _("This is more than was paid and did not go back yet."),
        "no_customer": _("The order has no customer who could have store credit."),
    }
    return said.get(code, _("This cannot be done in the state that it has by now."))


def _row(merchant: Merchant, found: Claim) -> Row:
    return Row(
        claim=found,
        url=f"/app/{merchant.slug}/claims/{public_id('clm', found.pk)}/",
        kind=KINDS[found.kind],
        status=label(words.CLAIM_STATUSES, found.status),
        order_url=f"/app/{merchant.slug}/orders/{public_id('ord', found.order_id)}/",
        value=money(found.value, found.currency, formats.locale()),
    )
