"""Which carrier a parcel has when nobody said so: found by its number, chosen by a person, or the next one tried.

`Shipment.carrier_source` says where the carrier came from: "" the shop, "detected" the number, "chosen" somebody in the
dashboard or by the API. Only a detected carrier is ever changed by the program.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from events import due
from merchants.audit import record_by_hand
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import InvalidBody, Unprocessable
from merchants.scope import merchant_transaction
from tracking import polling
from tracking.accounts import accesses
from tracking.carriers.numbers.detect import Candidate, Hints, detect, likely
from tracking.carriers.registry import OTHER, carrier_from_name, carrier_name, tracking_url
from tracking.locks import lock_shipment
from tracking.models import CarrierAccount, Shipment

DETECTED: Final = "detected"
CHOSEN: Final = "chosen"
# A parcel's carrier is changed by the program so often and no more (17TRACK allows five changes, too).
MOST_CHANGES: Final = 5
# New parcels are unknown for up to a day: so many answers "not found" in a row before another carrier is tried.
_PATIENCE: Final = 3
_RECENT: Final = timedelta(days=90)
_SAMPLE: Final = 500  # of the newest parcels: enough for shares, whatever the shop's size
_POLL: Final = "tracking.poll"


def hints_of(merchant: Merchant, country: str) -> Hints:
    """The merchant's carriers by its accounts and its newest parcels, and where this parcel goes. Two queries."""
    rows = Shipment.objects.filter(created_at__gt=timezone.now() - _RECENT).exclude(carrier_source=DETECTED)
    counted = Counter(rows.order_by("-created_at", "-id").values_list("carrier", flat=True)[:_SAMPLE])
    shares = {code: count / counted.total() for code, count in counted.items() if code not in ("", OTHER)}
    accounts = CarrierAccount.objects.values_list("carrier", flat=True)
    return Hints(own={**shares, **dict.fromkeys(accounts, 1.0)}, country=country)


def candidates(merchant: Merchant, shipment: Shipment) -> list[Candidate]:
    """The carriers that a parcel's number may belong to, likeliest first."""
    if not shipment.tracking_number:
        return []
    return detect(shipment.tracking_number, hints_of(merchant, shipment.order.country))


def put_detected(merchant: Merchant, shipment: Shipment) -> None:
    """Give an unsaved parcel without a known carrier the one that its number surely belongs to, if there is one."""
    found = likely(shipment.tracking_number, hints_of(merchant, shipment.order.country))
    if found:
        _put(shipment, found, DETECTED)


def choose_carrier(merchant: Merchant, shipment_id: UUID, carrier: str) -> None:
    """Set the carrier of a parcel by hand. Its scans stay; it is asked about at the other carrier now.

    Raises NotFound, InvalidBody for a carrier that we do not know, and Unprocessable for a cancelled parcel.
    """
    code = carrier_from_name(carrier)
    with merchant_transaction(merchant):
        shipment = lock_shipment(shipment_id)  # first of all: whose parcel it is
        if code == OTHER:
            raise InvalidBody("We do not know this carrier.", param="carrier", code="unknown_carrier")
        _refuse_cancelled(shipment)
        _put(shipment, code, CHOSEN)
        _ask_anew(merchant, shipment)
        record_by_hand("shipment.carrier_chosen", public_id("shp", shipment_id), carrier_name(code))


def detect_anew(merchant: Merchant, shipment_id: UUID) -> list[Candidate]:
    """Find a parcel's carrier by its number again, whatever it was before; it is put on the parcel when it is sure.

    Returns all candidates. Raises NotFound, and Unprocessable for a cancelled parcel or one without a number.
    """
    with merchant_transaction(merchant):
        shipment = lock_shipment(shipment_id)
        _refuse_cancelled(shipment)
        if not shipment.tracking_number:
            raise Unprocessable("The shipment has no tracking number.", code="no_tracking_number")
        hints = hints_of(merchant, shipment.order.country)
        found = likely(shipment.tracking_number, hints)
        if found and (found != shipment.carrier or shipment.carrier_source != DETECTED):
            _put(shipment, found, DETECTED)
            _ask_anew(merchant, shipment)
            record_by_hand("shipment.carrier_detected", public_id("shp", shipment_id), carrier_name(found))
        return detect(shipment.tracking_number, hints)


def may_try_next(shipment: Shipment) -> bool:
    """Whether a claimed parcel whose carrier does not know it (again) could be another carrier's."""
    return shipment.carrier_source == DETECTED and shipment.attempts >= _PATIENCE


def try_next(merchant: Merchant, shipment_id: UUID) -> str:
    """After a detected carrier said "not found" again and again: the next candidate that can be asked takes its place.

    Returns its code; "" when there is none that was not tried. A parcel that was scanned meanwhile keeps its carrier.
    """
    with merchant_transaction(merchant):
        shipment = lock_shipment(shipment_id)
        if shipment.carrier_source != DETECTED or shipment.last_scan_at or shipment.cancelled_at:
            return ""
        tried = [*_tried(shipment), shipment.carrier]
        found = _next(merchant, candidates(merchant, shipment), tried)
        if not found or len(tried) > MOST_CHANGES:
            return ""
        shipment.carriers_tried = ",".join(tried)
        _put(shipment, found, DETECTED)
        _ask_anew(merchant, shipment)
        return found


def _next(merchant: Merchant, found: Sequence[Candidate], tried: Sequence[str]) -> str:
    left = [
        one.carrier for one in found if one.carrier not in tried and polling.can_poll(merchant, one.carrier)
    ]
    reached = accesses((merchant.pk, code) for code in left)
    return next((code for code in left if (merchant.pk, code) in reached), "")


def _tried(shipment: Shipment) -> list[str]:
    return [code for code in shipment.carriers_tried.split(",") if code]


def _put(shipment: Shipment, carrier: str, source: str) -> None:
    """Another carrier, and with it its page (a page that the shop gave stays)."""
    ours = tracking_url(shipment.carrier, shipment.tracking_number)
    if shipment.tracking_url in ("", ours):
        shipment.tracking_url = tracking_url(carrier, shipment.tracking_number)
    shipment.carrier, shipment.carrier_source = carrier[:40], source
    if source == CHOSEN:
        shipment.carriers_tried = ""


def _ask_anew(merchant: Merchant, shipment: Shipment) -> None:
    now = timezone.now()
    shipment.poll_error, shipment.attempts = "", 0
    shipment.due_at = now if polling.next_poll(merchant, shipment, now) else None
    shipment.updated_at = now
    shipment.save(
        update_fields=[
            "carrier", "carrier_source", "carriers_tried", "tracking_url", "poll_error", "attempts", "due_at",
            "updated_at",
        ]
    )  # fmt: skip
    due.ring_when_committed(_POLL)


def _refuse_cancelled(shipment: Shipment) -> None:
    if shipment.cancelled_at:
        raise Unprocessable("The shipment was cancelled.", code="shipment_cancelled")
