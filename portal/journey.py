"""The parcel's journey: the lines of its list, and the map."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from portal.gazetteer import locate
from portal.journey_map import Stop, render_journey_map
from portal.loading import OrderRow, ParcelRow, ScanRow
from portal.style import Style
from portal.wording import Text, event_name
from tracking.statuses import Status

_HOMEWARD = {Status.RETURNING, Status.RETURNED}


@dataclass(frozen=True, slots=True)
class Event:
    """One line: what happened, where and when, and the carrier's own words for whoever wants them."""

    name: Text
    place: str
    when: str
    iso: str
    raw: str


def events_of(order: OrderRow, parcel: ParcelRow, style: Style) -> list[Event]:
    """The parcel's scans, newest first."""
    return [
        Event(
            name=event_name(scan.status, scan.substatus),
            place=_place(scan, order, style),
            when=style.day_and_time(scan.at),
            iso=style.iso(scan.at),
            raw=scan.description,
        )
        for scan in parcel.scans
    ]


def map_of(order: OrderRow, parcel: ParcelRow, style: Style) -> tuple[SafeString, str] | None:
    """The map and the sentence under it. None where a map would say nothing."""
    stops = _stops(order, parcel)
    caption = _caption(order, parcel, style)
    svg = render_journey_map(stops, title=caption) if caption else None
    return (mark_safe(svg), caption) if svg else None  # noqa: S308  # the map escapes every word


def _stops(order: OrderRow, parcel: ParcelRow) -> list[Stop]:
    """The places of the scans in time, then the shopper's city: its centre, never their address."""
    delivered = parcel.status == Status.DELIVERED
    scanned = [
        (scan, locate(scan.city, scan.country, scan.postcode)) for scan in reversed(parcel.scans) if scan.city
    ]
    places = [(place, scan.city) for scan, place in scanned if place is not None]
    stops = [Stop(place.lat, place.lon, place.name, "done") for place, _city in places]
    if stops and not delivered:
        last = stops.pop()
        stops.append(Stop(last.lat, last.lon, last.label, "current"))
    if stops and order.city and parcel.status not in _HOMEWARD:
        home = locate(order.city, order.country)
        if home is not None:
            stops.append(Stop(home.lat, home.lon, home.name, "done" if delivered else "next"))
    return stops


def _caption(order: OrderRow, parcel: ParcelRow, style: Style) -> str:
    scan = next((scan for scan in parcel.scans if scan.city), None)
    if scan is None:
        return ""
    return gettext("Last scan: %(place)s, %(time)s") % {
        "place": _place(scan, order, style),
        "time": style.day_and_time(scan.at),
    }


def _place(scan: ScanRow, order: OrderRow, style: Style) -> str:
    """City and country; the shopper's own country goes without saying."""
    country = style.country(scan.country) if scan.country and scan.country != order.country else ""
    return ", ".join(filter(None, (scan.city, country)))
