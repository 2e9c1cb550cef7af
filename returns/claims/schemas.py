"""What claims and covers look like on their way in and out of the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from merchants.ids import public_id
from returns.claims.models import Claim, Cover
from returns.claims.steps import MOST_PHOTOS


class ClaimedLineOut(msgspec.Struct, kw_only=True):
    """Goods that a claim is of."""

    line: str
    line_id: str
    quantity: int


class ClaimOut(msgspec.Struct, kw_only=True):
    """A claim under the parcel protection.

    kind: lost, stolen (delivered and not received) or damaged. status: parked (opens by itself at `next_at`) → open →
    needs_more (closes by itself at `next_at`), paused → approved, declined or closed. value: of the claimed goods.
    """

    id: str
    number: str
    order_id: str
    shipment_id: str
    kind: str
    status: str
    wanted: str
    value: Decimal
    currency: str
    lines: list[ClaimedLineOut]
    resolution: str
    payer: str
    exclusion: str
    decided_by: str
    refund_id: str | None
    eligible_at: datetime | None
    next_at: datetime | None
    created_at: datetime
    decided_at: datetime | None


class ClaimedLineIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """line: what your shop calls the order line."""

    line: Annotated[str, Meta(min_length=1, max_length=191)]
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


Photos = Annotated[
    list[Annotated[str, Meta(min_length=8, max_length=2_700_000)]], Meta(max_length=MOST_PHOTOS)
]


class ClaimIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A claim that a shopper made on a page of yours. Without lines: all of the parcel.

    wanted: what the shopper would like. photos: JPEG, PNG or WebP in base64; a damage needs one.
    """

    order_id: str
    shipment_id: str
    kind: Literal["lost", "stolen", "damaged"]
    wanted: Literal["refund", "reship", "credit"] = "refund"
    text: str = ""
    lines: Annotated[list[ClaimedLineIn], Meta(max_length=1000)] = []
    photos: Photos = []


class ReplyIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the shopper says more; photos as in a claim."""

    text: str = ""
    photos: Photos = []


class CoverIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Protect an order. Without a premium: what your price table says."""

    premium: Decimal | None = None


class CoverOut(msgspec.Struct, kw_only=True):
    """An order that is protected."""

    id: str
    order_id: str
    premium: Decimal
    currency: str
    source: str
    created_at: datetime


class ApproveClaimIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """resolution: refund, reship or credit. payer: pool or merchant. text: to the shopper."""

    resolution: str
    payer: str = "pool"
    text: str = ""


class DeclineIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why it is not made good: one of the exclusions. text: to the shopper."""

    exclusion: str
    text: str = ""


class AskIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the shopper is asked."""

    text: str


def show_claim(row: Claim) -> ClaimOut:
    """A claim as the API shows it. Its lines must be loaded."""
    return ClaimOut(
        id=public_id("clm", row.pk), number=row.number, order_id=public_id("ord", row.order_id),
        shipment_id=public_id("shp", row.shipment_id), kind=row.kind, status=row.status, wanted=row.wanted,
        value=row.value, currency=row.currency,
        lines=[
            ClaimedLineOut(
                line=each.line.external_id, line_id=public_id("lin", each.line_id), quantity=each.quantity
            )
            for each in row.lines.all()
        ],
        resolution=row.resolution, payer=row.payer, exclusion=row.exclusion, decided_by=row.decided_by,
        refund_id=public_id("rfd", row.refund_id) if row.refund_id else None, eligible_at=row.eligible_at,
        next_at=row.due_at, created_at=row.created_at, decided_at=row.decided_at,
    )  # fmt: skip


def show_cover(row: Cover) -> CoverOut:
    """A cover as the API shows it."""
    return CoverOut(
        id=public_id("cov", row.pk), order_id=public_id("ord", row.order_id), premium=row.premium,
        currency=row.currency, source=row.source, created_at=row.created_at,
    )  # fmt: skip
