"""Reading effects: three statements for a merchant's whole page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q

from analytics.lift.effect import FEWEST_IN_GROUP, Effect, effect_of, half_width_at
from analytics.lift.models import LiftOutcome, LiftShopper, LiftTally
from analytics.lift.sums import Pair, Sums
from analytics.lift.windows import GRACE, window_days

# The rate at which shoppers come is that of so many days.
RATE_DAYS = 28
# Until then an effect of this size, as a part of what people do without the message, would show.
WORTHWHILE = 0.1
_NEVER = 3 * 365


@dataclass(frozen=True)
class Measured:
    """An outcome of a touchpoint.

    days_to_go: until something can be said (too early), or until an effect of a tenth would show (else), at the
    present rate; 0 when that is so, None when it would take longer than three years or nobody comes.
    """

    outcome: str
    effect: Effect
    days_to_go: int | None


@dataclass(frozen=True)
class TouchpointLift:
    """What is known of a kind of message. percent: held out lately. waiting: shoppers whose window has not passed."""

    touchpoint: str
    percent: int
    window_days: int
    since: datetime
    waiting: int
    a_day: float
    outcomes: list[Measured]


def lifts(now: datetime, touchpoint: str | None = None) -> list[TouchpointLift]:
    """Every touchpoint of the open scope that chance decided about, or one. Those with most shoppers first."""
    wanted = {"touchpoint": touchpoint} if touchpoint else {}
    lately = Q(began_at__gt=now - timedelta(days=RATE_DAYS))
    rows = list(
        LiftShopper.objects.filter(**wanted)
        .values("touchpoint")
        .annotate(
            people=Count("id"), lately=Count("id", filter=lately), since=Min("began_at"),
            waiting=Count("id", filter=Q(due_at__isnull=False)), lately_percent=Max("percent", filter=lately),
            ever_percent=Max("percent"),
        )
        .order_by("-people", "touchpoint")
    )  # fmt: skip
    tallies = _strata(wanted)
    days = window_days(row["touchpoint"] for row in rows)
    found = []
    for row in rows:
        key = row["touchpoint"]
        percent = row["lately_percent"] or row["ever_percent"]
        a_day = row["lately"] / min(RATE_DAYS, max(1.0, (now - row["since"]) / timedelta(days=1)))
        first = max(timedelta(0), row["since"] + timedelta(days=days[key]) + GRACE - now)
        outcomes = [
            _measured(outcome, tallies.get((key, outcome), {}), percent, a_day, first)
            for outcome in LiftOutcome.values
        ]
        found.append(TouchpointLift(key, percent, days[key], row["since"], row["waiting"], a_day, outcomes))
    return found


def _strata(wanted: Mapping[str, str]) -> dict[tuple[str, str], dict[int, Pair]]:
    """By touchpoint and outcome, the sums of both groups of each share. One statement."""
    groups: dict[tuple[str, str], dict[int, list[Sums]]] = {}
    for row in LiftTally.objects.filter(**wanted):
        pair = groups.setdefault((row.touchpoint, row.outcome), {}).setdefault(row.percent, [Sums(), Sums()])
        pair[row.is_held_out] = Sums(row.n, row.hits, row.x, row.xx, row.y, row.yy, row.xy)
    return {
        key: {percent: (pair[0], pair[1]) for percent, pair in strata.items()}
        for key, strata in groups.items()
    }


def _measured(
    outcome: str, strata: Mapping[int, Pair], percent: int, a_day: float, first: timedelta
) -> Measured:
    effect = effect_of(strata)
    share = percent / 100
    if effect.low is None:
        missing = max(
            (FEWEST_IN_GROUP - effect.held_out) / share if share else 0,
            (FEWEST_IN_GROUP - effect.sent) / (1 - share),
            0,
        )
        return Measured(outcome, effect, _days(missing, a_day, first))
    wished = WORTHWHILE * abs(effect.base)
    return Measured(outcome, effect, _until(strata, effect, share, a_day, wished))


def _days(missing: float, a_day: float, first: timedelta) -> int | None:
    if a_day <= 0:
        return None
    days = missing / a_day + first / timedelta(days=1)
    return None if days > _NEVER else max(1, round(days))


def _until(
    strata: Mapping[int, Pair], effect: Effect, share: float, a_day: float, wished: float
) -> int | None:
    """Days until the interval reaches no farther than `wished` to each side: found by halving."""

    def reaches(days: float) -> float:
        more = a_day * days
        return half_width_at(strata, effect.sent + more * (1 - share), effect.held_out + more * share)

    if wished <= 0 or (reaches(_NEVER) > wished):
        return None
    low, high = 0, _NEVER
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) <= wished else (middle + 1, high)
    return low
