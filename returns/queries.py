"""Reading returns: a bounded number of queries, whatever the number of rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from merchants.ids import parse_public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound
from orders.models import Order
from returns.counting import Piece, pieces_of
from returns.label_models import ReturnLabel
from returns.models import Return, ReturnEntry, ReturnLine, ReturnPhoto
from returns.policy.line_facts import Asked
from returns.policy.loading import bought_products, products_of
from returns.policy.verdict import Verdict
from returns.reasons import Reason, asks_for_types, offered
from returns.states import NOT_SENT, UNDECIDED, Approval, EntryKind, Kind, Logistics, Money
from returns.terms import terms_of

# Of a return's lines: as they stand in the order.
IN_ORDER = ("line__position", "part__position", "id")


@dataclass(frozen=True)
class Returnable:
    """A piece of an order, how many of it are left, and what the rules say about it.

    reasons: those that a shopper can give for it, each before its sub-reasons.
    """

    piece: Piece
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether a shopper can return any of it now."""
        return self.verdict.returnable and self.piece.left > 0


def returnable_of(
    merchant: Merchant,
    order: Order,
    *,
    kind: str = Kind.RETURN,
    at: datetime | None = None,
    asked: Mapping[UUID, Asked] | None = None,
) -> list[Returnable]:
    """Every piece of an order with the rules' verdict, in the order of its lines. at: UTC, now unless given.

    asked: what the shopper said about a line, for the rules that ask for it.
    """
    terms = terms_of(merchant, order, kind, at=at or timezone.now(), asked=asked)
    pieces = [piece for piece in pieces_of(order) if piece.line.id in terms.lines]
    types = _types_of(pieces) if asks_for_types() else {}
    return [
        Returnable(piece, terms.lines[piece.line.id], tuple(offered(types.get(piece.key, ""))))
        for piece in pieces
    ]


def _types_of(pieces: Sequence[Piece]) -> dict[tuple[UUID, UUID | None], str]:
    """The product type of each piece by its key: as it was noted when it was bought, else as the shop calls it today;
    "" where neither says. Two queries."""
    bought = bought_products(piece.line.id for piece in pieces if piece.part is None)
    skus = {piece.key: piece.part.sku if piece.part else piece.line.sku for piece in pieces}
    today = products_of({sku for sku in skus.values() if sku})

    def type_of(piece: Piece) -> str:
        noted = bought.get(piece.line.id) if piece.part is None else None
        now = today.get(skus[piece.key])
        return (noted.type if noted else "") or (now.type if now else "")

    return {piece.key: type_of(piece) for piece in pieces}


def returns_with_lines() -> QuerySet[Return]:
    """Returns of the open scope with their order, goods, exchanges and labels: four queries."""
    lines = Prefetch("lines", ReturnLine.objects.select_related("line", "part").order_by(*IN_ORDER))
    rows = Return.objects.select_related("order", "withdrawal").defer("order__raw", "order__search")
    return rows.prefetch_related(
        lines, "exchanges", Prefetch("labels", ReturnLabel.objects.defer("pdf", "qr"))
    )


def get_return(return_id: UUID | None) -> Return:
    """A return of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    ret = returns_with_lines().filter(pk=return_id).first() if return_id else None
    if ret is None:
        raise NotFound("There is no such return.", param="return_id")
    return ret


def named_return(text: str) -> UUID:
    """The id of the return that an address names: looked up before the body is read. Raises NotFound."""
    found = parse_public_id("ret", text)
    if found is None or not Return.objects.filter(pk=found).exists():
        raise NotFound("There is no such return.", param="return_id")
    return found


def returns_of(order_id: UUID) -> list[Return]:
    """The returns of an order, newest first, with their goods."""
    return list(returns_with_lines().filter(order_id=order_id).order_by("-sequence"))


def by_code(code: str) -> Return | None:
    """The return that a scanned code means: its number, its parcel's, or the address of the counter with one of them.
    The newest one, when several have it."""
    code = code.strip()
    if "://" in code:
        code = parse_qs(urlsplit(code).query).get("code", [""])[0]
    if not code:
        return None
    named = Q(number=code.upper()) | Q(tracking_number=code)
    return returns_with_lines().filter(named).order_by("-requested_at").first()


def open_for_customer(customer_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the customers who have a return that is not closed."""
    rows = Return.objects.filter(customer_id__in=set(customer_ids), closed_at=None)
    return set(rows.values_list("customer_id", flat=True))


def entries_of(ret: Return, *, for_shopper: bool = False) -> list[ReturnEntry]:
    """A return's history, oldest first, with its photos (without their bytes): two queries. Shoppers see no notes."""
    photos = Prefetch("photos", ReturnPhoto.objects.defer("image").order_by("id"))
    rows = ret.entries.prefetch_related(photos).order_by("created_at", "id")
    return list(rows.exclude(kind__in=(EntryKind.NOTE, EntryKind.REVIEW)) if for_shopper else rows)


def photo_of(ret: Return, photo_id: UUID | None) -> bytes:
    """A picture of a return as JPEG. Raises NotFound."""
    image = ReturnPhoto.objects.filter(pk=photo_id, ret_id=ret.id).values_list("image", flat=True).first()
    if image is None:
        raise NotFound("There is no such photo.", param="photo_id")
    return bytes(image)


# The tabs of the queue: what waits for whom.
TABS: dict[str, Q] = {
    "review": Q(approval_state=Approval.REVIEW),
    "requested": Q(approval_state=Approval.REQUESTED),
    "asked": Q(approval_state=Approval.ASKED),
    "awaiting": Q(approval_state=Approval.APPROVED, closed_at=None, logistics_state__in=NOT_SENT),
    "in_transit": Q(closed_at=None, logistics_state=Logistics.IN_TRANSIT),
    "to_inspect": Q(closed_at=None, logistics_state__in=(Logistics.RECEIVED, Logistics.PARTLY_RECEIVED)),
    "money": Q(money_state__in=(Money.DUE, Money.PENDING, Money.FAILED)),
    "closed": Q(closed_at__isnull=False),
}


def may_cancel(ret: Return) -> bool:
    """Whether it can still be taken back."""
    decided = ret.approval_state in (*UNDECIDED, Approval.APPROVED)
    return decided and ret.closed_at is None and ret.logistics_state in NOT_SENT and ret.money_state in (
        Money.NONE, Money.AWAITING_PAYMENT
    )  # fmt: skip


def open_for_order(order_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the orders that have a return that is not closed: one query."""
    rows = Return.objects.filter(order_id__in=set(order_ids), closed_at=None)
    return set(rows.values_list("order_id", flat=True))
