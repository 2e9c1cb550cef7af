"""Until when a shopper may expect an answer."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from merchants.models import Merchant
from tracking.windows import add_working_days, days_off

_DAY_ENDS = time(18)


def answer_by(merchant: Merchant, now: datetime) -> datetime:
    """The evening of a working day of the merchant: as many after today as it gives itself (UTC)."""
    zone = ZoneInfo(merchant.timezone)
    day = add_working_days(
        now.astimezone(zone).date(),
        max(1, merchant.case_answer_days),
        weekdays=merchant.working_days or (0, 1, 2, 3, 4),
        free=days_off(merchant),
    )
    return datetime.combine(day, _DAY_ENDS, zone).astimezone(UTC)
