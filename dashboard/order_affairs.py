"""What became of an order afterwards: its returns, withdrawals, claims and refunds, its cover and its exempt goods."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard import formats, return_words, words
from dashboard.pages.refunds import SOURCES
from dashboard.pages.refunds import STATES as REFUND_STATES
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Merchant
from orders.models import Order
from returns.claims.words import KINDS

# One statement over six tables, each by its index on the order: the page would ask six times.
_SQL = """
SELECT 'return', id, number, ARRAY[approval_state, logistics_state, money_state], '',
       (SELECT sum(paid) FROM returns_returnline l WHERE l.merchant_id = r.merchant_id AND l.ret_id = r.id),
       requested_at FROM returns_return r WHERE merchant_id = %(merchant)s AND order_id = %(order)s
UNION ALL SELECT 'withdrawal', id, number, ARRAY[status], '', NULL, declared_at
FROM withdrawal_withdrawal WHERE merchant_id = %(merchant)s AND order_id = %(order)s
UNION ALL SELECT 'claim', id, number, ARRAY[status], kind, value, created_at
FROM claims_claim WHERE merchant_id = %(merchant)s AND order_id = %(order)s
UNION ALL SELECT 'refund', id, coalesce(nullif(reference, ''), reason), ARRAY[state], source_kind, amount, requested_at
FROM money_refund WHERE merchant_id = %(merchant)s AND order_id = %(order)s
UNION ALL SELECT 'cover', id, '', '{}', source, premium, created_at
FROM claims_cover WHERE merchant_id = %(merchant)s AND order_id = %(order)s
UNION ALL SELECT 'exempt', e.line_id, '', '{}', e.exemption, NULL, e.created_at
FROM withdrawal_lineexemption e JOIN orders_orderline l ON l.merchant_id = e.merchant_id AND l.id = e.line_id
WHERE e.merchant_id = %(merchant)s AND l.order_id = %(order)s
ORDER BY 7 DESC LIMIT 300
"""
_NAMES: dict[str, tuple[Promise, str, str]] = {
    "return": (_("Return"), "returns", "ret"),
    "withdrawal": (_("Withdrawal"), "withdrawals", "wdr"),
    "claim": (_("Claim"), "claims", "clm"),
    "refund": (_("Refund"), "refunds", "rfd"),
}
_STATES: dict[str, tuple[dict[str, Label], ...]] = {
    "return": (return_words.APPROVALS, return_words.LOGISTICS, return_words.MONEY),
    "withdrawal": (words.WITHDRAWAL_STATUSES,),
    "claim": (words.CLAIM_STATUSES,),
    "refund": (REFUND_STATES,),
}
_ABOUT: dict[str, Mapping[str, Promise]] = {"claim": KINDS, "refund": SOURCES}


@dataclass(frozen=True)
class Affair:
    """One of them. about: what it is of, or why; worth: an amount, or ""."""

    kind: Promise
    name: str
    url: str
    states: tuple[Label, ...]
    about: Any
    worth: str
    at: datetime


@dataclass(frozen=True)
class Affairs:
    """All of an order. protected: since when, premium: for how much; exempt: why goods are without withdrawal."""

    rows: list[Affair]
    protected: datetime | None
    premium: str
    exempt: Mapping[UUID, str]


def affairs(merchant: Merchant, order: Order) -> Affairs:
    """Those of an order, newest first. One query, however many there are."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"merchant": merchant.pk, "order": order.pk})
        found = cursor.fetchall()
    rows, exempt, protected, premium = [], {}, None, ""
    for kind, pk, name, states, about, worth, at in found:
        amount = formats.money(worth, order.currency) if worth is not None else ""
        if kind == "cover":
            protected, premium = at, amount
        elif kind == "exempt":
            exempt[pk] = about
        else:
            word, section, prefix = _NAMES[kind]
            url = f"/app/{merchant.slug}/{section}/{public_id(prefix, pk)}/"
            shown = tuple(label(known, state) for known, state in zip(_STATES[kind], states, strict=True))
            rows.append(Affair(word, name, url, shown, _ABOUT.get(kind, {}).get(about, about), amount, at))
    return Affairs(rows, protected, premium, exempt)
