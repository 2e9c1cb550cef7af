"""What needs the team now: a few lines, the most telling first. One statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard import words
from dashboard.access import Seat
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Merchant
from tracking.progress import ATTENTION

LENGTH = 6

_QUEUE = """
(SELECT 'order', o.id, o.number, concat_ws(' ', o.first_name, o.last_name), o.email, p.status, p.substatus,
        coalesce(p.status_at, o.placed_at)
 FROM (SELECT * FROM orders_order WHERE merchant_id = %(merchant)s AND stage = 'attention'
       ORDER BY placed_at DESC, id DESC LIMIT %(length)s) AS o
 LEFT JOIN LATERAL (
    SELECT status, substatus, status_at FROM tracking_shipment
    WHERE merchant_id = o.merchant_id AND order_id = o.id AND status = ANY(%(problems)s)
    ORDER BY status_at DESC NULLS LAST LIMIT 1) AS p ON true)
UNION ALL (SELECT 'messages', NULL, touchpoint, recipient, '', reason, '', planned_at FROM notifications_message
    WHERE merchant_id = %(merchant)s AND state = 'failed' ORDER BY planned_at DESC, id DESC LIMIT 1)
UNION ALL (SELECT 'facts', NULL, type, '', '', '', '', parked_at FROM events_parkedfact
    WHERE merchant_id = %(merchant)s ORDER BY parked_at DESC LIMIT 1)
UNION ALL (SELECT 'inbox', NULL, source, '', '', '', '', received_at FROM orders_inboxitem
    WHERE merchant_id = %(merchant)s AND state = 'failed' ORDER BY received_at DESC LIMIT 1)
UNION ALL (SELECT 'endpoint', NULL, description, url, '', '', '', coalesce(last_failure_at, created_at)
    FROM webhooks_endpoint WHERE merchant_id = %(merchant)s AND state = 'disabled'
    ORDER BY last_failure_at DESC NULLS LAST LIMIT 1)
"""


@dataclass(frozen=True)
class Task:
    """One line: what it is, why, since when (UTC), and where one does something about it."""

    title: str
    reason: Label
    about: str
    since: datetime
    url: str


def queue(seat: Seat, waiting: Mapping[str, str]) -> list[Task]:
    """Up to six lines. What is about many things (failed messages, parked work) is one line each, before the orders.

    waiting: how many of each there are, as `dashboard.shell.waiting` counts them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _QUEUE, {"merchant": seat.merchant.id, "length": LENGTH, "problems": sorted(ATTENTION)}
        )
        rows = cursor.fetchall()
    others = [row for row in rows if row[0] != "order" and (row[0] != "endpoint" or seat.may_set_up)]
    groups = [_group(seat.merchant, row, waiting) for row in others]
    orders = [_order(seat.merchant, row) for row in rows if row[0] == "order"]
    return [*groups, *sorted(orders, key=lambda task: task.since, reverse=True)][:LENGTH]


def _order(merchant: Merchant, row: tuple[Any, ...]) -> Task:
    _kind, order_id, number, name, email, status, substatus, since = row
    state = label(words.STATUSES, status) if status else words.STAGES["attention"]
    why = words.SUBSTATUSES.get(substatus or "", state.text)
    return Task(
        title=_("Order %(number)s") % {"number": number},
        reason=Label(why, state.tone),
        about=name or email,
        since=since,
        url=f"/app/{merchant.slug}/orders/{public_id('ord', order_id)}/",
    )


def _group(merchant: Merchant, row: tuple[Any, ...], waiting: Mapping[str, str]) -> Task:
    """Failed messages, parked facts, failed webhooks of the shop, endpoints that we switched off: a line each."""
    kind, _none, what, whom, _email, _reason, _substatus, since = row
    if kind == "endpoint":
        off, url = (
            label(words.FACTS, "webhook_endpoint.disabled").text,
            f"/app/{merchant.slug}/settings/webhooks/",
        )
        return Task(str(off), Label(_("Switched off"), "bad"), what or whom, since, url)
    count = waiting.get(kind, "")
    number = int(count.rstrip("+") or 1)
    base = f"/app/{merchant.slug}"
    if kind == "messages":
        title = ngettext(
            "%(count)s message could not be sent", "%(count)s messages could not be sent", number
        )
        about = f"{words.TOUCHPOINTS.get(what, what)}: {whom}"
        return Task(
            title % {"count": count}, Label(_("Failed"), "bad"), about, since, f"{base}/messages/?tab=failed"
        )
    if kind == "facts":
        title = ngettext(
            "%(count)s fact could not be worked off", "%(count)s facts could not be worked off", number
        )
        about = str(label(words.FACTS, what).text)
        return Task(title % {"count": count}, Label(_("Parked"), "warn"), about, since, f"{base}/parked/")
    title = ngettext(
        "%(count)s webhook of your shop failed", "%(count)s webhooks of your shop failed", number
    )
    return Task(
        title % {"count": count}, Label(_("Parked"), "warn"), what, since, f"{base}/parked/?tab=inbox"
    )
