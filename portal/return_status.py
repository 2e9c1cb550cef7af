"""A11: where a return stands, what comes next, and what it brings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from segno import make_qr

from merchants.ids import public_id
from merchants.models import Merchant
from portal.goods import own_picture
from portal.loading import OrderRow
from portal.problem_form import Typed
from portal.return_page import LONGEST_NOTE, METHODS
from portal.site import Site
from portal.style import Style
from portal.way_back import is_refunded, withdrawal_context
from portal.wording import Tone
from returns import reasons
from returns.label_models import LabelState, ReturnLabel
from returns.models import Branch, Return, ReturnEntry
from returns.money.models import Refund, RefundState
from returns.queries import entries_of, may_cancel
from returns.states import NOT_SENT, Approval, EntryKind, Kind, Logistics, Method, Money, Resolution, Side
from returns.steps import MOST_PHOTOS

_MOST_BRANCHES: Final = 50
_DONE: Final = (Money.DONE,)
_CAME: Final = (Logistics.RECEIVED, Logistics.PARTLY_RECEIVED, Logistics.INSPECTED)
_SAID: Final[dict[str, Promise]] = {
    EntryKind.REQUESTED: gettext_lazy("You asked for the return"),
    EntryKind.APPROVED: gettext_lazy("We approved it"),
    EntryKind.REJECTED: gettext_lazy("We could not approve it"),
    EntryKind.ASKED: gettext_lazy("We have a question"),
    EntryKind.REPLIED: gettext_lazy("You answered"),
    EntryKind.CANCELLED: gettext_lazy("The return was cancelled"),
    EntryKind.LABEL: gettext_lazy("Your label is ready"),
    EntryKind.SENT: gettext_lazy("It is on its way to us"),
    EntryKind.RECEIVED: gettext_lazy("It has arrived with us"),
    EntryKind.INSPECTED: gettext_lazy("We have looked at it"),
    EntryKind.EXPIRED: gettext_lazy("The time to send it is over"),
    EntryKind.MONEY: gettext_lazy("We asked for your money to be sent back"),
    EntryKind.EXCHANGE: gettext_lazy("Your exchange moved on"),
    EntryKind.RESOLVED: gettext_lazy("All is settled"),
}
# What is done with the goods is the shop's own business.
_HIDDEN: Final = (EntryKind.RESTOCKED, EntryKind.NOTE, EntryKind.REVIEW)


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the history."""

    name: str
    when: str
    when_iso: str
    text: str
    photos: tuple[str, ...]
    is_ours: bool


def state_of(ret: Return) -> tuple[str, Tone, str]:
    """The chip, its tone, and one sentence of what it means."""
    if ret.approval_state == Approval.CANCELLED:
        return _("Cancelled"), "quiet", _("You keep everything. You can return it again while there is time.")
    if ret.approval_state == Approval.REJECTED:
        return _("Not approved"), "bad", _("We could not take it back. Below we say why.")
    if ret.approval_state == Approval.ASKED:
        return _("We have a question"), "warn", _("Please answer it below, so that we can go on.")
    if ret.approval_state in (Approval.REQUESTED, Approval.REVIEW):
        return _("Waiting for us"), "info", _("We look at it and write to you.")
    if is_refunded(ret):
        return _("Refunded"), "ok", _("Your money was given back.")
    if ret.money_state in _DONE and ret.closed_at is not None:
        return _("Settled"), "ok", _("All is settled. Thank you!")
    if ret.money_state == Money.AWAITING_PAYMENT:
        return (
            _("Waiting for your payment"),
            "warn",
            _("Your exchange leaves as soon as the difference is paid."),
        )
    if ret.logistics_state == Logistics.EXPIRED:
        return (
            _("Time is over"),
            "warn",
            _("We did not get your parcel in time. Write to us if it is on its way."),
        )
    if ret.money_state == Money.FAILED:
        return _("Delayed"), "warn", _("Something went wrong with your money. We take care of it.")
    if ret.money_state == Money.PENDING:
        return (
            _("Money on its way"),
            "ok",
            _("It usually takes 3 to 5 days until you see it in your account."),
        )
    if ret.logistics_state in _CAME:
        return _("Arrived"), "info", _("It is back with us. We look at it now.")
    if ret.logistics_state == Logistics.IN_TRANSIT:
        return _("On its way to us"), "info", _("We write to you when it arrives.")
    if not ret.method:
        return _("Approved"), "ok", _("You keep the item. There is nothing to send.")
    if ret.kind == Kind.WITHDRAWAL:
        return _("To be sent"), "info", _("Please send the goods back: below you find how.")
    return _("Approved"), "ok", _("Please send it now.")


def steps_of(ret: Return) -> list[tuple[str, str]]:
    """The way of a return as (name, "done" | "now" | "")."""
    names = (
        [_("Approved"), _("Sent"), _("Received"), _("Settled")]
        if ret.method
        else [_("Approved"), _("Settled")]
    )
    if ret.kind == Kind.WITHDRAWAL:
        names = [_("Withdrawn"), _("Sent"), _("Received"), _("Refunded")]
    if ret.approval_state != Approval.APPROVED:
        place = -1
    elif ret.money_state in _DONE or is_refunded(ret):
        place = len(names) - 1
    elif not ret.method or ret.logistics_state in (*NOT_SENT, Logistics.EXPIRED):
        place = 0
    else:
        place = 2 if ret.logistics_state in _CAME else 1
    return [
        (name, "done" if number < place else "now" if number == place else "")
        for number, name in enumerate(names)
    ]


def status_context(
    site: Site, row: OrderRow, token: str, ret: Return, typed: Typed | None, style: Style, *, host: str
) -> dict[str, Any]:
    """What `portal/return.html` shows. host: `https://…`, for the code that a counter scans."""
    chip, tone, sentence = state_of(ret)
    base = site.path(f"o/{token}/returns/{public_id('ret', ret.id)}/")
    exchange = ret.exchanges.all()[0] if ret.exchanges.all() else None
    to_send = ret.approval_state == Approval.APPROVED and bool(ret.method) and ret.logistics_state in NOT_SENT
    in_store = to_send and ret.method == Method.STORE
    branches = list(Branch.objects.all()[:_MOST_BRANCHES]) if in_store else []
    counter = f"{host}{site.base}/b/?code={ret.number}" if branches else ret.number
    over = ret.approval_state in (Approval.REJECTED, Approval.CANCELLED)
    is_withdrawal = ret.kind == Kind.WITHDRAWAL
    hidden = (*_HIDDEN, EntryKind.APPROVED) if is_withdrawal else _HIDDEN
    return {
        "title": _("Return %(number)s") % {"number": ret.number},
        "order_number": row.number,
        "ret": ret,
        "chip": chip,
        "tone": tone,
        "sentence": sentence,
        "steps": [] if over else steps_of(ret),
        "goods": [_good(line, style, ret.currency) for line in ret.lines.all()],
        "fee": style.money(ret.fee, ret.currency) if ret.fee else "",
        "refunds": [] if ret.gift else _refunds(ret, style),
        "to_send": to_send,
        "method": METHODS[ret.method][0] if ret.method in METHODS else "",
        "address": _address(site.merchant) if to_send and ret.method == Method.OWN else "",
        "branches": branches,
        "qr": _qr(counter) if to_send and ret.method in (Method.STORE, Method.QR) else "",
        "own_parcel": to_send and ret.method != Method.STORE,
        "until": style.day(ret.expires_at) if to_send and ret.expires_at else "",
        "files": _files(base, ret) if to_send else [],
        "payment_url": exchange.payment_url if exchange and ret.money_state == Money.AWAITING_PAYMENT else "",
        "difference": style.money(abs(exchange.difference), ret.currency)
        if exchange and exchange.difference
        else "",
        "pays_more": bool(exchange and exchange.difference > 0),
        "asked": ret.approval_state == Approval.ASKED,
        "history": [
            _said(base, e, style, is_withdrawal=is_withdrawal)
            for e in entries_of(ret, for_shopper=True)
            if e.kind not in hidden
        ],
        "typed": typed or Typed(),
        "longest": LONGEST_NOTE,
        "most_photos": MOST_PHOTOS,
        "action": base,
        "sent_action": base + "sent/",
        "cancel_url": base + "cancel/" if may_cancel(ret) and not is_withdrawal else "",
        "back_url": site.path(f"o/{token}/"),
        **withdrawal_context(ret, style, base),
    }


def _good(line: Any, style: Style, currency: str) -> dict[str, Any]:
    gets = str(Resolution(line.resolution).label)
    return {
        "title": line.part.title if line.part else line.line.title,
        "variant": line.line.title if line.part else line.line.variant,
        "picture": own_picture(line.line.image_url),
        "quantity": line.quantity,
        "paid": style.money(line.paid, currency),
        "reason": reasons.name_of(line.reason),
        "gets": f"{gets}: {line.exchange_title}" if line.exchange_title else gets,
    }


def _refunds(ret: Return, style: Style) -> list[dict[str, str]]:
    source = ("withdrawal", ret.withdrawal_id) if ret.kind == Kind.WITHDRAWAL else ("return", ret.id)
    rows = Refund.objects.filter(source_kind=source[0], source_id=source[1]).order_by("requested_at")
    words = {
        RefundState.REQUESTED: _("asked for, usually there in 3 to 5 days"),
        RefundState.COMPLETED: _("sent back"),
        RefundState.FAILED: _("delayed: we take care of it"),
    }
    return [
        {"amount": style.money(row.amount, row.currency), "state": words[RefundState(row.state)],
         "when": style.day(row.requested_at)}
        for row in rows
    ]  # fmt: skip


def _files(base: str, ret: Return) -> list[tuple[str, str]]:
    """What there is to print or to show, as (name, address): one query."""
    label = ReturnLabel.objects.filter(ret=ret, state=LabelState.READY).defer("pdf", "qr")
    held = label.annotate(has_pdf=Q(pdf__isnull=False), has_qr=Q(qr__isnull=False)).values_list(
        "has_pdf", "has_qr"
    )
    has_pdf, has_qr = held.first() or (False, False)
    found = [(_("Open the label"), "label")] if has_pdf else []
    found += [(_("Open the QR code"), "qr")] if has_qr else []
    return [(name, f"{base}files/{kind}/") for name, kind in (*found, (_("Open the packing slip"), "slip"))]


def _address(merchant: Merchant) -> str:
    return "\n".join(part for part in (merchant.legal_name or merchant.name, merchant.postal_address) if part)


def _qr(number: str) -> SafeString:
    return SafeString(make_qr(number, error="m").svg_data_uri(scale=5, border=2, dark="#000", light="#fff"))


def _said(base: str, entry: ReturnEntry, style: Style, *, is_withdrawal: bool) -> Said:
    name = str(_SAID.get(EntryKind(entry.kind), entry.kind))
    if is_withdrawal and entry.kind == EntryKind.REQUESTED:
        name = _("You withdrew from the contract")
    return Said(
        name=name,
        when=style.day_and_time(entry.created_at),
        when_iso=style.iso(entry.created_at),
        text=entry.text if entry.kind in (EntryKind.REQUESTED, EntryKind.ASKED, EntryKind.REPLIED,
                                          EntryKind.REJECTED, EntryKind.APPROVED) else "",
        photos=tuple(f"{base}photos/{public_id('rph', photo.id)}/" for photo in entry.photos.all()),
        is_ours=entry.side == Side.TEAM,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A return on the order's page."""

    name: str
    sentence: str
    chip: str
    tone: Tone
    url: str


def cards_of(site: Site, token: str, returns: Iterable[Return]) -> list[Card]:
    """The returns of an order in short, newest first."""
    cards = []
    for ret in returns:
        chip, tone, sentence = state_of(ret)
        url = site.path(f"o/{token}/returns/{public_id('ret', ret.id)}/")
        cards.append(Card(_("Return %(number)s") % {"number": ret.number}, sentence, chip, tone, url))
    return cards
