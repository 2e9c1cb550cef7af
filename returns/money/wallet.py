"""A customer's store credit in the ledger: one account a credit that was given (a lot): each expires by itself.

| account | key | holds |
| --- | --- | --- |
| `credit` | lot | what is left of it. Limited: more than is there is never spent |
| `credit_spent` | customer | what was spent. Locked first by everybody who changes the customer's credit |
| `credit_expired` | customer | what expired |
| `credit_added` | customer | below zero: what the shop added, bonuses and goodwill |
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from events import log as event_log
from ledger import commands as ledger
from ledger.models import Account
from merchants import audit
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound
from orders.models import Customer, Order
from returns.money.amounts import rounded
from returns.money.facts import CreditFact, CreditGiven
from returns.money.models import CreditEntry, CreditKind, PaymentKind, Refund, RefundPart

LOT: Final = "credit"
SPENT: Final = "credit_spent"
EXPIRED: Final = "credit_expired"
ADDED: Final = "credit_added"


def lock_wallet(merchant: Merchant, customer_id: UUID, currency: str) -> Account:
    """Whoever changes a customer's credit takes this lock first (after an order's). Raises NotFound."""
    if not Customer.objects.filter(pk=customer_id).exists():
        raise NotFound("There is no such customer.", param="customer_id")
    spent = side_account(merchant, SPENT, customer_id, currency)
    return ledger.lock_accounts([spent.pk])[spent.pk]


def side_account(merchant: Merchant, code: str, customer_id: UUID, currency: str) -> Account:
    """One of the accounts that a customer's lots are filled from or emptied to."""
    return ledger.open_account(merchant, code, str(customer_id), currency)


def lots_of(customer_id: UUID, currency: str | None = None) -> QuerySet[CreditEntry]:
    """Credit of a customer of which something is left, with its account: what expires first comes first."""
    left = Q(account__credits_posted__gt=F("account__debits_posted") + F("account__debits_pending"))
    fresh = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    lots = CreditEntry.objects.filter(left, fresh, customer_id=customer_id, kind=CreditKind.GIVEN)
    if currency:
        lots = lots.filter(currency=currency)
    return lots.select_related("account").order_by(F("expires_at").asc(nulls_last=True), "pk")


def balances(customer_id: UUID) -> dict[str, Decimal]:
    """What a customer may spend, by currency; currencies with nothing are left out. One query."""
    found: dict[str, Decimal] = {}
    for lot in lots_of(customer_id):
        found[lot.currency] = found.get(lot.currency, Decimal(0)) + lot.left
    return found


def known_entry(
    key: str, kind: CreditKind, customer_id: UUID, amount: Decimal, currency: str
) -> CreditEntry | None:
    """What this key did before. Raises Conflict when that was something else."""
    entry: CreditEntry | None = CreditEntry.objects.filter(key=key).first()
    if entry is not None and (entry.kind, entry.customer_id, entry.amount, entry.currency) != (
        kind, customer_id, amount, currency,
    ):  # fmt: skip
        raise Conflict("This key did something else before.", param="key", code="credit_key_reused")
    return entry


def new_entry(merchant: Merchant, kind: CreditKind, **values: Any) -> CreditEntry:
    """A stored line of a customer's credit."""
    entry: CreditEntry = CreditEntry.objects.create(**{
        "id": uuid7(), "merchant": merchant, "kind": kind, "created_at": timezone.now(),
        "by": audit.current_actor().name[:254], **values,
    })  # fmt: skip
    return entry


def given(entry: CreditEntry, *, order_id: UUID | None) -> None:
    """Record that a customer got credit."""
    fact = CreditGiven(**told(entry), bonus=rounded(entry.bonus, entry.currency), expires_at=entry.expires_at)
    event_log.record(fact, order_id=order_id)


def told(entry: CreditEntry) -> dict[str, Any]:
    """What every fact about credit tells."""
    assert entry.customer_id is not None
    return {
        "credit_id": entry.pk, "customer_id": entry.customer_id, "amount": rounded(entry.amount, entry.currency),
        "currency": entry.currency,
        "balance": rounded(balances(entry.customer_id).get(entry.currency, Decimal(0)), entry.currency),
        "source_kind": entry.source_kind, "source_id": entry.source_id,
    }  # fmt: skip


def record(fact: CreditFact, entry: CreditEntry) -> None:
    """Record a fact about credit, under its order when it has one."""
    event_log.record(fact, order_id=entry.order_id)


def give_back(merchant: Merchant, order: Order, refund: Refund) -> None:
    """Let what a completed refund gave back to store credit be credit again: its transfers are posted."""
    parts = RefundPart.objects.filter(refund=refund, amount__gt=0, payment__kind=PaymentKind.STORE_CREDIT)
    accounts = {a.key: a for a in Account.objects.filter(code=LOT, key__in=[str(part.pk) for part in parts])}
    for part in parts:
        if (account := accounts.get(str(part.pk))) and order.customer_id:
            lock_wallet(merchant, order.customer_id, order.currency)
            entry = new_entry(
                merchant, CreditKind.GIVEN, customer_id=order.customer_id, amount=part.amount,
                currency=order.currency, account=account, order=order, source_kind=refund.source_kind,
                source_id=refund.source_id, key=f"refund:{part.pk}", reason=refund.reason,
            )  # fmt: skip
            given(entry, order_id=order.pk)


def expiry(expires_at: datetime | None) -> dict[str, datetime | None]:
    """The columns of a credit that expires, or never does."""
    return {"expires_at": expires_at, "due_at": expires_at}
