"""The steps that the commands of claims are made of. The order is locked first, then its claim."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from orders.commands import lock_order
from orders.models import Order
from returns.claims.clock import Parcel, Span, span_of
from returns.claims.facts import ClaimFact
from returns.claims.models import (
    Claim,
    ClaimEntry,
    ClaimLine,
    ClaimPhoto,
    Cover,
    Exclusion,
    Kind,
    Resolution,
    Status,
)
from returns.claims.rules import clocks_of, rules_of
from tracking.models import Shipment, ShipmentLine
from tracking.statuses import Status as ParcelStatus

LIVING: Final = (Status.PARKED, Status.OPEN, Status.NEEDS_MORE, Status.PAUSED)
MOVES: Final[dict[str, frozenset[str]]] = {
    Status.PARKED: frozenset({Status.OPEN, Status.PAUSED, Status.DECLINED, Status.CLOSED}),
    Status.OPEN: frozenset(
        {Status.NEEDS_MORE, Status.PAUSED, Status.APPROVED, Status.DECLINED, Status.CLOSED}
    ),
    Status.NEEDS_MORE: frozenset(
        {Status.OPEN, Status.PAUSED, Status.APPROVED, Status.DECLINED, Status.CLOSED}
    ),
    Status.PAUSED: frozenset({Status.OPEN, Status.DECLINED, Status.CLOSED, Status.APPROVED}),
    Status.CLOSED: frozenset({Status.OPEN}),
    Status.APPROVED: frozenset(),
    Status.DECLINED: frozenset({Status.OPEN}),
}
LONGEST_TEXT: Final = 4000
MOST_PHOTOS: Final = 4  # at once
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Asked:
    """What a shopper claims. lines: order line → how many; empty for all of the parcel. photos: JPEGs."""

    kind: Kind
    wanted: Resolution = Resolution.REFUND
    text: str = ""
    lines: Mapping[UUID, int] = field(default_factory=dict)
    photos: Sequence[bytes] = ()


def cleaned(text: str) -> str:
    """What was typed, ready to be stored. Raises Unprocessable for more than 4,000 letters."""
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise Unprocessable(f"{LONGEST_TEXT} letters at most.", param="text", code="text_too_long")
    return text


def new_number() -> str:
    """C-7KQ2M9PX: says nothing about how many there are."""
    return "C-" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def checked(order: Order, shipment_id: UUID, asked: Asked) -> tuple[Shipment, dict[UUID, int]]:
    """The parcel and the goods of a claim that is fit to be stored. Raises NotFound, Unprocessable."""
    parcel = Shipment.objects.filter(pk=shipment_id, order=order, cancelled_at__isnull=True).first()
    if parcel is None:
        raise NotFound("The order has no such parcel.", param="shipment_id")
    if not Cover.objects.filter(order=order).exists():
        raise Unprocessable("The order is not protected.", param="order_id", code="not_covered")
    if asked.kind == Kind.DAMAGED and not asked.photos:
        raise Unprocessable("A damage needs a photo.", param="photos", code="photo_missing")
    if len(asked.photos) > MOST_PHOTOS:
        raise Unprocessable(f"{MOST_PHOTOS} photos at most.", param="photos", code="too_many_photos")
    held = dict(ShipmentLine.objects.filter(shipment=parcel).values_list("line_id", "quantity"))
    if any(not 0 < count <= held.get(line, 0) for line, count in asked.lines.items()):
        raise Unprocessable("The parcel does not have that many of it.", param="lines", code="unknown_line")
    return parcel, dict(asked.lines) or held


def value_of(order: Order, lines: Mapping[UUID, int]) -> Decimal:
    """What was paid for these goods: their share of the discount taken off. Only the missing parcel's (PRODUCT, P7)."""
    goods = {line.pk: line for line in order.lines.all()}
    gross = sum((line.unit_price * line.quantity for line in goods.values()), Decimal(0))
    part = sum((goods[pk].unit_price * count for pk, count in lines.items() if pk in goods), Decimal(0))
    if gross:
        part -= order.discount * part / gross
    return max(Decimal(0), part).quantize(Decimal("0.01"), ROUND_HALF_UP)


def span(merchant: Merchant, order: Order, parcel: Shipment, kind: str) -> Span:
    """From when until when this may be claimed."""
    if "chargeback" in {tag.casefold() for tag in order.tags}:
        return Span(None, None, Exclusion.CHARGEBACK)
    return span_of(
        kind,
        Parcel(
            abroad=bool(order.country) and order.country != merchant.country,
            returning=parcel.status in (ParcelStatus.RETURNING, ParcelStatus.RETURNED),
            shipped_at=parcel.shipped_at, last_scan_at=parcel.last_scan_at, eta_to=parcel.eta_to,
            delivered_at=parcel.delivered_at if parcel.status == ParcelStatus.DELIVERED else None,
        ),
        clocks_of(rules_of()),
    )  # fmt: skip


def lock(claim_id: UUID) -> Claim:
    """The claim, after its order. Raises NotFound."""
    order_id = Claim.objects.filter(pk=claim_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound("There is no such claim.", param="claim_id")
    lock_order(order_id)
    found: Claim = Claim.objects.select_for_update().get(pk=claim_id)
    return found


def store_goods(claim: Claim, lines: Mapping[UUID, int], photos: Sequence[bytes]) -> None:
    """Note goods and evidence."""
    now = timezone.now()
    ClaimLine.objects.bulk_create(
        ClaimLine(merchant_id=claim.merchant_id, claim=claim, line_id=pk, quantity=count)
        for pk, count in sorted(lines.items())
    )
    ClaimPhoto.objects.bulk_create(
        ClaimPhoto(merchant_id=claim.merchant_id, claim=claim, image=image, created_at=now)
        for image in photos
    )


def entry(claim: Claim, kind: str, side: str, text: str = "") -> ClaimEntry:
    """A line of the history, in the name of whoever of the team acts now."""
    author = audit.current_actor().name if side == "team" else ""
    made: ClaimEntry = ClaimEntry.objects.create(
        merchant_id=claim.merchant_id, claim=claim, kind=kind, side=side, author=author[:254],
        text=cleaned(text), created_at=timezone.now(),
    )  # fmt: skip
    return made


def move(claim: Claim, status: Status, **values: Any) -> None:
    """The one place where a status changes. The row is locked. Raises Conflict for a move that there is not."""
    if status not in MOVES[claim.status]:
        raise Conflict(f"This claim is {claim.status}.", param="claim_id", code="claim_" + claim.status)
    for name, value in {"due_at": None, **values, "status": status, "updated_at": timezone.now()}.items():
        setattr(claim, name, value)
    claim.save(update_fields=["due_at", *values, "status", "updated_at"])


def told(claim: Claim, line: ClaimEntry | None = None) -> dict[str, Any]:
    """What every fact about a claim tells."""
    return {
        "claim_id": claim.pk, "number": claim.number, "kind": claim.kind, "status": claim.status,
        "shipment_id": claim.shipment_id, "entry_id": line.pk if line else None,
    }  # fmt: skip


def tell(claim: Claim, fact: ClaimFact) -> None:
    """Record a fact about a claim."""
    event_log.record(fact, order_id=claim.order_id)


def note(action: str, claim: Claim) -> None:
    """Put into the audit log what a person or a key did."""
    audit.record_by_hand(action, public_id("clm", claim.pk), claim.number)
