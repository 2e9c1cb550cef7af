"""The inbox: webhooks that were stored, worked off as due work."""

from datetime import timedelta

import structlog
from django.utils import timezone

from events import due
from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Problem
from merchants.scope import merchant_scope, merchant_transaction
from orders.connectors.lenient import Unreadable, payload_of
from orders.models import InboxItem, InboxState
from orders.receiving import OrderUnknown
from orders.topics import work_of

log = structlog.get_logger(__name__)

INBOX = "orders.inbox"
_BATCH = 20
_LEASE = timedelta(seconds=60)
_FIRST_RETRY = timedelta(seconds=5)
_MOST_ATTEMPTS = 12  # with the back-off: about eleven hours


class _ClaimLost(Exception):
    """Another worker has the item by now."""


@due.due_work(INBOX)
def work_off_inbox() -> int:
    """Claim what is due and work it off. Returns how many items were claimed."""
    items = due.claim(InboxItem, limit=_BATCH, lease=_LEASE)
    for item in items:
        with merchant_scope(item.merchant):
            _work_off(item)
    return len(items)


def try_again(item: InboxItem) -> None:
    """Have a failed item worked off again, now. For the team, after they have mended what was wrong."""
    with merchant_transaction(item.merchant):
        again = InboxItem.objects.filter(pk=item.pk, state=InboxState.FAILED)
        if again.update(state=InboxState.WAITING, attempts=0, due_at=timezone.now()):
            record_change("parked.retried", public_id("inb", item.pk), item.topic)
        due.ring_when_committed(INBOX)


def try_all_again(merchant: Merchant) -> int:
    """Have every failed item of a merchant worked off again, now. Returns how many."""
    with merchant_transaction(merchant):
        failed = InboxItem.objects.filter(state=InboxState.FAILED)
        count = failed.update(state=InboxState.WAITING, attempts=0, due_at=timezone.now())
        if count:
            record_change("parked.retried", label="inbox", changes={"count": [0, count]})
        due.ring_when_committed(INBOX)
    return int(count)


def _work_off(item: InboxItem) -> None:
    """The item's effects and its new state, in one transaction; or why it has to wait, or failed."""
    try:
        with merchant_transaction(item.merchant):
            note = work_of(item.source, item.topic)(item, payload_of(bytes(item.body)))
            if not due.held(item).update(state=InboxState.DONE, due_at=None, error=note):
                raise _ClaimLost
    except _ClaimLost:
        return
    except OrderUnknown as error:
        _wait_or_fail(item, str(error))
    except (Unreadable, Problem) as error:
        log.warning("inbox_item_failed", item=str(item.pk), topic=item.topic, error=str(error))
        _fail(item, str(error))
    except Exception as error:
        log.exception("inbox_item_broke", item=str(item.pk), topic=item.topic)
        _wait_or_fail(item, f"It could not be worked off ({type(error).__name__}: {error}).")


def _wait_or_fail(item: InboxItem, why: str) -> None:
    if item.attempts >= _MOST_ATTEMPTS:
        _fail(item, why)
    else:
        due.held(item).update(due_at=due.backoff(item.attempts - 1, first=_FIRST_RETRY), error=why)


def _fail(item: InboxItem, why: str) -> None:
    due.held(item).update(state=InboxState.FAILED, due_at=None, error=why[:2000])
