"""What a scorecard looks like in the API."""

from datetime import date

import msgspec

from analytics.scorecards.models import Measure
from analytics.scorecards.queries import Scorecard

_DAY = 86_400  # seconds


class CarrierScoreOut(msgspec.Struct, kw_only=True):
    """How a carrier does. Shares are 0 to 1; null where there is nothing to divide by.

    enough: whether there are 30 parcels or more; fewer say more about luck than about the carrier. on_time: by the
    promised day. on_carriers_date: by the day that the carrier itself named. Transit: days from hand-over to delivery
    (right to 5 %), and working days. Latency: minutes from a scan to us, of so many scans.
    """

    carrier: str
    country: str | None
    service: str | None
    parcels: int
    enough: bool
    delivered: int
    on_time: float | None
    on_carriers_date: float | None
    first_attempt: float | None
    exceptions: float | None
    lost: float | None
    returned: int
    transit_days_p50: float | None
    transit_days_p90: float | None
    working_days_p50: int | None
    working_days_p90: int | None
    scans: int
    latency_minutes_mean: float | None
    latency_minutes_p50: float | None
    latency_minutes_p75: float | None
    latency_minutes_max: float | None


class CarrierScoresOut(msgspec.Struct, kw_only=True):
    """The scorecards of the parcels that ended in a period, the busiest first."""

    first: date
    last: date
    data: list[CarrierScoreOut]


def show_score(
    card: Scorecard, carrier: str, *, country: str | None = None, service: str | None = None
) -> CarrierScoreOut:
    """A scorecard as the API and the CSV show it."""
    return CarrierScoreOut(
        carrier=carrier,
        country=country,
        service=service,
        parcels=card.parcels,
        enough=card.is_enough,
        delivered=card.count(Measure.DELIVERED),
        on_time=_rounded(card.on_time, 4),
        on_carriers_date=_rounded(card.on_carriers_date, 4),
        first_attempt=_rounded(card.first_attempt, 4),
        exceptions=_rounded(card.exceptions, 4),
        lost=_rounded(card.lost, 4),
        returned=card.count(Measure.RETURNED),
        transit_days_p50=_rounded(card.transit(0.5), 2, _DAY),
        transit_days_p90=_rounded(card.transit(0.9), 2, _DAY),
        working_days_p50=card.workdays(0.5),
        working_days_p90=card.workdays(0.9),
        scans=card.scans,
        latency_minutes_mean=_rounded(card.latency_mean, 1, 60),
        latency_minutes_p50=_rounded(card.latency(0.5), 1, 60),
        latency_minutes_p75=_rounded(card.latency(0.75), 1, 60),
        latency_minutes_max=_rounded(card.latency_longest, 1, 60),
    )


def _rounded(value: float | None, places: int, unit: int = 1) -> float | None:
    return None if value is None else round(value / unit, places)
