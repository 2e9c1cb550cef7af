"""When a carrier is asked about a parcel, and when we stop asking (PRODUCT, T7 and T8).

How often a carrier lets itself be asked is its adapter's word (`PollAdvice`); when news is likely is learned from scans
(`tracking.rates`); every other rule is here. The same parcel at the same time gives the same answer.
"""

import zlib
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from merchants.models import Merchant
from tracking.carriers.base import AuthenticationFailed, CarrierDown, CarrierError, PollAdvice, RateLimited
from tracking.models import Shipment
from tracking.rates.book import book_of
from tracking.rates.curves import hours_to_look
from tracking.rates.learning import clock_of
from tracking.rates.priors import context_of
from tracking.routes import asked_through
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
    if merchant.is_sandbox or asked_through(merchant, carrier) is None:
        return False
    return carrier != "sandbox" or settings.SANDBOX_POLL


def is_followed(merchant: Merchant, shipment: Shipment, now: datetime) -> bool:
    """Whether there is something to ask about a parcel, and somebody to ask."""
    if not can_poll(merchant, shipment.carrier):
        return False
    if not shipment.tracking_number or shipment.cancelled_at or shipment.status == Status.EXPIRED:
        return False
    ended = (shipment.status_at or now) if is_terminal(shipment.status, shipment.substatus) else now
    return now - ended < AFTER_THE_END


def next_poll(merchant: Merchant, shipment: Shipment, now: datetime) -> datetime | None:
    """When to look at a parcel next (UTC); None when there is nothing to ask or nobody to ask.

    Its order has to be loaded: the hours are those of where it goes.
    """
    carrier = asked_through(merchant, shipment.carrier)
    if carrier is None or not is_followed(merchant, shipment, now):
        return None
    ended = is_terminal(shipment.status, shipment.substatus)
    if not ended and now - last_news(shipment) > SILENT_FOR:
        return now  # One thing is left to do: to give it up (or to ask for the first time).
    context = context_of(shipment.status)
    if ended or not context or is_pushed(shipment, now):
        return now + later(shipment, carrier.poll.slowest, now)
    return now + later(shipment, _when_news_is_likely(merchant, shipment, context, carrier.poll, now), now)


def _when_news_is_likely(
    merchant: Merchant, shipment: Shipment, context: str, advice: PollAdvice, now: datetime
) -> timedelta:
    book = book_of(merchant, shipment.carrier)
    local = now.astimezone(clock_of(merchant, context, shipment.order.country))
    hours = hours_to_look(
        book.rate(context, shipment.service),
        week_hour=local.weekday() * 24 + local.hour + local.minute / 60,
        quiet=_hours(now - last_news(shipment)),
        window=_hours(shipment.eta_to - now) if shipment.eta_to else None,
        price=book.price,
        fastest=_hours(advice.fastest),
        slowest=_hours(advice.slowest),
    )
    return timedelta(hours=hours)


def is_pushed(shipment: Shipment, now: datetime) -> bool:
    """Whether the carrier tells of the parcel by itself: then a look now and then is enough."""
    return shipment.push_until is not None and shipment.push_until > now


def _hours(span: timedelta) -> float:
    return span.total_seconds() / 3600


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
        return now + later(shipment, NO_ACCESS_WAIT, now)
    if isinstance(error, RateLimited):
        return now + later(shipment, limited_for(error), now)
    if isinstance(error, CarrierDown):
        return now + later(shipment, min(_DOWN_WAIT * 2**failures, timedelta(hours=6)), now)
    # Not known (yet), or not understood: the carrier works, and the parcel has time.
    carrier = asked_through(shipment.merchant, shipment.carrier)
    advice = carrier.poll if carrier is not None else PollAdvice()  # the aggregator's account is gone
    return now + later(shipment, min(advice.fastest * 2**failures, advice.slowest), now)


def limited_for(error: RateLimited) -> timedelta:
    """How long a carrier that was asked too often is left alone."""
    if error.retry_after is None:
        return _LIMITED_WAIT
    return min(timedelta(seconds=max(error.retry_after, 1)), _LONGEST_LIMITED_WAIT)


def later(shipment: Shipment, wait: timedelta, now: datetime) -> timedelta:
    """The wait with up to a tenth on top, by the parcel and the time, so that parcels do not come due all at once."""
    chance = zlib.crc32(shipment.id.bytes + str(int(now.timestamp())).encode()) / 2**32
    return wait * (1 + chance / 10)
