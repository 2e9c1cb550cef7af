"""Forgetting deliveries: their history is kept for a month, the log itself for ever."""

from datetime import timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

KEPT: Final = timedelta(days=30)
_BATCH: Final = 1000

# The database deletes their tries with them.
_FORGET = """
DELETE FROM webhooks_delivery USING (
    SELECT merchant_id, id FROM webhooks_delivery WHERE planned_at < %s ORDER BY planned_at LIMIT %s
    FOR UPDATE SKIP LOCKED
) AS old WHERE webhooks_delivery.merchant_id = old.merchant_id AND webhooks_delivery.id = old.id
"""


def forget_old() -> int:
    """Delete a batch of deliveries that were planned more than 30 days ago. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [timezone.now() - KEPT, _BATCH])
        return cursor.rowcount
