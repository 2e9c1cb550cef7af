"""Through whom a carrier is asked: its own adapter, a finer one of the same house, else the merchant's aggregator.

One account at an aggregator covers the carriers that we have no adapter or no credentials for. Which merchants have one
is remembered for half a minute in each process, for it is asked whenever a parcel of such a carrier is planned.
"""

import time
from typing import Final
from uuid import UUID

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tracking.carriers.base import Carrier
from tracking.carriers.registry import ADAPTERS, adapter
from tracking.carriers.slugs import AGGREGATORS
from tracking.models import CarrierAccount

# Asked in this order when a merchant has no account with the carrier itself.
RELATIVES: Final = {"dhl": ("dhl_parcel_de",)}
_REMEMBERED: Final = 30.0  # seconds
_known: dict[UUID, tuple[float, str]] = {}


def others(carrier: str) -> tuple[str, ...]:
    """Whom to ask about a carrier's parcels without credentials for it: relatives, then aggregators."""
    if carrier in ("sandbox", *AGGREGATORS):
        return ()
    return (*RELATIVES.get(carrier, ()), *AGGREGATORS)


def aggregator_of(merchant: Merchant) -> str:
    """The aggregator that the merchant has an account with, "" for none."""
    until, code = _known.get(merchant.pk, (0.0, ""))
    if time.monotonic() < until:
        return code
    with merchant_scope(merchant):
        found = set(CarrierAccount.objects.filter(carrier__in=AGGREGATORS).values_list("carrier", flat=True))
    code = next((name for name in AGGREGATORS if name in found), "")
    if len(_known) > 10_000:
        _known.clear()
    _known[merchant.pk] = (time.monotonic() + _REMEMBERED, code)
    return code


def forget(merchant: Merchant) -> None:
    """The merchant's accounts have changed."""
    _known.pop(merchant.pk, None)


def asked_through(merchant: Merchant, carrier: str) -> Carrier | None:
    """The adapter that a carrier's parcels are asked by; None when they can only be linked to."""
    own = adapter(carrier)
    if own is not None:
        return own
    return ADAPTERS.get(aggregator_of(merchant))
