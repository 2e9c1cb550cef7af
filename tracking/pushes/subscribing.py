"""Asking carriers to push: a row for each parcel, asked for as due work, outside of any transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from events import due
from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tracking import gates
from tracking.accounts import Access, accesses
from tracking.carriers.base import AuthenticationFailed, CarrierDown, CarrierError, RateLimited
from tracking.carriers.registry import adapter
from tracking.facts import ShipmentFact
from tracking.models import Shipment
from tracking.pushes.carriers import PUSHES, token_of
from tracking.pushes.models import PushSubscription
from tracking.statuses import is_terminal

log = structlog.get_logger(__name__)

SUBSCRIBE: Final = "tracking.push_subscriptions"
_BATCH: Final = 20
_LEASE: Final = timedelta(seconds=60)
_FIRST_RETRY: Final = timedelta(minutes=5)
_MOST_ATTEMPTS: Final = 6
_RENEW_BEFORE: Final = timedelta(days=1)

# Carriers that take a subscription for each parcel.
PER_PARCEL: Final = tuple(code for code, push in PUSHES.items() if push.subscribe is not None)


@subscribe("tracking.push_subscriptions", ["shipment.created", "shipment.shipped"])
def want_pushes(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """A parcel of a carrier that takes subscriptions is subscribed once its number is known. History is not."""
    now = timezone.now()
    told = [fact.payload() for fact in facts]
    ids = {one.shipment_id for one in told if isinstance(one, ShipmentFact) and one.notify}
    parcels = Shipment.objects.filter(pk__in=ids, carrier__in=PER_PARCEL, cancelled_at=None).exclude(
        tracking_number=""
    )
    if merchant.is_sandbox or not settings.PUBLIC_URL.startswith("https://"):
        return  # Nobody outside could reach us.
    rows = [
        PushSubscription(
            merchant=merchant,
            shipment=parcel,
            carrier=parcel.carrier,
            number=parcel.tracking_number,
            due_at=now,
        )
        for parcel in parcels
        if not is_terminal(parcel.status, parcel.substatus)
    ]
    PushSubscription.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        due.ring_when_committed(SUBSCRIBE)


def subscribe_due() -> int:
    """Ask for the pushes that are due. Returns how many rows were claimed."""
    rows = due.claim(PushSubscription, limit=_BATCH, lease=_LEASE, related=("shipment",))
    found = accesses((row.merchant_id, row.carrier) for row in rows)
    for row in rows:
        _ask_for(row, found.get((row.merchant_id, row.carrier)))
    return len(rows)


def _ask_for(row: PushSubscription, access: Access | None) -> None:
    parcel, push = row.shipment, PUSHES[row.carrier]
    over = parcel.cancelled_at is not None or is_terminal(parcel.status, parcel.substatus)
    if over or parcel.tracking_number != row.number or access is None or push.subscribe is None:
        _put(row, error="" if access or over else "no_access")
        return
    now = timezone.now()
    asked = adapter(row.carrier)
    assert asked is not None
    turn = gates.enter(
        access.carrier, access.key, access.pace(asked.poll), now=now, patience=timedelta(seconds=5)
    )
    if not turn.granted:
        _put(row, again=turn.at, counts=False)
        return
    url = f"{settings.PUBLIC_URL}/hooks/carriers/{row.carrier}/{row.merchant.slug}"
    try:
        push.subscribe(row.number, url, token_of(row.merchant_id, row.carrier)[0], access.account)
    except CarrierError as error:
        log.warning("carrier_push_refused", carrier=row.carrier, code=error.code)
        _put(row, error=f"{error.code}: {error.detail}"[:300], again=_again(row, error))
        return
    lives_until = now + push.lasts
    # A carrier that asks back tells nothing before it was answered: its first push shows that it is alive.
    is_live = push.confirm is None
    with merchant_scope(row.merchant), transaction.atomic():
        kept = due.held(row).update(
            lives_until=lives_until, error="", due_at=lives_until - _RENEW_BEFORE, attempts=0
        )
        if kept and is_live:
            Shipment.objects.filter(pk=row.shipment_id).update(push_until=lives_until)


def _again(row: PushSubscription, error: CarrierError) -> datetime | None:
    """When to ask again. A refusal of this one parcel, and of the access, is taken as a no: polling goes on."""
    passing = isinstance(error, CarrierDown | RateLimited)
    if isinstance(error, AuthenticationFailed) or not passing or row.attempts >= _MOST_ATTEMPTS:
        return None
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return timezone.now() + timedelta(seconds=error.retry_after)
    return due.backoff(row.attempts - 1, first=_FIRST_RETRY)


def _put(
    row: PushSubscription, *, error: str = "", again: datetime | None = None, counts: bool = True
) -> None:
    values: dict[str, Any] = {"due_at": again, "error": error}
    if not counts:
        values["attempts"] = max(row.attempts - 1, 0)
    with merchant_scope(row.merchant):
        due.held(row).update(**values)
