"""The label of a return: asked of its maker once it is approved, outside of any transaction, or sent by the shop."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from events import due
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from orders.models import Order
from returns.facts import ReturnLabelCreated
from returns.label_models import LabelAccount, LabelMaker, LabelState, ReturnLabel
from returns.logistics.accounts import access_of
from returns.logistics.labels import MAKERS
from returns.logistics.labels.base import Address, Item, Label, NotNow, Refused, Wanted
from returns.models import Return
from returns.parcels import follow
from returns.states import Approval, EntryKind, Logistics, Method, Side
from returns.steps import add_entry, lines_of, lock_return, move, note, refuse_unless, tell, told

DUE = "returns.labels"
_MOST_TRIES = 12
LARGEST_LABEL: Final = 2_000_000  # bytes of a PDF that the shop sends
_PRINTED = (Method.LABEL, Method.QR)
_STREET_KEYS = ("address1", "street", "address_line_1")


def maker_for(order: Order) -> str:
    """Who makes the label from where an order went: `shop` where nobody else is set up.

    Raises Unprocessable (`no_label_for_country`) where somebody is, but for other countries.
    """
    accounts = list(LabelAccount.objects.order_by("created_at", "id"))
    for account in accounts:
        if not account.countries or order.country in account.countries:
            return str(account.maker)
    if accounts:
        raise Unprocessable(
            f"There is no label for parcels from {order.country or 'there'}. Send it by a carrier of your choice.",
            param="method", code="no_label_for_country",
        )  # fmt: skip
    return LabelMaker.SHOP


def want(ret: Return) -> None:
    """Ask for the label of an approved return, if it is sent with one. The return is locked; a transaction is open."""
    if ret.method not in _PRINTED or ReturnLabel.objects.filter(ret=ret).exists():
        return
    maker, now = maker_for(ret.order), timezone.now()
    asked = maker != LabelMaker.SHOP
    ReturnLabel.objects.create(
        merchant_id=ret.merchant_id,
        ret=ret,
        maker=maker,
        due_at=now if asked else None,
        created_at=now,
        updated_at=now,
    )
    if asked:
        due.ring_when_committed(DUE)


def supply(
    merchant: Merchant, return_id: UUID, pdf: bytes, *, carrier: str = "", tracking_number: str = ""
) -> Return:
    """The shop sends the label itself. Another one replaces it. Raises NotFound, Conflict, Unprocessable."""
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(ret, "approval_state", (Approval.APPROVED,))
        if not pdf.startswith(b"%PDF-") or len(pdf) > LARGEST_LABEL:
            raise Unprocessable("Send a PDF of at most 2 MB.", param="pdf", code="not_a_pdf")
        now = timezone.now()
        ReturnLabel.objects.get_or_create(
            merchant_id=ret.merchant_id, ret=ret, defaults={"created_at": now, "updated_at": now}
        )
        _store(merchant, ret, Label(carrier, tracking_number, pdf=pdf))
        note("return.labelled", ret)
    return ret


def ask_maker(row: ReturnLabel) -> None:
    """Ask the maker of a claimed label, and store what it answers. What is refused for good is told."""
    merchant = row.merchant
    with merchant_scope(merchant):
        ret = Return.objects.select_related("order").get(pk=row.ret_id)
        account = LabelAccount.objects.filter(maker=row.maker).first()
        wanted = _wanted(ret, account) if account else None
    if account is None or wanted is None:
        _failed(merchant, row, "The access to its maker was removed.", again=False)
        return
    try:
        made = MAKERS[row.maker](wanted, access_of(account))
    except Refused as refused:
        _failed(merchant, row, str(refused), again=False)
    except (NotNow, KeyError, TypeError) as error:
        _failed(merchant, row, str(error), again=row.attempts < _MOST_TRIES)
    else:
        with merchant_transaction(merchant):
            ret = lock_return(row.ret_id)
            if due.held(row).exists():
                _store(merchant, ret, made)


def _store(merchant: Merchant, ret: Return, made: Label) -> None:
    ReturnLabel.objects.filter(ret=ret).update(
        state=LabelState.READY, pdf=made.pdf, qr=made.qr, carrier=made.carrier[:40],
        tracking_number=made.tracking_number[:100], reference=made.reference[:100], error="", due_at=None,
        updated_at=timezone.now(),
    )  # fmt: skip
    if ret.approval_state != Approval.APPROVED:
        return  # taken back meanwhile: nobody is told
    if made.tracking_number and ret.sent_at is None:
        follow(merchant, ret, made.tracking_number, made.carrier)
    if ret.logistics_state == Logistics.AWAITING:
        move(ret, logistics_state=Logistics.LABEL_CREATED)
    entry = add_entry(ret, EntryKind.LABEL, Side.SYSTEM, data={"tracking_number": made.tracking_number})
    tell(ret, ReturnLabelCreated(**told(ret, entry)))


def _failed(merchant: Merchant, row: ReturnLabel, why: str, *, again: bool) -> None:
    with merchant_transaction(merchant):
        ret = lock_return(row.ret_id)
        state = LabelState.WANTED if again else LabelState.FAILED
        changed = due.held(row).update(
            state=state, error=why[:500], due_at=due.backoff(row.attempts) if again else None,
            updated_at=timezone.now(),
        )  # fmt: skip
        if changed and not again:
            add_entry(ret, EntryKind.LABEL, Side.SYSTEM, data={"failed": why[:300]})


def label_of(ret: Return) -> ReturnLabel:
    """The finished label of a return. Raises NotFound while there is none."""
    label = ReturnLabel.objects.filter(ret=ret, state=LabelState.READY).first()
    if label is None:
        raise NotFound("There is no label yet.", param="return_id")
    return label


def _wanted(ret: Return, account: LabelAccount) -> Wanted:
    order, values = ret.order, account.settings
    sent_to = values.get("destinations", {}).get(ret.destination) or values.get("address") or {}
    lines = [line for line in lines_of(ret) if not line.keep and line.quantity]
    return Wanted(
        reference=ret.number, sender=_shopper(order), receiver=_address(sent_to), qr=ret.method == Method.QR,
        grams=int(values.get("weight_grams") or 1000), destination=ret.destination,
        items=tuple(
            Item(line.line.title, line.line.sku, line.quantity, str(line.paid), ret.currency) for line in lines
        ),
    )  # fmt: skip


def _address(values: Mapping[str, Any]) -> Address:
    known = {name: str(value)[:120] for name, value in values.items() if name in Address.__dataclass_fields__}
    return Address(**known)


def _shopper(order: Order) -> Address:
    """Where the order went: that is where it comes back from."""
    at = order.shipping_address
    street = next((str(at[key]) for key in _STREET_KEYS if at.get(key)), "")
    name, _, house = street.rpartition(" ")
    if not name or not any(letter.isdigit() for letter in house):
        name, house = street, ""
    return Address(
        name=str(at.get("name") or f"{order.first_name} {order.last_name}".strip()), street=name, house=house,
        postcode=order.postcode, city=order.city, region=str(at.get("region") or at.get("province") or ""),
        country=order.country, email=order.email, phone=order.phone,
    )  # fmt: skip
