"""Reading cases: a bounded number of queries, whatever the number of rows."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from cases.models import Case, CaseEntry, CaseLine, CasePhoto, CaseStatus
from merchants.rest.errors import NotFound


def cases_with_lines() -> QuerySet[Case]:
    """Cases of the open scope with their order, parcel and goods: two queries."""
    lines = Prefetch("lines", CaseLine.objects.select_related("line").order_by("line__position"))
    related = Case.objects.select_related("order", "shipment").defer(
        "order__raw", "order__search", "shipment__raw"
    )
    return related.prefetch_related(lines)


def get_case(case_id: UUID | None) -> Case:
    """A case of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    case = cases_with_lines().filter(pk=case_id).first() if case_id else None
    if case is None:
        raise NotFound("There is no such case.", param="case_id")
    return case


def entries_of(case: Case) -> list[CaseEntry]:
    """A case's history, oldest first, with its photos (without their bytes): two queries."""
    photos = Prefetch("photos", CasePhoto.objects.defer("image").order_by("id"))
    return list(case.entries.prefetch_related(photos).order_by("created_at", "id"))


def photo_of(case: Case, photo_id: UUID | None) -> bytes:
    """A picture of a case as JPEG. Raises NotFound."""
    image = CasePhoto.objects.filter(pk=photo_id, case_id=case.id).values_list("image", flat=True).first()
    if image is None:
        raise NotFound("There is no such photo.", param="photo_id")
    return bytes(image)


def orders_in_trouble(
    customer_ids: Collection[UUID], order_ids: Collection[UUID]
) -> list[tuple[UUID, UUID | None]]:
    """Orders with an open case, of these customers or among these, as (order, its customer): one query."""
    whose = Q(order__customer_id__in=customer_ids) | Q(order_id__in=order_ids)
    rows = Case.objects.filter(whose).exclude(status=CaseStatus.CLOSED)
    return list(rows.values_list("order_id", "order__customer_id"))
