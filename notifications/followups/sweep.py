"""Once a day through a merchant's customers: whose birthday it is, and whose next order is overdue."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from merchants.models import Merchant
from notifications.followups.models import Kind

# Somebody born on 29 February has their birthday on 28 February in other years.
_BIRTHDAYS = """
INSERT INTO followups_followup (id, merchant_id, kind, customer_id, subject, begun_at, due_at, attempts)
SELECT gen_random_uuid(), merchant_id, %(kind)s, id, %(year)s, %(now)s, %(now)s, 0 FROM orders_customer
WHERE merchant_id = %(merchant)s AND birthday IS NOT NULL AND to_char(birthday, 'MM-DD') = ANY(%(days)s)
ON CONFLICT DO NOTHING
"""
# One and a half of their usual waits without an order, as in the segment "lapsing"; not those who left long ago.
_OVERDUE = """
INSERT INTO followups_followup (id, merchant_id, kind, customer_id, subject, begun_at, due_at, attempts)
SELECT gen_random_uuid(), merchant_id, %(kind)s, customer_id, to_char(last_order_at, 'YYYY-MM-DD'), last_order_at,
    %(now)s, 0
FROM segments_customerstats WHERE merchant_id = %(merchant)s AND mean_interval_days IS NOT NULL
AND last_order_at < %(now)s - greatest(mean_interval_days, 14) * 1.5 * interval '1 day'
AND last_order_at > %(now)s - greatest(mean_interval_days, 14) * 2.5 * interval '1 day'
ON CONFLICT DO NOTHING
"""


def sweep(merchant: Merchant, *, birthdays: bool, overdue: bool) -> None:
    """Make due whom it is the day of, once a year or once a last order. In the open transaction: a statement a kind."""
    now = timezone.now()
    with connection.cursor() as cursor:
        if birthdays:
            values: dict[str, Any] = {"merchant": merchant.id, "kind": Kind.BIRTHDAY.value, "now": now}
            today = now.astimezone(ZoneInfo(merchant.timezone))
            cursor.execute(_BIRTHDAYS, {**values, "year": str(today.year), "days": _days(today)})
        if overdue:
            cursor.execute(_OVERDUE, {"merchant": merchant.id, "kind": Kind.WIN_BACK.value, "now": now})


def _days(today: datetime) -> list[str]:
    is_leap = today.year % 4 == 0 and (today.year % 100 != 0 or today.year % 400 == 0)
    return [f"{today:%m-%d}", *(["02-29"] if f"{today:%m-%d}" == "02-28" and not is_leap else [])]
