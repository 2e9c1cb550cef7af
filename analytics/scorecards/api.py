"""REST: the carriers' scorecards."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from drf_spectacular.utils import extend_schema

from analytics.queries import Period
from analytics.scorecards.queries import Scorecards, scorecards
from analytics.scorecards.schemas import CarrierScoreOut, CarrierScoresOut, show_score
from merchants.rest.errors import InvalidParameter
from merchants.rest.parameters import query
from merchants.rest.views import ApiView
from merchants.scope import current_merchant

BY = ("carrier", "lane", "service")
LONGEST = 366  # days
_USUAL = 30
_FILTERS = (
    query("from", "The first day, `2026-11-01`. Default: 30 days ago."),
    query("to", "The last day. Default: today."),
    query(
        "by",
        "What a row is: a carrier (default), a carrier and destination, or a carrier and service.",
        values=BY,
    ),
    query("carrier", "Of one carrier."),
    query("country", "Of one destination: two letters."),
)


class CarrierScores(ApiView):
    """How carriers do."""

    scopes = {"GET": "shipments:read"}

    @extend_schema(
        operation_id="analytics_carriers", parameters=[*_FILTERS], responses={200: CarrierScoresOut}
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Scorecards of the parcels that ended in a period: on time, transit, attempts, exceptions, latency."""
        asked = request.GET
        period = period_of(asked.get("from", ""), asked.get("to", ""))
        by = asked.get("by", "carrier")
        if by not in BY:
            raise InvalidParameter(f"by is one of {', '.join(BY)}.", param="by")
        cards = scorecards(period, carrier=asked.get("carrier", ""), country=asked.get("country", "").upper())
        return self.show(CarrierScoresOut(first=period.first, last=period.last, data=rows_of(cards, by)))


def rows_of(cards: Scorecards, by: str) -> list[CarrierScoreOut]:
    """The rows of a period by `carrier`, `lane` or `service`."""
    if by == "lane":
        return [show_score(card, carrier, country=to) for (carrier, to), card in cards.lanes.items()]
    if by == "service":
        return [show_score(card, carrier, service=name) for (carrier, name), card in cards.services.items()]
    return [show_score(card, carrier) for carrier, card in cards.carriers.items()]


def period_of(first: str, last: str) -> Period:
    """The days that were asked for, else the last thirty of the open scope's calendar.

    Raises InvalidParameter for a day that is none, and for more than a year.
    """
    end = _day(last, "to") or timezone.localdate(timezone=ZoneInfo(current_merchant().timezone))
    begin = _day(first, "from") or end - timedelta(days=_USUAL - 1)
    if not timedelta(0) <= end - begin < timedelta(days=LONGEST):
        raise InvalidParameter("The days are in order, and a year apart at most.", param="from")
    return Period(begin, end)


def _day(text: str, param: str) -> date | None:
    if not text:
        return None
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise InvalidParameter("A day is written as 2026-11-24.", param=param)
    return found
