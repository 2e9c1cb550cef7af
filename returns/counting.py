"""How much of an order may still come back, and what it is worth. The order is locked; a transaction is open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from merchants.rest.errors import Conflict
from orders.models import Order, OrderLine
from returns.amounts import ZERO, of_quantity, paid_of_order, rounded, shared_out, unit_of
from returns.models import LinePart, ReturnedCount

# One statement a piece: the CHECK of the table refuses more than were bought, whoever asks beside whom.
_TAKE: Final = """
INSERT INTO returns_returnedcount (merchant_id, id, line_id, part_id, bought, taken, amount)
VALUES (%s, gen_random_uuid(), %s, %s, %s, %s, %s)
ON CONFLICT (merchant_id, line_id, part_id) DO UPDATE SET bought = excluded.bought,
    taken = returns_returnedcount.taken + excluded.taken, amount = returns_returnedcount.amount + excluded.amount
"""
_GIVE_BACK: Final = """
UPDATE returns_returnedcount SET taken = taken - %s, amount = amount - %s
WHERE merchant_id = %s AND line_id = %s AND part_id IS NOT DISTINCT FROM %s
"""


@dataclass(frozen=True)
class Piece:
    """What can be returned: an order line, or a part of a bundle. paid, tax: for all of `bought`."""

    line: OrderLine
    part: LinePart | None
    bought: int
    taken: int
    taken_amount: Decimal
    paid: Decimal
    tax: Decimal

    @property
    def left(self) -> int:
        """How many may still be returned, as far as their number goes."""
        return max(self.bought - self.taken, 0)

    @property
    def key(self) -> tuple[UUID, UUID | None]:
        return self.line.id, self.part.id if self.part else None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.part.title if self.part else self.line.title

    def worth(self, quantity: int, unit: Decimal) -> Decimal:
        """What was paid for so many of those that are left."""
        return of_quantity(
            self.paid, quantity, self.bought, taken=self.taken, taken_amount=self.taken_amount, unit=unit
        )

    def tax_in(self, paid: Decimal, unit: Decimal) -> Decimal:
        """The tax in an amount that was paid for it."""
        return rounded(self.tax * paid / self.paid, unit) if self.paid > 0 else ZERO


def pieces_of(order: Order) -> list[Piece]:
    """Everything of an order that can be returned one by one, at what was paid for it: three queries."""
    unit = unit_of(order.currency)
    lines = list(order.lines.prefetch_related("parts").order_by("position"))
    counts = {(c.line_id, c.part_id): c for c in ReturnedCount.objects.filter(line__order_id=order.id)}
    paid = paid_of_order(
        subtotal=order.subtotal, shipping=order.shipping, tax=order.tax, discount=order.discount,
        total=order.total, unit=unit,
    )  # fmt: skip
    weights = [line.unit_price * line.quantity for line in lines]
    worth = zip(
        lines, shared_out(paid.goods, weights, unit), shared_out(paid.goods_tax, weights, unit), strict=True
    )
    pieces = []
    for line, amount, tax in worth:
        for part, bought, part_amount, part_tax in _parts(line, amount, tax, unit):
            count = counts.get((line.id, part.id if part else None))
            taken, taken_amount = (count.taken, count.amount) if count else (0, ZERO)
            pieces.append(Piece(line, part, bought, taken, taken_amount, part_amount, part_tax))
    return pieces


def _parts(
    line: OrderLine, amount: Decimal, tax: Decimal, unit: Decimal
) -> Iterable[tuple[LinePart | None, int, Decimal, Decimal]]:
    """A line as it is returned: itself, or each part of a bundle at its share of the bundle's price."""
    parts = list(line.parts.all())
    if not parts:
        return [(None, line.quantity, amount, tax)]
    weights = [part.weight * part.quantity for part in parts]
    if not any(weights):
        weights = [Decimal(part.quantity) for part in parts]
    amounts, taxes = shared_out(amount, weights, unit), shared_out(tax, weights, unit)
    return [(part, part.quantity * line.quantity, amounts[i], taxes[i]) for i, part in enumerate(parts)]


def take(order: Order, taken: Sequence[tuple[Piece, int, Decimal]]) -> None:
    """Count pieces as returned: (piece, how many, what was paid for them). Raises Conflict for more than are left."""
    for piece, quantity, amount in taken:
        if quantity > piece.left:
            raise _too_many(piece)
        values = [order.merchant_id, *piece.key, piece.bought, quantity, amount]
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_TAKE, values)
        except IntegrityError:
            raise _too_many(piece) from None


def give_back(merchant_id: UUID, line_id: UUID, part_id: UUID | None, quantity: int, amount: Decimal) -> None:
    """Let pieces be returned anew."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [quantity, amount, merchant_id, line_id, part_id])


def _too_many(piece: Piece) -> Conflict:
    if piece.left:
        words = f"{piece.left} of {piece.title} can still be returned."
    else:
        words = f"{piece.title} is in another return already."
    return Conflict(words, param="lines", code="already_returned")
