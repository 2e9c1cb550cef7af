"""Everything that changes a claim: one function a verb, one transaction, facts recorded."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from merchants import audit
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from orders.models import Order
from returns.claims.facts import (
    ClaimApproved,
    ClaimClosed,
    ClaimDeclined,
    ClaimNeedsMore,
    ClaimOpened,
    ClaimParked,
    ClaimPaused,
    ClaimReplied,
)
from returns.claims.models import Claim, Exclusion, Payer, Resolution, Status
from returns.claims.pool import pay_out
from returns.claims.rules import rules_of
from returns.claims.steps import (
    LIVING,
    Asked,
    checked,
    cleaned,
    entry,
    lock,
    move,
    new_number,
    note,
    span,
    store_goods,
    tell,
    told,
    value_of,
)
from returns.money.commands import give_credit, request_refund
from tracking.models import Shipment


def claim(merchant: Merchant, order_id: UUID, shipment_id: UUID, asked: Asked) -> Claim:
    """Make a claim about a parcel. Too early: it is parked and opens by itself. A second one gives the first.

    Raises NotFound; Unprocessable for an order without cover, a damage without a photo, goods that the parcel does
    not have, or a claim that cannot be made (any more): returned_to_sender, chargeback, too_late, parcel_delivered.
    """
    text = cleaned(asked.text)
    with merchant_transaction(merchant):
        lock_order(order_id)
        order = Order.objects.prefetch_related("lines").get(pk=order_id)
        parcel, lines = checked(order, shipment_id, asked)
        if (known := Claim.objects.filter(shipment=parcel, status__in=LIVING).first()) is not None:
            return known
        if Claim.objects.filter(shipment=parcel, status=Status.APPROVED).exists():
            raise Conflict("This parcel was made good.", param="shipment_id", code="claim_approved")
        now, when = timezone.now(), span(merchant, order, parcel, asked.kind)
        says = when.says(now)
        if says not in ("early", "open"):
            if says == Exclusion.OTHER:
                raise Unprocessable("The parcel was delivered.", param="kind", code="parcel_delivered")
            raise Unprocessable("This cannot be claimed.", param="kind", code=says)
        made = Claim.objects.create(
            merchant=merchant, number=new_number(), order=order, shipment=parcel, kind=asked.kind,
            status=Status.PARKED, wanted=asked.wanted, value=value_of(order, lines), currency=order.currency,
            eligible_at=when.opens_at, due_at=when.opens_at, created_at=now, updated_at=now,
        )  # fmt: skip
        store_goods(made, lines, asked.photos)
        if says == "early":
            tell(made, ClaimParked(**told(made, entry(made, "parked", "shopper", text))))
        else:
            _open(merchant, made, "shopper", text)
    return made


def _open(merchant: Merchant, found: Claim, side: str, text: str = "") -> None:
    """The shop's turn; or the rule's, up to the value that the shop said."""
    move(found, Status.OPEN)
    tell(found, ClaimOpened(**told(found, entry(found, "open", side, text))))
    rules = rules_of()
    if rules.auto_approve_up_to is not None and found.value <= rules.auto_approve_up_to:
        _approve(merchant, found, Resolution(rules.auto_resolution), Payer.POOL, "rule", "")


def wake(merchant: Merchant, claim_id: UUID) -> None:
    """What is due: a parked one opens (or waits on, if the parcel moved), a silent one is closed."""
    with merchant_transaction(merchant):
        found = lock(claim_id)
        if found.status == Status.PARKED:
            _open_or_wait(merchant, found)
        elif found.status == Status.NEEDS_MORE:
            move(found, Status.CLOSED)
            tell(found, ClaimClosed(**told(found, entry(found, "closed", "system"))))
        elif found.due_at is not None:
            found.due_at = None
            found.save(update_fields=["due_at"])


def _open_or_wait(merchant: Merchant, found: Claim) -> None:
    order = Order.objects.get(pk=found.order_id)
    when = span(merchant, order, Shipment.objects.get(pk=found.shipment_id), found.kind)
    says = when.says(timezone.now())
    if says == "early":
        found.eligible_at = found.due_at = when.opens_at
        found.save(update_fields=["eligible_at", "due_at"])
    elif says == "open" or says == Exclusion.TOO_LATE:  # it was made in time
        _open(merchant, found, "system")
    else:
        _pause(found)


def parcel_moved(merchant: Merchant, shipment_id: UUID, at: datetime) -> None:
    """A new scan of a parcel that is claimed as lost: the claim pauses (PRODUCT, P4), a parked one waits anew.

    Where the shop has no pauses, only a parked one does.
    """
    pauses = rules_of().pauses_on_scan
    rows = Claim.objects.filter(shipment_id=shipment_id, kind="lost", status__in=LIVING, created_at__lt=at)
    for pk in rows.values_list("pk", flat=True):
        with merchant_transaction(merchant):
            found = lock(pk)
            if found.status == Status.PARKED:
                _open_or_wait(merchant, found)
            elif pauses and found.status in (Status.OPEN, Status.NEEDS_MORE):
                _pause(found)


def _pause(found: Claim) -> None:
    move(found, Status.PAUSED)
    tell(found, ClaimPaused(**told(found, entry(found, "paused", "system"))))


def reply(merchant: Merchant, claim_id: UUID, text: str, photos: tuple[bytes, ...] = ()) -> Claim:
    """The shopper says more: it is the shop's turn again, also of one that was closed. Raises NotFound, Unprocessable,
    and Conflict for one that is approved."""
    text = cleaned(text)
    if not text and not photos:
        raise Unprocessable("Say something, or add a photo.", param="text", code="empty_message")
    with merchant_transaction(merchant):
        found = lock(claim_id)
        if found.status == Status.PARKED:
            tell(found, ClaimReplied(**told(found, entry(found, "message", "shopper", text))))
        else:
            if found.status != Status.OPEN:
                move(found, Status.OPEN, exclusion="")
            tell(found, ClaimReplied(**told(found, entry(found, "message", "shopper", text))))
        store_goods(found, {}, photos)
    return found


def ask(merchant: Merchant, claim_id: UUID, text: str) -> Claim:
    """Ask the shopper for more; some days of silence close the claim. Raises NotFound, Unprocessable, Conflict."""
    text = cleaned(text)
    if not text:
        raise Unprocessable("Say what is missing.", param="text", code="empty_message")
    with merchant_transaction(merchant):
        found = lock(claim_id)
        move(found, Status.NEEDS_MORE, due_at=timezone.now() + timedelta(days=rules_of().silent_days))
        tell(found, ClaimNeedsMore(**told(found, entry(found, "needs_more", "team", text))))
        note("claim.needs_more", found)
    return found


def approve(
    merchant: Merchant, claim_id: UUID, resolution: Resolution, *, payer: Payer = Payer.POOL, text: str = ""
) -> Claim:
    """Make a claim good. Twice changes nothing. Raises NotFound, Conflict for one that is over, or whose order has not
    that much left to refund."""
    with merchant_transaction(merchant):
        found = lock(claim_id)
        if found.status == Status.APPROVED:
            return found
        _approve(merchant, found, resolution, payer, audit.current_actor().name or "api", text)
        note("claim.approved", found)
    return found


def _approve(
    merchant: Merchant, found: Claim, resolution: Resolution, payer: Payer, by: str, text: str
) -> None:
    order = Order.objects.get(pk=found.order_id)
    lines = {row.line_id: row.quantity for row in found.lines.all()}
    values: dict[str, object] = {
        "resolution": resolution, "payer": payer, "decided_by": by[:254], "decided_at": timezone.now()
    }  # fmt: skip
    source, key = ("claim", found.pk), f"claim:{found.pk}"
    if found.value > Decimal(0) and resolution == Resolution.REFUND:
        values["refund_id"] = request_refund(
            merchant, order.pk, amount=found.value, key=key, source=source, lines=lines, reason=found.number
        ).pk
    elif found.value > Decimal(0) and resolution == Resolution.CREDIT:
        if order.customer_id is None:
            raise Conflict("The order has no customer to credit.", param="resolution", code="no_customer")
        give_credit(
            merchant,
            order.customer_id,
            found.value,
            order.currency,
            key=key,
            source=source,
            order_id=order.pk,
        )
    move(found, Status.APPROVED, **values)
    if payer == Payer.POOL:
        pay_out(merchant, found)
    said = entry(found, "approved", "system" if by == "rule" else "team", text)
    tell(
        found,
        ClaimApproved(
            **told(found, said), resolution=resolution, payer=payer, value=found.value, currency=found.currency,
            lines={str(pk): count for pk, count in lines.items()},
        ),
    )  # fmt: skip


def decline(merchant: Merchant, claim_id: UUID, exclusion: Exclusion, text: str = "") -> Claim:
    """Decline a claim. Twice changes nothing. Raises NotFound and Conflict."""
    with merchant_transaction(merchant):
        found = lock(claim_id)
        if found.status == Status.DECLINED:
            return found
        move(found, Status.DECLINED, exclusion=exclusion, decided_at=timezone.now(),
             decided_by=audit.current_actor().name[:254])  # fmt: skip
        tell(found, ClaimDeclined(**told(found, entry(found, "declined", "team", text)), exclusion=exclusion))
        note("claim.declined", found)
    return found
