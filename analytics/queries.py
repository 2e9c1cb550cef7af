"""Reading the roll-ups: three statements for a whole overview, whatever the number of orders."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Sum

from analytics.models import DayCount, DeliveryDay, Outcome

# Outcome and quarters of a day on the way → parcels.
Travelled = Counter[tuple[str, int]]


@dataclass(frozen=True)
class Deliveries:
    """How the parcels of a time ended."""

    travelled: Travelled = field(default_factory=Counter)

    @property
    def parcels(self) -> int:
        return self.travelled.total()

    @property
    def delivered(self) -> int:
        return self.of(Outcome.ON_TIME) + self.of(Outcome.LATE)

    @property
    def on_time_share(self) -> float | None:
        """Delivered on time among all delivered, 0 to 1; None when nothing was delivered."""
        return self.of(Outcome.ON_TIME) / self.delivered if self.delivered else None

    @property
    def median_days(self) -> float | None:
        """Median of the days between hand-over and delivery; None when nothing was delivered."""
        return median_days(
            {
                quarters: sum(self.travelled[outcome, quarters] for outcome in Outcome)
                for _, quarters in self.travelled
                if quarters >= 0
            }
        )

    def of(self, outcome: Outcome) -> int:
        """Parcels that ended so."""
        return sum(number for (name, _), number in self.travelled.items() if name == outcome)


@dataclass(frozen=True)
class Period:
    """A stretch of days, both included."""

    first: date
    last: date

    @classmethod
    def ending(cls, last: date, days: int) -> "Period":
        return cls(last - timedelta(days=days - 1), last)

    @property
    def before(self) -> "Period":
        """As many days, up to the day before this one."""
        return Period.ending(self.first - timedelta(days=1), len(self.days))

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def deliveries_by_day(period: Period) -> dict[date, Deliveries]:
    """How parcels ended, day by day: every day of the period is there. One statement."""
    rows = DeliveryDay.objects.filter(day__range=(period.first, period.last))
    found: dict[date, Travelled] = {day: Counter() for day in period.days}
    for day, outcome, transit, parcels in rows.values_list("day", "outcome", "transit").annotate(
        Sum("parcels")
    ):
        found[day][outcome, transit] += parcels
    return {day: Deliveries(travelled) for day, travelled in found.items()}


def deliveries_by_carrier(period: Period) -> dict[str, Deliveries]:
    """How each carrier's parcels ended, the carrier with most parcels first. One statement."""
    rows = DeliveryDay.objects.filter(day__range=(period.first, period.last))
    found: dict[str, Travelled] = {}
    for carrier, outcome, transit, parcels in rows.values_list("carrier", "outcome", "transit").annotate(
        Sum("parcels")
    ):
        found.setdefault(carrier, Counter())[outcome, transit] += parcels
    in_order = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
    return {carrier: Deliveries(travelled) for carrier, travelled in in_order}


def counts_by_day(period: Period) -> dict[str, Counter[date]]:
    """How often things happened, day by day, for each `Figure`. One statement."""
    found: dict[str, Counter[date]] = {}
    rows = DayCount.objects.filter(day__range=(period.first, period.last))
    for figure, day, number in rows.values_list("figure", "day", "number"):
        found.setdefault(figure, Counter())[day] += number
    return found


def together(days: Iterable[Deliveries]) -> Deliveries:
    """Several days as one."""
    summed: Travelled = Counter()
    for day in days:
        summed.update(day.travelled)
    return Deliveries(summed)


def median_days(quarters: Mapping[int, int]) -> float | None:
    """The median in days of travels counted by whole quarters of a day.

    Inside a quarter travels are taken to be spread evenly, so the median is right to a few hours.
    """
    total = sum(quarters.values())
    if not total:
        return None
    passed = 0
    for quarter in sorted(quarters):
        number = quarters[quarter]
        if number and passed + number >= total / 2:
            return (quarter + (total / 2 - passed) / number) / 4
        passed += number
    raise AssertionError("half of the travels lie somewhere")
