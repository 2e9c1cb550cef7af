"""Parked facts: what a subscriber failed on, kept with its error and tried again, by itself and by people."""

import traceback
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Subquery
from django.utils import timezone

from events import due
from events.facts import RecordedFact
from events.models import Cursor, Fact, ParkedFact
from events.outage import is_outage
from events.subscribers import Subscriber, get_subscriber
from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import current_merchant, merchant_scope, merchant_transaction, platform_scope

log = structlog.get_logger(__name__)

PARKED = "events.parked"
# With doubling from 10 s: for about half a day. After that a person has to look at it.
MOST_ATTEMPTS = 12

_FIRST_RETRY = timedelta(seconds=10)
_LEASE = timedelta(seconds=60)
_LONGEST_ERROR = 4000


def park(subscriber: Subscriber, fact: RecordedFact, error: BaseException) -> None:
    """Put a fact aside that this subscriber failed on, in the caller's transaction."""
    log.error("fact_parked", subscriber=subscriber.name, position=fact.position, error=repr(error))
    now = timezone.now()
    with platform_scope("parking a fact of whichever merchant comes next"):
        ParkedFact.objects.update_or_create(
            merchant_id=fact.merchant_id,
            subscriber=subscriber.name,
            position=fact.position,
            defaults={
                "type": fact.type,
                "order_id": fact.order_id,
                "error": _describe(error),
                "parked_at": now,
                "due_at": now + _FIRST_RETRY,
                "attempts": 0,
            },
        )


def try_again(merchant: Merchant, parked_id: UUID | None = None) -> int:
    """Make a parked fact due now; without an id, all of the merchant's. Returns how many.

    For the team, after they have mended what was wrong: counting of attempts begins anew. One that a worker
    holds at this moment may be handed out twice; the second one finds nothing to do.
    """
    with merchant_transaction(merchant):
        parked = ParkedFact.objects.all()
        if parked_id is not None:
            parked = parked.filter(pk=parked_id)
        count = parked.update(due_at=timezone.now(), attempts=0)
        if count:
            record_change(
                "parked.retried",
                public_id("prk", parked_id) if parked_id else "",
                "facts",
                {"count": [0, count]},
            )
        due.ring_when_committed(PARKED)
    return int(count)


@due.due_work(PARKED)
def retry_due() -> int:
    """Try parked facts again whose time has come. Returns how many were claimed."""
    rows = due.claim(ParkedFact, limit=20, lease=_LEASE)
    for parked in rows:
        with merchant_scope(parked.merchant):
            if due.renew(parked, _LEASE):
                retry(parked)
    return len(rows)


def retry(parked: ParkedFact) -> bool:
    """Hand a claimed parked fact to its subscriber again. Returns whether it went through.

    Success deletes the row in the transaction of the effects; failure sets the next try, or none any more.
    Raises OperationalError when the database went away: the claim ends by itself, and it comes due again.
    """
    with merchant_scope(parked.merchant):
        try:
            with transaction.atomic():
                # Deleting first locks the row: a second retry waits here, and then finds nothing to do.
                if ParkedFact.objects.filter(merchant_id=parked.merchant_id, pk=parked.pk).delete()[0]:
                    get_subscriber(parked.subscriber).handle(parked.merchant, [_fact(parked)])
        except Exception as error:
            if is_outage(error):
                raise
            _postpone(parked, error)
            return False
    return True


def overtaking(subscriber: str, facts: Sequence[RecordedFact]) -> list[RecordedFact]:
    """Facts of the same types and orders that stand behind the first of these, and that went through before it.

    Empty but for a fact that was parked: the line went on without it, and an old report must not overwrite what a
    newer one said meanwhile. Lock the orders first, or a newer fact that is being handled now is not seen.
    """
    orders = {fact.order_id for fact in facts if fact.order_id}
    if not orders:
        return []
    merchant = current_merchant()
    read = Cursor.objects.filter(subscriber=subscriber, shard=merchant.shard).values("position")
    waiting = ParkedFact.objects.filter(subscriber=subscriber, order_id__in=orders).values("position")
    newer = Fact.objects.filter(
        order_id__in=orders,
        type__in={fact.type for fact in facts},
        position__gt=min(fact.position for fact in facts),
        position__lte=Subquery(read),
    )
    return [_recorded(merchant.id, fact) for fact in newer.exclude(position__in=waiting).order_by("position")]


def _postpone(parked: ParkedFact, error: Exception) -> None:
    tried_enough = parked.attempts >= MOST_ATTEMPTS
    log.error(
        "parked_fact_failed", subscriber=parked.subscriber, position=parked.position, attempts=parked.attempts,
        last=tried_enough, error=repr(error),
    )  # fmt: skip
    due_at = None if tried_enough else due.backoff(parked.attempts, first=_FIRST_RETRY)
    due.held(parked).update(error=_describe(error), due_at=due_at)


def _fact(parked: ParkedFact) -> RecordedFact:
    return _recorded(parked.merchant_id, Fact.objects.get(position=parked.position))


def _recorded(merchant_id: UUID, fact: Fact) -> RecordedFact:
    return RecordedFact(
        position=fact.position,
        type=fact.type,
        merchant_id=merchant_id,
        order_id=fact.order_id,
        data=fact.data,
        recorded_at=fact.recorded_at,
    )


def _describe(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-_LONGEST_ERROR:].replace("\0", "")
