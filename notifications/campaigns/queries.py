"""Reading campaigns: one of them, what became of it, and which use a segment."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from merchants.models import Merchant
from merchants.rest.errors import NotFound
from notifications.campaigns.models import Campaign, CampaignState
from orders.segments.commands import used_by

ORDERED_WITHIN: Final = timedelta(days=7)
_UNFINISHED = (CampaignState.DRAFT, CampaignState.SCHEDULED)

_COUNTS = """
SELECT state, reason, outcome, count(*) FROM notifications_message
WHERE merchant_id = %(merchant)s AND campaign_id = %(campaign)s GROUP BY 1, 2, 3
"""
_EVENTS = """
SELECT count(DISTINCT e.message_id) FILTER (WHERE e.kind IN ('opened', 'clicked')),
    count(DISTINCT e.message_id) FILTER (WHERE e.kind = 'clicked')
FROM notifications_message AS m
JOIN notifications_messageevent AS e ON e.merchant_id = m.merchant_id AND e.message_id = m.id
WHERE m.merchant_id = %(merchant)s AND m.campaign_id = %(campaign)s AND m.state = 'sent'
"""
# Each order once, of whoever got the message, within so many days after they got it.
_ORDERS = """
SELECT count(*), coalesce(sum(o.total - o.refunded) FILTER (WHERE o.currency = %(currency)s), 0)
FROM notifications_message AS m
JOIN orders_order AS o ON o.merchant_id = m.merchant_id AND o.customer_id = m.customer_id AND o.status <> 'cancelled'
    AND o.placed_at > m.sent_at AND o.placed_at <= m.sent_at + %(within)s
WHERE m.merchant_id = %(merchant)s AND m.campaign_id = %(campaign)s AND m.state = 'sent'
"""


@dataclass(frozen=True)
class Report:
    """What became of a campaign. skipped: reason → how many. revenue: of the orders, in the merchant's currency.

    opened and clicked are as far as the mail provider tells; many mail programs open by themselves.
    """

    planned: int
    waiting: int
    sent: int
    failed: int
    skipped: dict[str, int]
    delivered: int
    undelivered: int
    complained: int
    opened: int
    clicked: int
    orders: int
    revenue: Any


def report(merchant: Merchant, campaign: Campaign) -> Report:
    """The report of a campaign of the open scope: three queries."""
    values: dict[str, Any] = {
        "merchant": merchant.id, "campaign": campaign.pk, "currency": merchant.currency, "within": ORDERED_WITHIN,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, values)
        rows = cursor.fetchall()
        cursor.execute(_EVENTS, values)
        [(opened, clicked)] = cursor.fetchall()
        cursor.execute(_ORDERS, values)
        [(orders, revenue)] = cursor.fetchall()

    def of(*states: str) -> int:
        return sum(number for state, _reason, _outcome, number in rows if state in states)

    def ended(outcome: str) -> int:
        return sum(number for state, _reason, found, number in rows if state == "sent" and found == outcome)

    skipped: dict[str, int] = {}
    for state, reason, _outcome, number in rows:
        if state == "skipped":
            skipped[reason] = skipped.get(reason, 0) + number
    return Report(
        planned=sum(row[3] for row in rows), waiting=of("planned", "sending"), sent=of("sent"), failed=of("failed"),
        skipped=dict(sorted(skipped.items(), key=lambda pair: -pair[1])), delivered=ended("delivered"),
        undelivered=ended("undelivered"), complained=ended("complained"), opened=opened, clicked=clicked,
        orders=orders, revenue=revenue,
    )  # fmt: skip


def get_campaign(campaign_id: UUID | None) -> Campaign:
    """A campaign of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    row: Campaign | None = Campaign.objects.filter(pk=campaign_id).first() if campaign_id else None
    if row is None:
        raise NotFound("There is no such campaign.", param="campaign_id")
    return row


@used_by
def campaigns_of_segment(ref: str) -> list[str]:
    """Names of campaigns that have not begun and go to this segment: those that have keep its rule."""
    rows = Campaign.objects.filter(segment=ref, state__in=_UNFINISHED).order_by("name")
    return list(rows.values_list("name", flat=True)[:20])
