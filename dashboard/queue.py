"""What needs the team now: a few lines, the most telling first. One statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.words import KINDS
from dashboard import words
from dashboard.access import Seat
from dashboard.fact_words import FACTS
from dashboard.watch import REASONS
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Merchant

LENGTH = 6

_QUEUE = """
(SELECT 'watch', i.id, o.number, concat_ws(' ', o.first_name, o.last_name), o.email, i.reason, i.detail, i.since
 FROM (SELECT * FROM tracking_watchitem WHERE merchant_id = %(merchant)s AND state = 'open'
         AND (snoozed_until IS NULL OR snoozed_until <= now())
       ORDER BY opened_at DESC, id DESC LIMIT %(length)s) AS i
 JOIN orders_order o ON o.merchant_id = i.merchant_id AND o.id = i.order_id)
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
    """Up to six lines. What is about many things (failed messages, parked work) is a line each, before the watch-list.

    waiting: how many of each there are, as `dashboard.shell.waiting` counts them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, {"merchant": seat.merchant.id, "length": LENGTH})
        rows = cursor.fetchall()
    others = [row for row in rows if row[0] != "watch" and (row[0] != "endpoint" or seat.may_set_up)]
    groups = [_group(seat.merchant, row, waiting) for row in others]
    items = [_item(seat.merchant, row) for row in rows if row[0] == "watch"]
    return [*groups, *items][:LENGTH]


def _item(merchant: Merchant, row: tuple[Any, ...]) -> Task:
    _kind, item_id, number, name, email, reason, detail, since = row
    known = label(REASONS, reason)
    return Task(
        title=_("Order %(number)s") % {"number": number},
        reason=Label(words.SUBSTATUSES.get(detail, KINDS.get(detail, known.text)), known.tone),
        about=name or email,
        since=since,
        url=f"/app/{merchant.slug}/watch/{public_id('wat', item_id)}/",
    )


def _group(merchant: Merchant, row: tuple[Any, ...], waiting: Mapping[str, str]) -> Task:
    """Failed messages, parked facts, failed webhooks of the shop, endpoints that we switched off: a line each."""
    kind, _none, what, whom, _email, _reason, _substatus, since = row
    if kind == "endpoint":
        off, url = (
            label(FACTS, "webhook_endpoint.disabled").text,
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
        about = str(label(FACTS, what).text)
        return Task(title % {"count": count}, Label(_("Parked"), "warn"), about, since, f"{base}/parked/")
    title = ngettext(
        "%(count)s webhook of your shop failed", "%(count)s webhooks of your shop failed", number
    )
    return Task(
        title % {"count": count}, Label(_("Parked"), "warn"), what, since, f"{base}/parked/?tab=inbox"
    )
