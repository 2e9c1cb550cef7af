"""Reading withdrawals: a bounded number of queries, whatever the number of rows."""

import re
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from merchants.rest.errors import NotFound
from orders.models import Order
from orders.text import normal_email, normal_number
from returns.models import Return
from returns.withdrawal.models import ChainEntry, Status, Withdrawal, WithdrawalLine
from returns.withdrawal.receipts import receipt_digest

_MOST_WORDS = 8


def withdrawals_with_lines() -> QuerySet[Withdrawal]:
    """Withdrawals of the open scope with their orders, goods and returns: three queries."""
    lines = Prefetch("lines", WithdrawalLine.objects.select_related("line").order_by("line__position"))
    rows = Withdrawal.objects.select_related("order", "merchant")
    returns = Prefetch("returns", Return.objects.order_by("sequence"))
    return rows.defer("order__raw", "order__search", "merchant__logo").prefetch_related(lines, returns)


def get_withdrawal(withdrawal_id: UUID | None) -> Withdrawal:
    """A withdrawal of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    found = withdrawals_with_lines().filter(pk=withdrawal_id).first() if withdrawal_id else None
    if found is None:
        raise NotFound("There is no such withdrawal.", param="withdrawal_id")
    return found


def of_receipt(token: str) -> Withdrawal | None:
    """The withdrawal that a receipt's token opens."""
    return withdrawals_with_lines().filter(receipt_digest=receipt_digest(token)).first()


def declared_entry(withdrawal: Withdrawal) -> ChainEntry:
    """The first link: what was declared, and the digest that the receipt names."""
    found: ChainEntry = ChainEntry.objects.get(withdrawal=withdrawal, kind="declared")
    return found


def entries_of(withdrawal: Withdrawal) -> list[ChainEntry]:
    """All links of a withdrawal, in order."""
    return list(ChainEntry.objects.filter(withdrawal=withdrawal).order_by("sequence"))


def order_meant(contract: str, email: str) -> UUID | None:
    """The newest order of the open scope that these words name and this e-mail address belongs to. One query."""
    address = normal_email(email)
    numbers = _numbers(contract)
    if not address or not numbers:
        return None
    rows = Order.objects.filter(lookup_number__in=numbers, email=address).order_by("-placed_at", "-id")
    found: UUID | None = rows.values_list("pk", flat=True).first()
    return found


def _numbers(contract: str) -> Iterable[str]:
    """What may be an order's number in what was typed: the whole, and every word with a digit."""
    words = [word for word in re.split(r"[\s,;]+", contract) if any(letter.isdigit() for letter in word)]
    return {number for text in (contract, *words[:_MOST_WORDS]) if (number := normal_number(text))}


def unsettled(customer_ids: Collection[UUID], order_ids: Collection[UUID]) -> list[tuple[UUID, UUID | None]]:
    """Orders with a withdrawal that is not settled, as (order, its customer): one query.

    Of these customers, or among these orders.
    """
    whose = Q(order__customer_id__in=customer_ids) | Q(order_id__in=order_ids)
    rows = Withdrawal.objects.filter(whose, status=Status.OPEN)
    return list(rows.values_list("order_id", "order__customer_id"))
