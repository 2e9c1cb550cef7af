"""The steps that the commands of cases are made of. The order is locked first, then its case; a transaction is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from cases.facts import CaseFact, CaseOpened, CaseReplied
from cases.models import Case, CaseEntry, CaseKind, CaseLine, CasePhoto, CaseStatus, EntryKind, Side
from cases.promise import answer_by
from events import log as event_log
from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from orders.commands import lock_order
from orders.models import OrderLine
from tracking.models import Shipment

LONGEST_TEXT: Final = 4000
MOST_PHOTOS: Final = 4  # at once
MOST_PHOTOS_OF_A_CASE: Final = 16
ONE_MORE_DAY: Final = timedelta(hours=24)

# Which status a case may go to from which. A status moves in `move` and nowhere else.
MOVES: Final[dict[str, frozenset[str]]] = {
    CaseStatus.WAITING: frozenset({CaseStatus.OPEN, CaseStatus.CLOSED}),
    CaseStatus.OPEN: frozenset({CaseStatus.ANSWERED, CaseStatus.CLOSED}),
    CaseStatus.ANSWERED: frozenset({CaseStatus.OPEN, CaseStatus.ANSWERED, CaseStatus.CLOSED}),
    CaseStatus.CLOSED: frozenset({CaseStatus.OPEN}),
}


@dataclass(frozen=True)
class Report:
    """What a shopper reports. lines: order line → how many of it; photos: JPEGs of `photo_from`."""

    kind: CaseKind
    text: str = ""
    lines: Mapping[UUID, int] = field(default_factory=dict)
    photos: Sequence[bytes] = ()


def cleaned(text: str) -> str:
    """What was typed, ready to be stored. Raises Unprocessable for more than 4,000 letters."""
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise Unprocessable(f"{LONGEST_TEXT} letters at most.", param="text", code="text_too_long")
    return text


def checked_lines(order_id: UUID, shipment_id: UUID | None, report: Report) -> dict[UUID, int]:
    """The lines of a report that is fit to be stored; its order is locked from here on."""
    lock_order(order_id)
    if shipment_id and not Shipment.outbound.filter(pk=shipment_id, order_id=order_id).exists():
        raise NotFound("The order has no such parcel.", param="shipment_id")
    if len(report.photos) > MOST_PHOTOS:
        raise Unprocessable(f"{MOST_PHOTOS} photos at most.", param="photos", code="too_many_photos")
    ordered = dict(OrderLine.objects.filter(order_id=order_id).values_list("pk", "quantity"))
    if any(not 0 < count <= ordered.get(line, 0) for line, count in report.lines.items()):
        raise Unprocessable("The order does not have that many of it.", param="lines", code="unknown_line")
    return dict(report.lines)


def active_case(order_id: UUID, shipment_id: UUID | None, kind: str) -> Case | None:
    """The case of this kind that is not closed. Its order is locked, so it stays the only one."""
    same = Case.objects.filter(order_id=order_id, shipment_id=shipment_id, kind=kind)
    found: Case | None = same.exclude(status=CaseStatus.CLOSED).select_for_update().first()
    return found


def lock_case(case_id: UUID) -> Case:
    """The case, after its order: the order of locks that everybody keeps to. Raises NotFound."""
    order_id = Case.objects.filter(pk=case_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound("There is no such case.", param="case_id")
    lock_order(order_id)
    case: Case = Case.objects.select_for_update().get(pk=case_id)
    return case


def new_case(merchant: Merchant, order_id: UUID, shipment_id: UUID | None, kind: str, status: str) -> Case:
    """A stored case that was told to nobody yet."""
    now = timezone.now()
    created: Case = Case.objects.create(
        merchant=merchant, order_id=order_id, shipment_id=shipment_id, kind=kind, status=status,
        created_at=now, updated_at=now,
    )  # fmt: skip
    return created


def set_lines(case: Case, lines: Mapping[UUID, int]) -> None:
    """Note which goods a case is about."""
    CaseLine.objects.bulk_create(
        CaseLine(merchant_id=case.merchant_id, case=case, line_id=line, quantity=count)
        for line, count in sorted(lines.items())
    )


def open_now(merchant: Merchant, case: Case, entry: CaseEntry) -> None:
    """Let a new or waiting case wait for the shop's answer."""
    now = timezone.now()
    values = {"opened_at": now, "answer_by": answer_by(merchant, now), "due_at": None}
    if case.status == CaseStatus.WAITING:
        move(case, CaseStatus.OPEN, **values)
    else:
        save(case, **values)
    assert case.answer_by is not None
    tell(case, CaseOpened(**told(case, entry), answer_by=case.answer_by))


def add_reply(merchant: Merchant, case: Case, text: str, photos: Sequence[bytes]) -> None:
    """The shopper said more: the shop has to answer again. Raises Unprocessable for too many photos."""
    check_photos(case, photos)
    if case.status != CaseStatus.OPEN:
        move(case, CaseStatus.OPEN, outcome="", closed_at=None, answer_by=answer_by(merchant, timezone.now()))
    entry = add_entry(case, EntryKind.MESSAGE, Side.SHOPPER, text, photos)
    tell(case, CaseReplied(**told(case, entry), notify=False))


def check_photos(case: Case, photos: Sequence[bytes]) -> None:
    """Raises Unprocessable for too many photos at once, or altogether."""
    if len(photos) > MOST_PHOTOS or case.photos.count() + len(photos) > MOST_PHOTOS_OF_A_CASE:
        raise Unprocessable("These are too many photos.", param="photos", code="too_many_photos")


def add_entry(
    case: Case, kind: EntryKind, side: Side, text: str = "", photos: Sequence[bytes] = ()
) -> CaseEntry:
    """A line of the history, in the name of whoever of the team acts now."""
    now = timezone.now()
    author = audit.current_actor().name if side == Side.TEAM else ""
    entry: CaseEntry = CaseEntry.objects.create(
        merchant_id=case.merchant_id,
        case=case,
        kind=kind,
        side=side,
        author=author[:254],
        text=text,
        created_at=now,
    )
    CasePhoto.objects.bulk_create(
        CasePhoto(merchant_id=case.merchant_id, case=case, entry=entry, image=image, created_at=now)
        for image in photos
    )
    return entry


def move(case: Case, status: CaseStatus, **values: Any) -> None:
    """The one place where a status changes. The row is locked. Raises Conflict for a move that there is not."""
    if status not in MOVES[case.status]:
        raise Conflict(f"This case is {case.status}.", param="case_id", code="case_" + case.status)
    save(case, status=status, **values)


def save(case: Case, **values: Any) -> None:
    """Change a locked case."""
    for name, value in {**values, "updated_at": timezone.now()}.items():
        setattr(case, name, value)
    case.save(update_fields=[*values, "updated_at"])


def refuse_second(case: Case) -> None:
    """Raises Conflict while another case about the same thing is open."""
    if active_case(case.order_id, case.shipment_id, case.kind) is not None:
        raise Conflict("Another case about this is open.", param="case_id", code="case_open")


def told(case: Case, entry: CaseEntry) -> dict[str, Any]:
    """What every fact about a case tells."""
    return {
        "case_id": case.id, "kind": case.kind, "status": case.status, "shipment_id": case.shipment_id,
        "entry_id": entry.id,
    }  # fmt: skip


def tell(case: Case, fact: CaseFact) -> None:
    """Record a fact about a case."""
    event_log.record(fact, order_id=case.order_id)


def note(action: str, case: Case, changes: dict[str, list[object]] | None = None) -> None:
    """Put into the audit log what a person did."""
    audit.record_by_hand(action, public_id("cas", case.id), case.kind, changes)
