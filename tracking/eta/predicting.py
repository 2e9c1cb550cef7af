"""Our own date for a living parcel, put on it with every scan: plain Python, about a millisecond."""

from datetime import datetime, timedelta

from merchants.models import Merchant
from tracking.eta.book import model_of
from tracking.eta.choice import Said, ToldNow, ours
from tracking.eta.history import living_case
from tracking.models import Shipment


def predict(merchant: Merchant, shipment: Shipment, scans: int, now: datetime) -> bool:
    """Put what our model says on a parcel (unsaved), and its window where that is what is told from now on.

    scans: how many there are. Returns whether another window is told now. Does nothing (and asks nothing of the
    database) for a merchant without a model. The order must be loaded.
    """
    model = model_of(merchant)
    if model is None:
        return False
    living = living_case(merchant, shipment.order, shipment, scans, now)
    said = model.predict(living[0]) if living else None
    if said is None or living is None:
        shipment.eta_p10 = shipment.eta_p50 = shipment.eta_p90 = shipment.eta_fitted_at = None
        return False
    at = living[1]
    shipment.eta_p10, shipment.eta_p50, shipment.eta_p90 = (
        at + timedelta(days=days) for days in (said.p10, said.p50, said.p90)
    )
    shipment.eta_fitted_at = merchant.eta_fitted_at
    told = ToldNow(shipment.eta_from, shipment.eta_to, shipment.eta_source)
    quantiles = Said(shipment.eta_p10, shipment.eta_p50, shipment.eta_p90)
    window = ours(merchant, told, quantiles, now, shipped=shipment.shipped_at is not None)
    if window is None or (window.start, window.end) == (shipment.eta_from, shipment.eta_to):
        return False
    shipment.eta_from, shipment.eta_to, shipment.eta_source = window.start, window.end, window.source
    return True
