"""The inbox: webhooks that were stored, worked off as due work."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone

from events import due
from merchants.models import Merchant
from merchants.rest.errors import Problem, Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from orders import commands
from orders.connectors import shopify
from orders.connectors.base import ShopOrder
from orders.connectors.lenient import Unreadable, payload_of
from orders.connectors.shopify_fulfilments import read_fulfilment
from orders.fulfilments import report_fulfilment
from orders.models import InboxItem, InboxState, Order, OrderStatus

log = structlog.get_logger(__name__)

INBOX = "orders.inbox"
_BATCH = 20
_LEASE = timedelta(seconds=60)
_FIRST_RETRY = timedelta(seconds=5)
_MOST_ATTEMPTS = 12  # with the back-off: about eleven hours
_HISTORY = timedelta(hours=48)


class OrderUnknown(Exception):
    """A fulfilment came before its order. The text is for people."""


class _ClaimLost(Exception):
    """Another worker has the item by now."""


def known_topic(topic: str) -> bool:
    """Whether anything is done with webhooks of this topic."""
    return topic in _WORK


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
        again.update(state=InboxState.WAITING, attempts=0, due_at=timezone.now())
        due.ring_when_committed(INBOX)


def try_all_again(merchant: Merchant) -> int:
    """Have every failed item of a merchant worked off again, now. Returns how many."""
    with merchant_transaction(merchant):
        failed = InboxItem.objects.filter(state=InboxState.FAILED)
        count = failed.update(state=InboxState.WAITING, attempts=0, due_at=timezone.now())
        due.ring_when_committed(INBOX)
    return int(count)


def _work_off(item: InboxItem) -> None:
    """The item's effects and its new state, in one transaction; or why it has to wait, or failed."""
    try:
        with merchant_transaction(item.merchant):
            note = _WORK[item.topic](item.merchant, item.topic, payload_of(bytes(item.body)))
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


# --- what is done with each topic; each returns a note for people, empty when there is nothing to say ---


def _order(merchant: Merchant, topic: str, payload: Mapping[str, Any]) -> str:
    if "order_edit" in payload:
        return "The order's new content comes with orders/updated."
    now = timezone.now()
    told = shopify.read_order(payload, currency=merchant.currency, now=now)
    known = Order.objects.filter(external_id=told.order.external_id).exists()
    notify = known or not _is_history(topic, told, now)
    told.order.notify = notify
    placed = commands.place_order(merchant, told.order, told.origin)
    order = commands.lock_order(placed.order_id)
    for fulfilment in told.fulfilments:
        report_fulfilment(merchant, order, fulfilment, notify=notify)
    if told.cancelled_at or topic == "orders/cancelled":
        return _cancel(merchant, order, told, notify)
    return ""


def _is_history(topic: str, told: ShopOrder, now: datetime) -> bool:
    """Whether an order that we see for the first time is old, so that its shopper is told nothing.

    orders/create comes when the shop makes the row: old is what it dates back then (an import). Any other topic
    tells of an order that was there before we were connected.
    """
    placed_at = told.order.placed_at
    if placed_at is None:
        return False
    made_at = (told.created_at or now) if topic == "orders/create" else now
    return placed_at < made_at - _HISTORY


def _cancel(merchant: Merchant, order: Order, told: ShopOrder, notify: bool) -> str:
    if order.status == OrderStatus.CANCELLED:
        return ""
    try:
        commands.cancel_order(merchant, order.id, at=told.cancelled_at, notify=notify)
    except Unprocessable as error:
        return f"The shop cancelled it, and it stays as it is: {error.detail}"
    return ""


def _fulfilment(merchant: Merchant, topic: str, payload: Mapping[str, Any]) -> str:
    told = read_fulfilment(payload, now=timezone.now())
    found = Order.objects.filter(external_id=told.order_external_id).values_list("pk", flat=True).first()
    if found is None:
        raise OrderUnknown(
            f"Order {told.order_external_id} is not known: the shop reported fulfilment {told.external_id} of it,"
            " but has not sent the order."
        )
    report_fulfilment(merchant, commands.lock_order(found), told, notify=True)
    return ""


_WORK: dict[str, Callable[[Merchant, str, Mapping[str, Any]], str]] = {
    **dict.fromkeys(shopify.ORDER_TOPICS, _order),
    **dict.fromkeys(shopify.FULFILMENT_TOPICS, _fulfilment),
}
