"""How long silence is usual: learnt from the merchant's own parcels, a carrier and a lane at a time.

A lane is the destination's country. Where it has too few parcels the carrier's lanes at home (or abroad) together
speak for it, and where those are too few a rule of thumb does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.db import connection
from django.utils import timezone

from events import due
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from tracking.carriers.registry import ADAPTERS
from tracking.polling import can_poll
from tracking.statuses import CARRIER_HAS_IT, Status
from tracking.watch.models import PaceClock, ScanPace

# Fewer than so many gaps say nothing about their 95th percentile: the 19th of 20 is one parcel's bad luck.
FEWEST: Final = 50
LEARN_EVERY: Final = timedelta(hours=24)
HOME, ABROAD = "*home", "*abroad"

# Without history. A weekend lies between two scans at home often; abroad a flight and customs do.
_GAP: Final = {HOME: timedelta(hours=72), ABROAD: timedelta(days=7)}
_FIRST: Final = {HOME: timedelta(hours=48), ABROAD: timedelta(hours=72)}
# Whatever was learnt: a night is not silence, and a fortnight is.
_SHORTEST, _LONGEST = timedelta(hours=24), timedelta(days=14)
# Three times what nineteen of twenty keep, and at least what carriers ask one to wait before they search.
_LOST_TIMES: Final = 3
_LOST_AT_LEAST: Final = {HOME: timedelta(days=10), ABROAD: timedelta(days=20)}

_RECENT = timedelta(days=120)
_MOST_PARCELS = 20_000


class Learnt(NamedTuple):
    """What is known of a lane: how many gaps, and which 19 of 20 were shorter than (hours); the same of first scans."""

    gaps: int
    gap_hours: float | None
    firsts: int
    first_hours: float | None


@dataclass(frozen=True)
class Pace:
    """A merchant's paces, by (carrier, lane). home: the merchant's country."""

    home: str
    learnt: Mapping[tuple[str, str], Learnt]
    asked: frozenset[str] = frozenset()

    def gap(self, carrier: str, country: str) -> timedelta:
        """Longer than this without a scan a parcel on its way stands still."""
        for lane in (country, self._side(country)):
            known = self.learnt.get((carrier, lane))
            if known is not None and known.gaps >= FEWEST and known.gap_hours is not None:
                return _within(known.gap_hours)
        return _GAP[self._side(country)]

    def first(self, carrier: str, country: str) -> timedelta:
        """Longer than this after the hand-over a first scan is missing."""
        for lane in (country, self._side(country)):
            known = self.learnt.get((carrier, lane))
            if known is not None and known.firsts >= FEWEST and known.first_hours is not None:
                return _within(known.first_hours)
        return _FIRST[self._side(country)]

    def lost_after(self, carrier: str, country: str) -> timedelta:
        """Longer than this without a scan a parcel is probably lost."""
        return max(_LOST_TIMES * self.gap(carrier, country), _LOST_AT_LEAST[self._side(country)])

    def hears(self, carrier: str) -> bool:
        """Whether scans of this carrier reach us at all: we ask it, or it was heard of before."""
        return carrier in self.asked or any(
            name == carrier and (known.gaps or known.firsts) for (name, _), known in self.learnt.items()
        )

    def _side(self, country: str) -> str:
        return HOME if country in ("", self.home) else ABROAD


def load(merchant: Merchant) -> Pace:
    """The paces of the open scope's merchant: one query."""
    rows = ScanPace.objects.values_list("carrier", "lane", "gaps", "gap_hours", "firsts", "first_hours")
    learnt = {(carrier, lane): Learnt(*known) for carrier, lane, *known in rows}
    asked = frozenset(carrier for carrier in ADAPTERS if can_poll(merchant, carrier))
    return Pace(merchant.country, learnt, asked)


def _within(hours: float) -> timedelta:
    return min(max(timedelta(hours=hours), _SHORTEST), _LONGEST)


# Gaps that ended with another scan, of the newest parcels; what is silent now is not learnt from.
_LEARN = """
WITH recent AS (
    SELECT p.id, p.carrier, p.shipped_at,
           CASE WHEN o.country IN ('', %(home)s) THEN '*home' ELSE '*abroad' END AS side, o.country
    FROM tracking_shipment p JOIN orders_order o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
    WHERE p.merchant_id = %(merchant)s AND p.created_at > %(since)s AND p.carrier <> '' AND NOT p.inbound
    ORDER BY p.created_at DESC LIMIT %(most)s
), steps AS (
    SELECT r.carrier, r.side, r.country, s.occurred_at, s.status, r.shipped_at,
           lag(s.occurred_at) OVER way AS before_at, lag(s.status) OVER way AS before,
           row_number() OVER (PARTITION BY s.shipment_id, s.status = ANY(%(carried)s) ORDER BY s.occurred_at) AS n
    FROM recent r JOIN tracking_scan s ON s.merchant_id = %(merchant)s AND s.shipment_id = r.id
    WHERE s.source <> 'afterward'
    WINDOW way AS (PARTITION BY s.shipment_id ORDER BY s.occurred_at)
), lengths AS (
    SELECT carrier, side, country,
           CASE WHEN before = ANY(%(moving)s) AND occurred_at > before_at
                THEN extract(epoch FROM occurred_at - before_at) / 3600 END AS gap,
           CASE WHEN n = 1 AND status = ANY(%(carried)s) AND occurred_at >= shipped_at
                THEN extract(epoch FROM occurred_at - shipped_at) / 3600 END AS first
    FROM steps
)
SELECT carrier, coalesce(nullif(country, ''), side), count(gap),
       (percentile_cont(0.95) WITHIN GROUP (ORDER BY gap::float8))::float8,
       count(first), (percentile_cont(0.95) WITHIN GROUP (ORDER BY first::float8))::float8
FROM lengths GROUP BY GROUPING SETS ((carrier, side), (carrier, country, side))
HAVING GROUPING(country) = 1 OR country <> ''
"""


def learn(merchant: Merchant) -> int:
    """Learn the paces anew from the newest parcels of 120 days (20,000 at most). Returns how many lanes are known."""
    now = timezone.now()
    values: dict[str, Any] = {
        "merchant": merchant.id, "home": merchant.country, "since": now - _RECENT, "most": _MOST_PARCELS,
        "moving": [Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY], "carried": sorted(CARRIER_HAS_IT),
    }  # fmt: skip
    with merchant_transaction(merchant):
        with connection.cursor() as cursor:
            cursor.execute(_LEARN, values)
            rows = cursor.fetchall()
        ScanPace.objects.all().delete()
        ScanPace.objects.bulk_create(
            ScanPace(
                id=uuid7(), merchant=merchant, carrier=carrier, lane=lane, gaps=gaps, gap_hours=gap,
                firsts=firsts, first_hours=first,
            )
            for carrier, lane, gaps, gap, firsts, first in rows
            if gaps or firsts
        )  # fmt: skip
        PaceClock.objects.filter(pk=merchant.id).update(learnt_at=now)
    return len(rows)


LEARN = "tracking.watch.learn"  # the kind of due work


def learn_due() -> int:
    """Learn the paces of merchants whose time has come. Returns how many were claimed."""
    clocks = due.claim(PaceClock, limit=1, lease=due.LONGEST_LEASE)
    for clock in clocks:
        learn(clock.merchant)
        with merchant_scope(clock.merchant):
            due.held(clock).update(due_at=timezone.now() + LEARN_EVERY, attempts=0)
    return len(clocks)
