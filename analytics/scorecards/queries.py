"""Reading the scorecards: one statement, whatever the number of parcels."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db import connection

from analytics.queries import Period
from analytics.scorecards import bins
from analytics.scorecards.models import Measure
from merchants.scope import current_merchant

# A share or a quantile of fewer parcels says more about luck than about the carrier.
FEWEST = 30


@dataclass(frozen=True)
class Scorecard:
    """What the parcels of a carrier (a lane, a service, a day) that ended come to. Shares are 0 to 1, times seconds."""

    seen: Mapping[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def parcels(self) -> int:
        return self.count(Measure.ENDED)

    @property
    def is_enough(self) -> bool:
        """Whether there are enough parcels to judge by."""
        return self.parcels >= FEWEST

    def count(self, measure: Measure) -> int:
        return self._bins(measure)[0]

    def share(self, measure: Measure, of: Measure) -> float | None:
        """One count among another; None when there is nothing to divide by."""
        whole = self.count(of)
        return self.count(measure) / whole if whole else None

    @property
    def on_time(self) -> float | None:
        """Delivered by the promised day, among the delivered ones with a promise."""
        return self.share(Measure.PROMISE_KEPT, Measure.PROMISED)

    @property
    def on_carriers_date(self) -> float | None:
        """Delivered by the day that the carrier named, among the delivered ones where it did."""
        return self.share(Measure.DATE_KEPT, Measure.DATED)

    @property
    def first_attempt(self) -> float | None:
        """Delivered without a failed attempt, among all that were attempted."""
        return self.share(Measure.FIRST_ATTEMPT, Measure.ATTEMPTED)

    @property
    def exceptions(self) -> float | None:
        """With an exception on the way, among all that ended."""
        return self.share(Measure.EXCEPTED, Measure.ENDED)

    @property
    def lost(self) -> float | None:
        """Lost, disposed of or silent for 30 days, among all that ended."""
        return self.share(Measure.LOST, Measure.ENDED)

    def transit(self, share: float) -> float | None:
        """Seconds from hand-over to delivery that this share of the parcels stayed below."""
        return bins.quantile(self._bins(Measure.TRANSIT), share)

    def workdays(self, share: float) -> int | None:
        """Working days from hand-over to delivery that this share of the parcels did not exceed."""
        return bins.rank(self._bins(Measure.WORKDAYS), share)

    def latency(self, share: float) -> float | None:
        """Seconds from a scan to us that this share of the scans stayed below."""
        return bins.quantile(self._bins(Measure.LATENCY), share)

    @cached_property
    def latency_mean(self) -> float | None:
        return bins.mean(self._bins(Measure.LATENCY))

    @cached_property
    def latency_longest(self) -> float | None:
        return bins.longest(self._bins(Measure.LATENCY))

    @property
    def scans(self) -> int:
        """Scans whose latency is known."""
        return self._bins(Measure.LATENCY).total()

    def _bins(self, measure: Measure) -> Counter[int]:
        return self.seen.get(measure, Counter())


@dataclass(frozen=True)
class Scorecards:
    """The cards of a period: of all, by carrier, by (carrier, destination), by (carrier, service) and by day."""

    total: Scorecard
    carriers: Mapping[str, Scorecard]
    lanes: Mapping[tuple[str, str], Scorecard]
    services: Mapping[tuple[str, str], Scorecard]
    days: Mapping[date, Scorecard]


_SUMS = """
SELECT GROUPING(carrier, country, service, day), carrier, country, service, day, measure, bin, sum(number)
FROM analytics_carriertally
WHERE merchant_id = %(merchant)s AND day BETWEEN %(first)s AND %(last)s
  AND (%(carrier)s = '' OR carrier = %(carrier)s) AND (%(country)s = '' OR country = %(country)s)
GROUP BY GROUPING SETS (
    (measure, bin), (carrier, measure, bin), (carrier, country, measure, bin), (carrier, service, measure, bin),
    (day, measure, bin))
HAVING GROUPING(day) = 1 OR measure IN ('ended', 'promised', 'promise_kept', 'delivered', 'lost')
"""
_TOTAL, _CARRIER, _LANE, _SERVICE, _DAY = 0b1111, 0b0111, 0b0011, 0b0101, 0b1110


def scorecards(period: Period, *, carrier: str = "", country: str = "") -> Scorecards:
    """The cards of the parcels that ended in a period, of one carrier or destination if named. The busiest first."""
    found: dict[int, dict[object, dict[str, Counter[int]]]] = defaultdict(dict)
    values: dict[str, Any] = {
        "merchant": current_merchant().id, "first": period.first, "last": period.last, "carrier": carrier,
        "country": country,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        for group, of_carrier, of_country, of_service, day, measure, number, total in cursor.fetchall():
            key = {
                _TOTAL: None, _CARRIER: of_carrier, _LANE: (of_carrier, of_country),
                _SERVICE: (of_carrier, of_service), _DAY: day,
            }[group]  # fmt: skip
            found[group].setdefault(key, defaultdict(Counter))[measure][number] += int(total)
    return Scorecards(
        Scorecard(found[_TOTAL].get(None, {})),
        _busiest(found[_CARRIER]),  # type: ignore[arg-type]
        _busiest(found[_LANE]),  # type: ignore[arg-type]
        _busiest(found[_SERVICE]),  # type: ignore[arg-type]
        {day: Scorecard(seen) for day, seen in found[_DAY].items()},  # type: ignore[misc]
    )


def _busiest(found: dict[object, dict[str, Counter[int]]]) -> dict[object, Scorecard]:
    cards = {key: Scorecard(seen) for key, seen in found.items()}
    return dict(sorted(cards.items(), key=lambda item: (-item[1].parcels, str(item[0]))))
