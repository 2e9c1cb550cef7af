"""One thing done to many orders: a job that a worker goes through, a slice at a time, and its report.

A job is a due row. Each order is a command of its own, as if somebody had clicked fifty times; a worker that dies
in the middle leaves a job that comes due again, and every command done twice changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from dashboard.models import BulkAction, BulkJob
from events import due
from events.outage import is_outage
from merchants import audit
from merchants.models import ActorKind, Merchant
from merchants.rest.errors import Problem, Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from notifications.commands import retry_message
from notifications.models import Message, MessageState
from orders.annotations import change_tags, normal_tag
from orders.commands import cancel_order
from orders.models import Order
from tracking.asking import refresh
from tracking.models import Shipment
from tracking.statuses import TERMINAL

log = structlog.get_logger(__name__)

BULK = "dashboard.bulk"  # the kind of due work
MOST = 1000  # orders of one job
_SLICE = 25  # orders between two looks at the clock of the lease
_LEASE = timedelta(seconds=60)
_NEEDS_TAG = frozenset({BulkAction.ADD_TAG, BulkAction.REMOVE_TAG})


class NothingToDo(Exception):
    """An order that the action does not fit. The text is a code that the page has words for."""


def start_job(merchant: Merchant, action: str, order_ids: Sequence[UUID], *, argument: str = "") -> BulkJob:
    """Have something done to these orders (1,000 at most) as soon as a worker is free.

    Raises Unprocessable for an action that there is not, for a tag without a letter, and for no order at all.
    """
    if action not in BulkAction.values:
        raise Unprocessable("There is no such action.", param="action", code="unknown_action")
    argument = normal_tag(argument) if action in _NEEDS_TAG else ""
    if action in _NEEDS_TAG and not argument:
        raise Unprocessable("A tag has at least one letter.", param="tag", code="invalid_tag")
    actor = audit.current_actor()
    with merchant_transaction(merchant):
        # Only the merchant's own: what else was named is not there.
        own = list(Order.objects.filter(pk__in=list(order_ids)[:MOST]).values_list("pk", flat=True))
        if not own:
            raise Unprocessable("No order was chosen.", param="orders", code="nothing_chosen")
        job = BulkJob.objects.create(
            merchant=merchant, action=action, argument=argument, order_ids=own, actor_id=actor.id,
            actor=actor.name[:254], due_at=timezone.now(),
        )  # fmt: skip
        audit.record_change(f"orders.{action}", label=argument, changes={"orders": [0, len(own)]})
        due.ring_when_committed(BULK)
    return job


@due.due_work(BULK)
def work_off() -> int:
    """Go through a slice of each job that is due. Returns how many were claimed."""
    jobs = due.claim(BulkJob, limit=4, lease=_LEASE)
    for job in jobs:
        actor = audit.Actor(ActorKind.PERSON if job.actor_id else ActorKind.SYSTEM, job.actor_id, job.actor)
        with merchant_scope(job.merchant), audit.acting_as(actor):
            _go_on(job)
    return len(jobs)


def _go_on(job: BulkJob) -> None:
    """Deal with the next orders of a claimed job, and write down how far it is."""
    ids = job.order_ids[job.position : job.position + _SLICE]
    known = Order.objects.defer("raw", "search").in_bulk(ids)
    for order_id in ids:
        order = known.get(order_id)
        if order is None:
            continue  # erased meanwhile
        try:
            _ACTIONS[job.action](job, order)
            job.changed += 1
        except NothingToDo as nothing:
            job.refused.append([order.number, str(order.id), str(nothing)])
        except Problem as problem:
            job.refused.append([order.number, str(order.id), problem.code])
        except Exception as error:  # One broken order must not keep the others waiting for ever.
            if is_outage(error):
                raise
            log.exception("bulk_action_failed", action=job.action, order=str(order.id))
            job.refused.append([order.number, str(order.id), "internal_error"])
    position = job.position + len(ids)
    is_done = position >= len(job.order_ids)
    now = timezone.now()
    with transaction.atomic():
        due.held(job).update(
            position=position, changed=job.changed, refused=job.refused, attempts=0,
            due_at=None if is_done else now, finished_at=now if is_done else None,
        )  # fmt: skip
        if not is_done:
            due.ring_when_committed(BULK)


def _cancel(job: BulkJob, order: Order) -> None:
    if order.cancelled_at:
        raise NothingToDo("already_cancelled")
    cancel_order(job.merchant, order.id)


def _add_tag(job: BulkJob, order: Order) -> None:
    if job.argument in order.tags:
        raise NothingToDo("already_tagged")
    change_tags(job.merchant, order.id, add=[job.argument])


def _remove_tag(job: BulkJob, order: Order) -> None:
    if job.argument not in order.tags:
        raise NothingToDo("not_tagged")
    change_tags(job.merchant, order.id, remove=[job.argument])


def _refresh(job: BulkJob, order: Order) -> None:
    """Ask about each parcel that is still on its way. One that can be asked about is enough."""
    moving = Shipment.outbound.filter(order_id=order.id).exclude(status__in=TERMINAL)
    asked, refused = 0, "no_parcel_on_its_way"
    for shipment_id in moving.values_list("pk", flat=True):
        try:
            refresh(job.merchant, shipment_id)
            asked += 1
        except Problem as problem:
            refused = problem.code
    if not asked:
        raise NothingToDo(refused)


def _resend(job: BulkJob, order: Order) -> None:
    """Let the order's newest message that failed or was skipped be tried again."""
    states = [MessageState.FAILED, MessageState.SKIPPED]
    newest = Message.objects.filter(order_id=order.id, state__in=states).order_by("-planned_at")
    message_id = newest.values_list("pk", flat=True).first()
    if message_id is None:
        raise NothingToDo("no_message_to_send")
    retry_message(job.merchant, message_id)


_ACTIONS: dict[str, Callable[[BulkJob, Order], None]] = {
    BulkAction.CANCEL: _cancel,
    BulkAction.ADD_TAG: _add_tag,
    BulkAction.REMOVE_TAG: _remove_tag,
    BulkAction.REFRESH: _refresh,
    BulkAction.RESEND: _resend,
}
