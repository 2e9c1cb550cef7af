"""Where an order's money is, for the pages that show it: sums, payments, and every transfer on its accounts."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard import formats
from dashboard.words import Label, label
from ledger.models import Account, Transfer
from orders.models import Order
from returns.money.books import FEE, OUTSIDE, OVER, PAYMENT, money_of
from returns.money.models import OrderPayment

_MOST_TRANSFERS = 50
# What a transfer is for, by its code.
TRANSFERS: dict[str, Promise] = {
    "paid": _("Paid"),
    "unpaid": _("Paid less than was thought"),
    "refund": _("Refund"),
    "fee": _("Fee kept"),
    "credit": _("Store credit"),
    "refund_over": _("Given back above what was paid"),
    "over_covered": _("Covered afterwards"),
}
STATES: dict[str, Label] = {
    "pending": Label(_("Pending"), "warn"),
    "posted": Label(_("Posted"), "ok"),
    "voided": Label(_("Void"), "quiet"),
}
_SUMS: tuple[tuple[str, Promise], ...] = (
    ("paid", _("Paid")),
    ("refunded", _("Given back")),
    ("pending", _("On its way")),
    ("fees", _("Fees kept")),
    ("over", _("Above what was paid")),
    ("refundable", _("Can still be refunded")),
)
_ALWAYS = ("paid", "refunded", "refundable")


@dataclass(frozen=True)
class Moved:
    """A transfer as the panel shows it."""

    what: Any
    state: Label
    amount: str
    account: str
    at: datetime


@dataclass(frozen=True)
class MoneyPanel:
    """What `dashboard/_money.html` shows. payments: what each was, and what of it can still be refunded."""

    sums: list[tuple[Promise, str]]
    payments: list[tuple[str, str, str]]
    transfers: list[Moved]


def panel(order: Order) -> MoneyPanel:
    """The money of an order, in the open scope. Four queries at most, however much has happened."""
    payments = list(OrderPayment.objects.filter(order=order).select_related("account"))
    money = money_of(order, payments)

    def shown(amount: Decimal) -> str:
        return formats.money(amount, order.currency)

    names = {payment.account_id: payment.label or payment.key for payment in payments}
    return MoneyPanel(
        sums=[
            (text, shown(getattr(money, name)))
            for name, text in _SUMS
            if name in _ALWAYS or getattr(money, name)
        ],
        payments=[
            (names[payment.account_id], shown(payment.amount), shown(payment.account.available))
            for payment in payments
            if payment.told
        ],
        transfers=[
            Moved(
                TRANSFERS.get(row.code, row.code), label(STATES, row.state), shown(row.posted_amount or row.amount),
                names.get(row.debit_account_id, ""), row.settled_at or row.created_at,
            )
            for row in _transfers(order, payments)
        ],
    )  # fmt: skip


def _transfers(order: Order, payments: list[OrderPayment]) -> list[Transfer]:
    """What moved on the accounts of an order, newest first."""
    if not payments:
        return []
    accounts = Account.objects.filter(
        Q(code__in=[OUTSIDE, FEE, OVER], key=str(order.pk))
        | Q(code=PAYMENT, key__in=[str(payment.pk) for payment in payments])
    ).values_list("pk", flat=True)
    ids = list(accounts)
    rows = Transfer.objects.filter(Q(debit_account_id__in=ids) | Q(credit_account_id__in=ids))
    return list(rows.order_by("-created_at", "-id")[:_MOST_TRANSFERS])
