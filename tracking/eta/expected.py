"""When an order will be there that no parcel was made for yet: what the shop promised, else our model, else the rule.

One place for the shopper's page, messages, the dashboard and the API, so that none of them says another day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from merchants.models import Merchant
from tracking import windows
from tracking.eta.book import model_of
from tracking.eta.choice import Said, of_said
from tracking.eta.history import purchase_case
from tracking.models import Shipment
from tracking.progress import is_awaited
from tracking.windows import Bought, Window


class EtaReason(StrEnum):
    """Why a window is the one that is shown, or why none is (docs/delivery-dates.md)."""

    CARRIER = "carrier"  # the carrier named it
    PROMISE = "promise"  # the shop named it, and it holds until the hand-over
    NO_PROMISE = "no_promise"  # ours: the shop promised nothing, or its promise is over
    HANDED_OVER = "handed_over"  # ours: it was handed over, and the carrier named no day
    CARRIER_OVER = "carrier_over"  # ours: the day that the carrier named is over
    RULE = "rule"  # there is nothing else to go by
    OVER = "over"  # none is shown: all that was said is over
    IN_PARCELS = "in_parcels"  # none is shown of the order: each parcel has its own
    NOT_AWAITED = "not_awaited"  # none is shown: delivered, cancelled, or on its way back


@dataclass(frozen=True, slots=True)
class Expected:
    """The window that is shown (None: none), why, and what each of the three says."""

    window: Window | None
    reason: EtaReason
    promised: Window | None
    said: Said | None
    rule: Window


def expected(merchant: Merchant, order: Bought, now: datetime) -> Expected:
    """When an order will be there of which nothing is in a parcel. Never a window that is over.

    Asks nothing of the database, but for the merchant's model when this process has not seen it yet.
    """
    promised, rule = windows.promised(merchant, order), windows.rule_of(merchant, order)
    said = _say(merchant, order)
    told = [
        (promised, EtaReason.PROMISE),
        (of_said(merchant, said, now) if said else None, EtaReason.NO_PROMISE),
        (rule, EtaReason.RULE),
    ]
    for window, reason in told:
        if window is not None and window.end > now:
            return Expected(window, reason, promised, said, rule)
    return Expected(None, EtaReason.OVER, promised, said, rule)


def reason_of(shipment: Shipment, now: datetime) -> EtaReason:
    """Why a parcel's window is the one that is shown, or why none is."""
    if not is_awaited(shipment):
        return EtaReason.NOT_AWAITED
    if shipment.eta_to is None or shipment.eta_to < now:
        return EtaReason.OVER
    if shipment.eta_source != "model":
        return _NAMED[shipment.eta_source]
    if shipment.carrier_to is not None:
        return EtaReason.CARRIER_OVER
    return EtaReason.HANDED_OVER if shipment.shipped_at else EtaReason.NO_PROMISE


_NAMED = {"carrier": EtaReason.CARRIER, "shop": EtaReason.PROMISE, "rule": EtaReason.RULE}


def _say(merchant: Merchant, order: Bought) -> Said | None:
    model = model_of(merchant)
    days = model.predict(purchase_case(merchant, order)) if model else None
    if days is None:
        return None
    return Said(*(order.placed_at + timedelta(days=span) for span in (days.p10, days.p50, days.p90)))
