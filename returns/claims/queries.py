"""Reading claims: a bounded number of queries, whatever the number of rows."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from merchants.rest.errors import NotFound
from returns.claims.models import Claim, ClaimLine, ClaimPhoto
from returns.claims.steps import LIVING


def claims_with_lines() -> QuerySet[Claim]:
    """Claims of the open scope with their order, parcel and goods: two queries."""
    lines = Prefetch("lines", ClaimLine.objects.select_related("line").order_by("line__position"))
    rows = Claim.objects.select_related("order", "shipment")
    return rows.defer("order__raw", "order__search", "shipment__raw").prefetch_related(lines)


def get_claim(claim_id: UUID | None) -> Claim:
    """A claim of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    found = claims_with_lines().filter(pk=claim_id).first() if claim_id else None
    if found is None:
        raise NotFound("There is no such claim.", param="claim_id")
    return found


def undecided(customer_ids: Collection[UUID], order_ids: Collection[UUID]) -> list[tuple[UUID, UUID | None]]:
    """Orders with a claim that is not decided, as (order, its customer): one query."""
    of_them = Q(order_id__in=order_ids) | Q(order__customer_id__in=customer_ids)
    rows = Claim.objects.filter(of_them, status__in=LIVING)
    return list(rows.values_list("order_id", "order__customer_id"))


def photo_of(claim: Claim, photo_id: UUID | None) -> bytes:
    """A picture of a claim as JPEG. Raises NotFound."""
    image = ClaimPhoto.objects.filter(pk=photo_id, claim_id=claim.pk).values_list("image", flat=True).first()
    if image is None:
        raise NotFound("There is no such photo.", param="photo_id")
    return bytes(image)


def claims_of(order_id: UUID) -> list[Claim]:
    """An order's claims, newest first: one query."""
    return list(Claim.objects.filter(order_id=order_id).order_by("-created_at"))
