"""Commands around asking carriers: look now, give up, use other credentials."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from events import due
from merchants.audit import record_by_hand, record_change
from merchants.ids import public_id, uuid7
from merchants.models import Merchant
from merchants.rest.errors import NotFound, TooManyRequests, Unprocessable
from merchants.scope import merchant_transaction
from tracking import polling, routes
from tracking.carriers.slugs import AGGREGATORS
from tracking.locks import lock_shipment
from tracking.models import CarrierAccount, Shipment
from tracking.progress import advance
from tracking.statuses import TERMINAL, Status
from tracking.writes import insert_scans

POLL = "tracking.poll"  # the kind of due work


def refresh(merchant: Merchant, shipment_id: UUID) -> None:
    """Have the carrier asked about a parcel now, whatever its schedule says.

    Raises NotFound, Unprocessable for a parcel whose carrier cannot be asked, and TooManyRequests (with the
    seconds to wait) within five minutes of the last look.
    """
    now = timezone.now()
    with merchant_transaction(merchant):
        shipment = Shipment.objects.filter(pk=shipment_id).first()
        if shipment is None:
            raise NotFound("There is no such shipment.", param="shipment_id")
        can_poll = polling.can_poll(merchant, shipment.carrier)
        if not shipment.tracking_number or shipment.cancelled_at or not can_poll:
            raise Unprocessable("The carrier of this shipment cannot be asked.", code="carrier_not_asked")
        # The guard is in the update: of two people who ask at once, both wake the same look.
        rested = Q(polled_at=None) | Q(polled_at__lte=now - polling.REFRESH_COOL_DOWN)
        if not Shipment.objects.filter(rested, pk=shipment_id).update(due_at=now):
            polled_at = shipment.polled_at or now
            left = (polled_at + polling.REFRESH_COOL_DOWN - now).total_seconds()
            raise TooManyRequests(
                "The carrier was asked just now.", code="refreshed_just_now", retry_after=max(1, int(left))
            )
        record_by_hand("shipment.refreshed", public_id("shp", shipment_id), shipment.tracking_number)
        due.ring_when_committed(POLL)


def give_up(merchant: Merchant, shipment_id: UUID) -> None:
    """Mark a parcel of which nothing was heard for 30 days as expired; its carrier is not asked any more.

    The mark is a scan of ours, so that whatever is heard later finds the parcel again (`tracking.resolve`).
    """
    now = timezone.now()
    with merchant_transaction(merchant):
        shipment = lock_shipment(shipment_id)
        if not polling.is_silent(shipment, now):
            return  # Something was heard since it was claimed.
        expired_at = polling.last_news(shipment) + polling.SILENT_FOR
        scan = {
            "id": uuid7(), "shipment_id": shipment.id, "occurred_at": expired_at, "local_time": "",
            "key": hashlib.blake2b(f"expired\n{expired_at.isoformat()}".encode(), digest_size=16).hexdigest(),
            "offset_known": True, "status": Status.EXPIRED, "substatus": "", "raw_code": "", "description": "",
            "city": "", "region": "", "postcode": "", "country": "",
        }  # fmt: skip
        insert_scans(merchant.id, [scan], source="afterward", now=now)
        advance(merchant, [shipment])


def set_account(merchant: Merchant, carrier: str, credentials: Mapping[str, str]) -> None:
    """Store the merchant's own credentials for a carrier; parcels that waited for them are asked about now."""
    now = timezone.now()
    with merchant_transaction(merchant):
        CarrierAccount.objects.update_or_create(
            merchant=merchant, carrier=carrier, defaults={"credentials": json.dumps(dict(credentials))}
        )
        record_change("carrier_account.saved", label=carrier)
        waiting = Q(poll_error__startswith="authentication_failed") | Q(poll_error__startswith="no_access")
        rows = Shipment.objects.filter(waiting, carrier=carrier, due_at__gt=now)
        if carrier in AGGREGATORS:
            routes.forget(merchant)
            rows = rows | _nobody_asked(now)
        # Whoever holds one of them changes it anyway: waiting for it could be waiting in a circle.
        free = rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        Shipment.objects.filter(pk__in=list(free)).update(due_at=now)
        due.ring_when_committed(POLL)


def _nobody_asked(now: datetime) -> QuerySet[Shipment]:
    """Parcels on their way that nobody was asked about: their carrier has no adapter, or no account."""
    unasked = Q(due_at=None) | Q(poll_error__startswith="no_access")
    ended = [*TERMINAL, Status.EXPIRED]
    recent = Q(created_at__gt=now - polling.SILENT_FOR, cancelled_at=None)
    return Shipment.objects.filter(unasked, recent).exclude(status__in=ended).exclude(tracking_number="")
