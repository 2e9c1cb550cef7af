"""What the team says about an order's protection and about goods without the right of withdrawal."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard.access import Seat, id_or_404, merchant_view
from merchants.permissions import Permission
from merchants.rest.errors import Conflict
from orders.queries import get_order
from returns.claims.pool import cover
from returns.withdrawal.exempting import set_exemptions
from returns.withdrawal.models import Exemption


@require_POST
@merchant_view(needs=Permission.ACT)
def protect(request: HttpRequest, seat: Seat, order_id: str) -> HttpResponse:
    """Protect the order on its way, for `premium` in its currency; empty: by the price table."""
    found = get_order(id_or_404("ord", order_id))
    text = request.POST.get("premium", "").strip().replace(",", ".")
    try:
        premium = Decimal(text) if text else None
        if premium is not None and not 0 <= premium < 10_000:
            raise InvalidOperation
        cover(seat.merchant, found.pk, premium=premium, source="team")
    except InvalidOperation:
        messages.error(request, _("The premium is an amount, for example 1.90."))
    except Conflict:
        messages.error(request, _("The parcel protection is off."))
    else:
        messages.success(request, _("Order %(number)s is protected.") % {"number": found.number})
    return redirect("dashboard:order", seat.merchant.slug, order_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def exempt(request: HttpRequest, seat: Seat, order_id: str) -> HttpResponse:
    """Mark goods as without the right of withdrawal: `exemption-<id>` of each line is a reason, or empty."""
    found = get_order(id_or_404("ord", order_id))
    said = {line.pk: request.POST.get(f"exemption-{line.pk}") for line in found.lines.all()}
    known = {
        pk: Exemption(value) if value else None
        for pk, value in said.items()
        if value == "" or value in Exemption.values
    }
    changed = set_exemptions(seat.merchant, found.pk, known)
    messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return redirect("dashboard:order", seat.merchant.slug, order_id)
