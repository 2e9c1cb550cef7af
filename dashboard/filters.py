"""What a list's address says about which rows: search, tab, carrier, country, tag, days."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from dashboard import formats
from dashboard.carriers import carrier_label
from merchants.models import Merchant
from merchants.scope import current_merchant
from orders.annotations import normal_tag
from orders.models import Order
from orders.search import FEW, Found, find_orders
from tracking.models import Shipment

_LONGEST_SEARCH = 200
# Of one merchant's lists, the countries and carriers change rarely: looked up again after so many seconds.
_CHOICES_FOR = 300.0
_choices: dict[UUID, tuple[float, list[str], list[str]]] = {}

# One step along an index for each different value, however many rows have it.
_DISTINCT = """
WITH RECURSIVE country(code) AS (
    (SELECT country FROM orders_order WHERE merchant_id = %(merchant)s ORDER BY country LIMIT 1)
    UNION ALL
    SELECT (SELECT country FROM orders_order WHERE merchant_id = %(merchant)s AND country > country.code
            ORDER BY country LIMIT 1) FROM country WHERE country.code IS NOT NULL
), carrier(code) AS (
    (SELECT carrier FROM tracking_shipment WHERE merchant_id = %(merchant)s ORDER BY carrier LIMIT 1)
    UNION ALL
    SELECT (SELECT carrier FROM tracking_shipment WHERE merchant_id = %(merchant)s AND carrier > carrier.code
            ORDER BY carrier LIMIT 1) FROM carrier WHERE carrier.code IS NOT NULL
)
SELECT 'country', code FROM country WHERE code <> '' UNION ALL SELECT 'carrier', code FROM carrier WHERE code <> ''
"""

# Orders of a country that went with a carrier. A list of frequent pairs is walked along; a pair that hardly ever meets
# (a carrier that does not go to that country) would be looked for in every order of the country, so it is collected
# first. Whether they meet is seen on the carrier's newest parcels: one row without an id says that they do.
# Materialized, `found` is planned for all of its rows: a join of two indexes, not a look-up for each order.
_COUNTRY_AND_CARRIER = """
WITH newest AS MATERIALIZED (
    SELECT order_id FROM tracking_shipment WHERE merchant_id = %(merchant)s AND carrier = %(carrier)s
    ORDER BY created_at DESC, id DESC LIMIT %(few)s
), met AS MATERIALIZED (
    SELECT count(*) AS times FROM newest JOIN LATERAL (
        SELECT country FROM orders_order WHERE merchant_id = %(merchant)s AND id = newest.order_id LIMIT 1
    ) AS told ON told.country = %(country)s
), found AS MATERIALIZED (
    SELECT id FROM orders_order WHERE merchant_id = %(merchant)s AND country = %(country)s AND id IN (
        SELECT order_id FROM tracking_shipment WHERE merchant_id = %(merchant)s AND carrier = %(carrier)s)
    AND (SELECT times FROM met) < %(often)s
)
(SELECT NULL WHERE (SELECT times FROM met) >= %(often)s) UNION ALL (SELECT id FROM found LIMIT %(few)s + 1)
"""
_OFTEN = 100


@dataclass(frozen=True)
class Given:
    """What was asked for. Days are the merchant's; nothing stands for no filter."""

    q: str = ""
    tab: str = "all"
    carrier: str = ""
    country: str = ""
    tag: str = ""
    outcome: str = ""
    first: date | None = None
    last: date | None = None
    view: str = ""

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the tab narrows the list."""
        return bool(self.q or self.outcome or self.narrows or self.first or self.last)

    @property
    def narrows(self) -> bool:
        """Whether something narrows the list that its counts cannot be read off an index with."""
        return bool(self.carrier or self.country or self.tag)

    @property
    def begins(self) -> datetime | None:
        """The first moment of the days (aware)."""
        return _midnight(self.first) if self.first else None

    @property
    def ends(self) -> datetime | None:
        """The first moment after the days (aware)."""
        return _midnight(self.last + timedelta(days=1)) if self.last else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, clock.min, timezone.get_current_timezone())


def given(query: Mapping[str, str], tabs: Mapping[str, Any], outcomes: list[str] | None = None) -> Given:
    """What an address asks for. Whatever is not one of ours is as if it were not there."""
    tab = query.get("tab", "all")
    first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    country = query.get("country", "").upper()
    outcome = query.get("outcome", "")
    return Given(
        q=query.get("q", "").replace("\0", "")[:_LONGEST_SEARCH].strip(),
        tab=tab if tab in tabs else "all",
        carrier=query.get("carrier", "").replace("\0", "")[:40],
        country=country if len(country) == 2 and country.isalpha() and country.isascii() else "",
        tag=normal_tag(query.get("tag", "")),
        outcome=outcome if outcome in (outcomes or ()) else "",
        first=first,
        last=last if not (first and last) or last >= first else first,
        view=query.get("view", "")[:40],
    )


def _day(text: str) -> date | None:
    try:
        day = parse_date(text[:10])
    except ValueError:  # 31 February
        return None
    return day if day and 1990 <= day.year <= 2100 else None


def of_orders(asked: Given) -> Found:
    """The orders that fit all but the tab. `stages` is there when they are few enough to be counted."""
    found = find_orders(asked.q)
    rows = found.orders
    if asked.country:
        rows = rows.filter(country=asked.country)
    if asked.tag:
        # The index holds only orders with a tag; said twice, so that the planner knows that it may be used.
        rows = rows.filter(tags__contains=[asked.tag]).exclude(tags=[])
    if asked.begins:
        rows = rows.filter(placed_at__gte=asked.begins)
    if asked.ends:
        rows = rows.filter(placed_at__lt=asked.ends)
    if asked.carrier:
        rows = _sent_with(rows, asked.carrier, asked.country)
    same = rows is found.orders
    return Found(rows, found.stages if same else None)


def _sent_with(rows: QuerySet[Order], carrier: str, country: str) -> QuerySet[Order]:
    """Orders with a parcel of this carrier. Few of them are collected first, many met along the list."""
    parcels = Shipment.outbound.filter(carrier=carrier)
    if country:
        values: dict[str, Any] = {"country": country, "carrier": carrier, "few": FEW, "often": _OFTEN}
        with connection.cursor() as cursor:
            cursor.execute(_COUNTRY_AND_CARRIER, {**values, "merchant": current_merchant().id})
            few = [order_id for (order_id,) in cursor.fetchall()]
        are_few = None not in few and len(few) <= FEW
    else:
        few = list(parcels.order_by("-created_at", "-id").values_list("order_id", flat=True)[: FEW + 1])
        are_few = len(few) <= FEW
    if are_few:
        return rows.filter(pk__in=set(few))
    return rows.filter(Exists(parcels.filter(order_id=OuterRef("pk"), merchant_id=OuterRef("merchant_id"))))


def choices(merchant: Merchant, asked: Given) -> dict[str, list[tuple[str, str, bool]]]:
    """Carriers and countries that the merchant's rows have, as (code, name, chosen), by name."""
    known = _choices.get(merchant.id)
    if known is None or known[0] < time.monotonic():
        with connection.cursor() as cursor:
            cursor.execute(_DISTINCT, {"merchant": merchant.id})
            rows = cursor.fetchall()
        carriers = [code for kind, code in rows if kind == "carrier"]
        countries = [code for kind, code in rows if kind == "country"]
        known = _choices[merchant.id] = (time.monotonic() + _CHOICES_FOR, carriers, countries)
    _until, carriers, countries = known
    return {
        "carriers": _named(carriers, asked.carrier, carrier_label),
        "countries": _named(countries, asked.country, formats.country),
    }


def _named(codes: list[str], chosen: str, name: Any) -> list[tuple[str, str, bool]]:
    wanted = [*codes, chosen] if chosen and chosen not in codes else codes
    return sorted(((code, str(name(code)), code == chosen) for code in wanted), key=lambda row: row[1])
