"""What the team does with a return: one form field says what, each a command of `returns`."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from orders.models import Order
from orders.text import normal_number
from returns import commands, exchange_commands
from returns.logistics.labelling import LARGEST_LABEL, supply
from returns.models import Return
from returns.receiving import InspectedLine, ReceivedLine
from returns.retrying import pay_again
from returns.states import Condition, Side

Act = Callable[[Merchant, Return, HttpRequest], str]


def _counts(ret: Return, asked: QueryDict, name: str) -> dict[UUID, int]:
    """How many of each line a form says; what it does not name, or what is no number, is 0."""
    found = {}
    for line in ret.lines.all():
        text = asked.get(f"{name}-{line.pk}", "").strip()
        found[line.pk] = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return found


def _approve(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    some = _counts(ret, request.POST, "approve") if request.POST.get("part") else None
    commands.approve(merchant, ret.pk, quantities=some, text=request.POST.get("text", ""))
    return _("It is approved, and the customer is told.")


def _reject(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    commands.reject(merchant, ret.pk, request.POST.get("text", ""))
    return _("It is refused, and the customer is told why.")


def _ask(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    commands.ask(merchant, ret.pk, request.POST.get("text", ""))
    return _("The customer is asked.")


def _receive(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    lines = [ReceivedLine(pk, count) for pk, count in _counts(ret, request.POST, "came").items() if count]
    if not lines:
        raise Unprocessable("Nothing came.", param="lines", code="nothing_came")
    commands.receive(merchant, ret.pk, lines)
    return _("It is noted what came.")


def _inspect(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    accepted = _counts(ret, request.POST, "accepted")
    lines = [
        InspectedLine(
            line.pk, min(accepted[line.pk], line.quantity),
            condition=request.POST.get(f"condition-{line.pk}", Condition.GOOD),
            disposition=request.POST.get(f"disposition-{line.pk}", ""),
            grade=request.POST.get(f"grade-{line.pk}", "")[:2], text=request.POST.get(f"found-{line.pk}", ""),
            photos=[photo.read() for photo in request.FILES.getlist(f"photos-{line.pk}")],
        )
        for line in ret.lines.all()
        if line.received or line.accepted is not None or request.POST.get(f"condition-{line.pk}") == Condition.MISSING
    ]  # fmt: skip
    commands.inspect(merchant, ret.pk, lines, text=request.POST.get("text", ""))
    return _("It is noted what was found; the money follows it.")


def _restock(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    commands.restock(merchant, ret.pk)
    return _("The shop is told what is back in stock.")


def _note(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    commands.add_note(merchant, ret.pk, request.POST.get("text", ""))
    return _("The note is kept.")


def _cancel(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    commands.cancel(merchant, ret.pk, by=Side.TEAM, text=request.POST.get("text", ""))
    return _("It is cancelled, and the customer is told.")


def _extend(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    commands.extend(merchant, ret.pk, 14)
    return _("The customer has 14 days more to send it.")


def _pay(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    pay_again(merchant, ret.pk)
    return _("What failed is asked for again.")


def _label(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    pdf = request.FILES.get("pdf")
    if pdf is None or (pdf.size or 0) > LARGEST_LABEL:
        raise Unprocessable("Send a PDF of at most 2 MB.", param="pdf", code="not_a_pdf")
    number, carrier = (request.POST.get(name, "").replace("\0", "").strip() for name in ("number", "carrier"))
    supply(merchant, ret.pk, pdf.read(), carrier=carrier[:40], tracking_number=number[:100])
    return _("The label is stored, and the customer is told.")


def _link(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    exchange_commands.set_payment_link(
        merchant, ret.pk, request.POST.get("url", "").replace("\0", "").strip()
    )
    return _("The customer gets the link.")


def _paid(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    exchange_commands.mark_paid(merchant, ret.pk, reference=_reference(request))
    return _("It is noted as paid.")


def _held(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    exchange_commands.mark_held(merchant, ret.pk, reference=_reference(request))
    return _("The hold is noted: the new item can be sent.")


def _no_hold(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    exchange_commands.refuse_hold(merchant, ret.pk)
    return _("It is sent when the first one is back.")


def _ordered(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    number = normal_number(request.POST.get("order", "")[:100])
    rows = Order.objects.filter(lookup_number=number) if number else Order.objects.none()
    found = rows.order_by("-placed_at").values_list("pk", flat=True).first()
    if found is None:
        raise Unprocessable("There is no such order.", param="order", code="unknown_order")
    exchange_commands.mark_ordered(merchant, ret.pk, found)
    return _("The order of the exchange is noted.")


def _sold_out(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    exchange_commands.mark_sold_out(merchant, ret.pk)
    return _("It is refunded instead.")


def _reference(request: HttpRequest) -> str:
    return request.POST.get("reference", "").replace("\0", "").strip()[:191]


def _close(merchant: Merchant, ret: Return, request: HttpRequest) -> str:
    commands.resolve(merchant, ret.pk, request.POST.get("text", ""))
    return _("It is closed.")


ACTS: Final[dict[str, Act]] = {
    "approve": _approve, "reject": _reject, "ask": _ask, "receive": _receive, "inspect": _inspect,
    "restock": _restock, "note": _note, "cancel": _cancel, "extend": _extend, "close": _close, "pay": _pay,
    "label": _label, "link": _link, "paid": _paid, "held": _held, "no_hold": _no_hold, "ordered": _ordered,
    "sold_out": _sold_out,
}  # fmt: skip


def why_not(code: str) -> str:
    """Why something could not be done, for people."""
    said = {
        "empty_message": _("Please say why, or what you ask."),
        "nothing_approved": _("Nothing would be left of it: refuse it instead."),
        "nothing_came": _("Please say how many came."),
        "not_a_pdf": _("Please choose a PDF of at most 2 MB."),
        "not_a_link": _("Please enter a link that begins with https://."),
        "unknown_order": _("There is no order with this number."),
        "order_not_found": _("There is no order with this number."),
        "too_many_photos": _("These are too many photos."),
        "unknown_line": _("That is more than was asked for."),
        "received_too_many": _("That is more than was asked for."),
    }
    if code.startswith("photo_"):
        return _("A photo could not be read: JPEG, PNG or WebP, 12 MB at most.")
    return said.get(code, _("This cannot be done in the state that it has by now."))
