"""Reading the roll-ups: two statements for a whole overview, whatever the number of orders."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from django.db import connection

from analytics.models import DayCount, Figure, Outcome
from merchants.scope import current_merchant

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
        return self._by_outcome[outcome]

    @cached_property
    def _by_outcome(self) -> Counter[str]:
        summed: Counter[str] = Counter()
        for (name, _), number in self.travelled.items():
            summed[name] += number
        return summed


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

    @cached_property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Ends:
    """How the parcels of a period ended: day by day (every day of the period and of the one before), and by carrier."""

    by_day: Mapping[date, Deliveries]
    by_carrier: Mapping[str, Deliveries]

    def in_all(self, period: Period) -> Deliveries:
        """All days of a period as one."""
        return together(self.by_day[day] for day in period.days)


# Twice the same rows, added up by day and by carrier: one statement instead of two.
_ENDS = """
SELECT day, carrier, outcome, transit, sum(parcels), sum(parcels) FILTER (WHERE day >= %s)
FROM analytics_deliveryday WHERE merchant_id = %s AND day BETWEEN %s AND %s
GROUP BY GROUPING SETS ((day, outcome, transit), (carrier, outcome, transit))
"""


def deliveries(period: Period) -> Ends:
    """How parcels ended in a period (by day and by carrier) and in the one before (by day). One statement."""
    first = period.before.first
    by_day: dict[date, Travelled] = {day: Counter() for day in (*period.before.days, *period.days)}
    by_carrier: dict[str, Travelled] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ENDS, [period.first, current_merchant().id, first, period.last])
        for day, carrier, outcome, transit, parcels, lately in cursor.fetchall():
            if day is not None:
                by_day[day][outcome, transit] += int(parcels)
            elif lately:
                by_carrier.setdefault(carrier, Counter())[outcome, transit] += int(lately)
    in_order = sorted(by_carrier.items(), key=lambda item: (-item[1].total(), item[0]))
    return Ends(
        {day: Deliveries(travelled) for day, travelled in by_day.items()},
        {carrier: Deliveries(travelled) for carrier, travelled in in_order},
    )


def counts_by_day(period: Period) -> dict[str, Counter[date]]:
    """How often things happened in a period and the one before, day by day, for each `Figure`. One statement."""
    found: dict[str, Counter[date]] = {figure: Counter() for figure in Figure.values}
    rows = DayCount.objects.filter(day__range=(period.before.first, period.last))
    for figure, day, number in rows.values_list("figure", "day", "number"):
        found[figure][day] += number
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
