"""When a carrier is asked about a parcel, and when we stop asking (PRODUCT, T7 and T8).

How often a carrier lets itself be asked is its adapter's word (`PollAdvice`); every other rule is here.
"""

import random
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from merchants.models import Merchant
from tracking.carriers.base import AuthenticationFailed, CarrierDown, CarrierError, RateLimited
from tracking.carriers.registry import adapter
from tracking.models import Shipment
from tracking.statuses import Status, is_terminal

# A parcel that is silent for so long is given up: nobody expects it any more.
SILENT_FOR: Final = timedelta(days=30)
# For so long we look whether a "delivered" is taken back: a parcel can be on its way home after it.
AFTER_THE_END: Final = timedelta(days=3)
# A person who wants to know now may ask once in this time.
REFRESH_COOL_DOWN: Final = timedelta(minutes=5)

# Nothing changes by itself: somebody has to enter other credentials, which makes the parcels due at once.
NO_ACCESS_WAIT: Final = timedelta(hours=6)
_LIMITED_WAIT: Final = timedelta(minutes=15)  # when the carrier does not say how long
_LONGEST_LIMITED_WAIT: Final = timedelta(hours=24)
_DOWN_WAIT: Final = timedelta(minutes=1)
# A parcel that was silent for a day can wait an hour: the longer nothing happens, the rarer we ask.
_SILENCE_SHARE: Final = 24


def can_poll(merchant: Merchant, carrier: str) -> bool:
    """Whether we ask this carrier at all. The sandbox carrier is asked only where settings say so (`docs/carriers.md`),
    and for the sandbox of a merchant nobody is: its parcels move by hand (`tracking.sandbox_steps`)."""
    if merchant.is_sandbox or adapter(carrier) is None:
        return False
    return carrier != "sandbox" or settings.SANDBOX_POLL


def next_poll(merchant: Merchant, shipment: Shipment, now: datetime) -> datetime | None:
    """When to look at a parcel next (UTC); None when there is nothing to ask or nobody to ask."""
    carrier = adapter(shipment.carrier)
    if carrier is None or not can_poll(merchant, shipment.carrier):
        return None
    if not shipment.tracking_number or shipment.cancelled_at or shipment.status == Status.EXPIRED:
        return None
    if is_terminal(shipment.status, shipment.substatus):
        ended = shipment.status_at or now
        return now + later(carrier.poll.slowest) if now - ended < AFTER_THE_END else None
    silence = now - last_news(shipment)
    if silence > SILENT_FOR:
        return now  # One thing is left to do: to give it up (or to ask for the first time).
    wait = carrier.poll.interval(Status(shipment.status), shipment.substatus)
    return now + later(max(wait, min(silence / _SILENCE_SHARE, carrier.poll.slowest)))


def last_news(shipment: Shipment) -> datetime:
    """When something was heard of a parcel for the last time."""
    heard = [at for at in (shipment.last_scan_at, shipment.shipped_at) if at is not None]
    return max(heard, default=shipment.created_at)


def is_silent(shipment: Shipment, now: datetime) -> bool:
    """Whether a parcel that is still on its way should be given up. One that was never asked about is not."""
    on_its_way = not is_terminal(shipment.status, shipment.substatus) and shipment.status != Status.EXPIRED
    return on_its_way and shipment.polled_at is not None and now - last_news(shipment) > SILENT_FOR


def retry_at(shipment: Shipment, error: CarrierError, now: datetime) -> datetime:
    """When to ask again after an error; `attempts` counts the failures in a row."""
    failures = min(max(shipment.attempts - 1, 0), 16)
    if isinstance(error, AuthenticationFailed):
        return now + later(NO_ACCESS_WAIT)
    if isinstance(error, RateLimited):
        return now + later(limited_for(error))
    if isinstance(error, CarrierDown):
        return now + later(min(_DOWN_WAIT * 2**failures, timedelta(hours=6)))
    # Not known (yet), or not understood: the carrier works, and the parcel has time.
    carrier = adapter(shipment.carrier)
    assert carrier is not None
    return now + later(min(carrier.poll.fastest * 2**failures, carrier.poll.slowest))


def limited_for(error: RateLimited) -> timedelta:
    """How long a carrier that was asked too often is left alone."""
    if error.retry_after is None:
        return _LIMITED_WAIT
    return min(timedelta(seconds=max(error.retry_after, 1)), _LONGEST_LIMITED_WAIT)


def later(wait: timedelta) -> timedelta:
    """The wait with up to a fifth on top, so that parcels do not come due all at once. Never less."""
    return wait * random.uniform(1, 1.2)  # noqa: S311  # jitter, not a secret
