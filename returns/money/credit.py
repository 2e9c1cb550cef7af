"""Store credit: given, spent, expired. One function a verb, one transaction, facts recorded."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from ledger import commands as ledger
from merchants import audit
from merchants.ids import public_id, uuid7
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from returns.money import books, reports, steps, wallet
from returns.money.amounts import checked
from returns.money.facts import CreditExpired, CreditSpent
from returns.money.models import CreditEntry, CreditKind, Source


def give_credit(
    merchant: Merchant,
    customer_id: UUID,
    amount: Decimal,
    currency: str,
    *,
    key: str,
    source: tuple[str, UUID | None],
    bonus: Decimal = Decimal(0),
    order_id: UUID | None = None,
    expires_at: datetime | None = None,
    reason: str = "",
) -> CreditEntry:
    """Give a customer store credit: `amount`, and `bonus` on top.

    order_id: the amount is taken out of what was paid for this order, as a refund is; without one the shop adds it.
    key: as of a refund. source: what it is for. expires_at: when what is left of it is void (UTC); None: never.

    Raises NotFound; Conflict for more than is left of the order (`refund_above_paid`) or a key of something else;
    Unprocessable for what is no amount of the currency, or a currency that the order does not have.
    """
    with merchant_transaction(merchant):
        order = lock_order(order_id) if order_id else None
        wallet.lock_wallet(merchant, customer_id, currency)
        if known := wallet.known_entry(key, CreditKind.GIVEN, customer_id, amount + bonus, currency):
            return known
        checked(amount, currency, "amount")
        checked(bonus, currency, "bonus", zero=True)
        if order is not None and order.currency != currency:
            raise Unprocessable("The order has another currency.", param="currency", code="other_currency")
        entry_id = uuid7()
        lot = ledger.open_account(merchant, wallet.LOT, str(entry_id), currency, limited=True)
        added = amount + bonus if order is None else bonus
        if order is not None:
            there = books.available(reports.payments_with_reports(merchant, order))
            for payment, part, _fee in steps.split(order, there, amount, Decimal(0), None):
                ledger.transfer(
                    payment.account, lot, part, code="credit", key=f"credit:{entry_id}:{payment.pk}"
                )
        if added:
            shop = wallet.side_account(merchant, wallet.ADDED, customer_id, currency)
            ledger.transfer(shop, lot, added, code="credit_added", key=f"credit:{entry_id}")
        entry = wallet.new_entry(
            merchant, CreditKind.GIVEN, id=entry_id, customer_id=customer_id, amount=amount + bonus, bonus=bonus,
            currency=currency, account=lot, order=order, source_kind=Source(source[0]), source_id=source[1],
            key=key, reason=reason.strip()[:500], **wallet.expiry(expires_at),
        )  # fmt: skip
        wallet.given(entry, order_id=order_id)
        note("credit.given", entry)
    return entry


def spend_credit(
    merchant: Merchant,
    customer_id: UUID,
    amount: Decimal,
    currency: str,
    *,
    key: str,
    order_id: UUID | None = None,
    reference: str = "",
    reason: str = "",
) -> CreditEntry:
    """Let a customer pay with store credit, out of what expires first.

    key: the same key again gives the entry of then, and nothing moves. order_id: what was paid for; reference: what
    the shop calls that.

    Raises NotFound; Conflict for more than there is (`not_enough_credit`), or a key of something else; Unprocessable
    for what is no amount of the currency. Of several at once, each sees what the one before has left.
    """
    with merchant_transaction(merchant):
        order = lock_order(order_id) if order_id else None
        spent = wallet.lock_wallet(merchant, customer_id, currency)
        if known := wallet.known_entry(key, CreditKind.SPENT, customer_id, amount, currency):
            return known
        checked(amount, currency, "amount")
        entry_id, rest = uuid7(), amount
        for lot in wallet.lots_of(customer_id, currency):
            assert lot.account is not None
            part = min(rest, lot.left)
            ledger.transfer(lot.account, spent, part, code="credit_spent", key=f"spent:{entry_id}:{lot.pk}")
            rest -= part
            if not rest:
                break
        if rest:
            raise Conflict("There is not that much store credit.", param="amount", code="not_enough_credit")
        entry = wallet.new_entry(
            merchant, CreditKind.SPENT, id=entry_id, customer_id=customer_id, amount=amount, currency=currency,
            order=order, source_id=order_id, key=key, reference=reference.strip()[:191],
            reason=reason.strip()[:500],
        )  # fmt: skip
        wallet.record(CreditSpent(**wallet.told(entry), reference=entry.reference), entry)
        note("credit.spent", entry)
    return entry


def expire_credit(merchant: Merchant, entry_id: UUID) -> None:
    """Void what is left of a credit whose time is up. Twice changes nothing."""
    with merchant_transaction(merchant):
        lot = CreditEntry.objects.filter(pk=entry_id, kind=CreditKind.GIVEN).select_related("account").first()
        if lot is None or lot.expires_at is None or lot.expires_at > timezone.now():
            return
        CreditEntry.objects.filter(pk=lot.pk).update(due_at=None)
        if lot.customer_id is None:
            return
        wallet.lock_wallet(merchant, lot.customer_id, lot.currency)
        left = ledger.lock_accounts([lot.account_id])[lot.account_id].available
        if left <= 0:
            return
        void = wallet.side_account(merchant, wallet.EXPIRED, lot.customer_id, lot.currency)
        ledger.transfer(lot.account, void, left, code="credit_expired", key=f"expired:{lot.pk}")
        entry = wallet.new_entry(
            merchant, CreditKind.EXPIRED, customer_id=lot.customer_id, amount=left, currency=lot.currency,
            source_kind=lot.source_kind, source_id=lot.source_id, key=f"expired:{lot.pk}",
        )  # fmt: skip
        wallet.record(CreditExpired(**wallet.told(entry)), entry)


def note(action: str, entry: CreditEntry) -> None:
    """Put into the audit log what a person or a key did."""
    changes = {"amount": [None, f"{entry.amount} {entry.currency}"]}
    audit.record_by_hand(action, public_id("crd", entry.pk), str(entry.reason), changes)
