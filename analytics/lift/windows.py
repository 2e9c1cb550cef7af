"""For how long after a message is looked at what shoppers do."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from django.db.models import DateTimeField, ExpressionWrapper, F, Value

from analytics.lift.models import LiftShopper, LiftTally, LiftWindow
from merchants.audit import record_change
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction

USUAL_DAYS: Final = 30
SHORTEST, LONGEST = 7, 180
# What happened in the window may be told a little later than it happened.
GRACE: Final = timedelta(days=1)


def window_days(touchpoints: Iterable[str]) -> Mapping[str, int]:
    """The windows of these touchpoints of the open scope, in days: one query. All of them are in the answer."""
    wanted = set(touchpoints)
    own = dict(LiftWindow.objects.filter(touchpoint__in=wanted).values_list("touchpoint", "days"))
    return {touchpoint: own.get(touchpoint, USUAL_DAYS) for touchpoint in wanted}


def set_window(merchant: Merchant, touchpoint: str, days: int) -> None:
    """Look for so many days from now on, also at those who were messaged before: they are counted again.

    Raises Unprocessable for less than a week and for more than half a year.
    """
    if not SHORTEST <= days <= LONGEST:
        raise Unprocessable(f"From {SHORTEST} to {LONGEST} days.", param="days", code="invalid_window")
    with merchant_transaction(merchant):
        row, _ = LiftWindow.objects.select_for_update().get_or_create(
            merchant=merchant, touchpoint=touchpoint, defaults={"days": USUAL_DAYS}
        )
        if row.days == days:
            return
        LiftWindow.objects.filter(pk=row.pk).update(days=days)
        LiftTally.objects.filter(touchpoint=touchpoint).delete()
        ends = F("began_at") + Value(timedelta(days=days) + GRACE)
        LiftShopper.objects.filter(touchpoint=touchpoint).update(
            due_at=ExpressionWrapper(ends, output_field=DateTimeField()), attempts=0
        )
        record_change("lift.window_changed", label=touchpoint, changes={"days": [row.days, days]})
