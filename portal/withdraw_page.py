"""What the pages of a withdrawal show: the form, filled in from an order's link, and the receipt."""

from typing import Any

from babel.dates import format_date
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications.about_withdrawals import FLOOD, is_address, words
from notifications.rendering.formats import babel_locale
from orders.models import Order
from portal.goods import choices_of
from portal.loading import OrderRow
from portal.site import Site
from portal.style import Style
from portal.withdraw_form import Form, shown_now
from returns.withdrawal.clock import window_of
from returns.withdrawal.goods import goods_of, rules_of
from returns.withdrawal.models import Exemption, Withdrawal
from returns.withdrawal.proof import proof_code
from returns.withdrawal.queries import declared_entry


def form_context(site: Site, order: OrderRow | None, token: str, form: Form) -> dict[str, Any]:
    """What `portal/withdraw.html` shows."""
    context: dict[str, Any] = {
        "title": _("Withdraw from contract"),
        "form": form,
        "shown": shown_now(),
        "action": site.withdraw_url(token),
        "choices": [],
    }
    if order is None:
        return context
    stored = Order.objects.prefetch_related("lines").defer("raw", "search").get(pk=order.id)
    if not form.errors:
        form.name = f"{stored.first_name} {stored.last_name}".strip()
        form.email = stored.email
        form.contract = _("Order %(number)s of %(day)s") % {
            "number": order.number,
            "day": _long_day(site, order, order.placed_at),
        }
    style = Style.of(site, order, timezone.now())
    rules = rules_of()
    exempt = {pk: good.exemption for pk, good in goods_of(stored, rules).items()}
    window = window_of(site.merchant, stored, informs=rules.informs, days=rules.days)
    is_over = not window.holds(timezone.now())
    return context | {
        "order_number": order.number,
        "back_url": site.path(f"t/{token}/"),
        "until": _long_day(site, order, window.ends_at) if window.ends_at and not is_over else "",
        "over": _long_day(site, order, window.ends_at) if window.ends_at and is_over else "",
        "withdraw_url": site.withdraw_url(token),
        "choices": [
            (
                choice,
                choice.line_id in form.lines,
                choice.counts,
                form.lines.get(choice.line_id, min(choice.quantity, 99)),
                _exempt(exempt.get(choice.line_id, "")),
            )
            for choice in choices_of(order, None, style)
        ],
    }


def receipt_context(site: Site, found: Withdrawal) -> dict[str, Any]:
    """What `portal/withdrawn.html` shows: what was typed, and nothing that we know besides."""
    mailed = is_address(found.email) and FLOOD not in found.marks
    return {
        "title": _("Receipt of your withdrawal"),
        "told": words(site.merchant, found, proof_code(bytes(declared_entry(found).digest)), site.language),
        "mailed_to": found.email if mailed else "",
        "declared_iso": found.declared_at.isoformat(timespec="microseconds"),
        "shop_name": site.merchant.legal_name or site.merchant.name,
    }


def _exempt(exemption: str) -> str:
    said = {
        Exemption.CUSTOM_MADE: _("Made to your wishes: there may be no right of withdrawal."),
        Exemption.SEALED_HYGIENE: _("Sealed for hygiene: once opened, there may be no right of withdrawal."),
        Exemption.PERISHABLE: _("Perishable: there may be no right of withdrawal."),
        Exemption.DIGITAL: _("Digital: after your consent there may be no right of withdrawal."),
    }
    return said.get(Exemption(exemption), "") if exemption else ""


def _long_day(site: Site, order: OrderRow, moment: Any) -> str:
    local = moment.astimezone(site.zone(order.country))
    return format_date(local, "long", locale=babel_locale(site.format_locale(order.locale)))
