"""The parcel's journey: the lines of its list, and the map."""

from functools import lru_cache
from html import escape
from itertools import groupby

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from portal.city_names import city_name
from portal.gazetteer import Place, locate
from portal.journey_map import Stop, render_journey_map
from portal.loading import OrderRow, ParcelRow, ScanRow
from portal.style import Style
from portal.wording import event_name
from tracking.statuses import Status

_HOMEWARD = {Status.RETURNING, Status.RETURNED}


_EVENT = '<li{0}><b>{1}</b><span>{2}<time datetime="{3}">{4}</time></span></li>'


def events_of(order: OrderRow, parcel: ParcelRow, style: Style) -> list[SafeString]:
    """The parcel's scans as list items, newest first.

    Markup in Python, for once: a template's loop over fifteen scans cost as much as the rest of the page.
    """
    language = get_language() or ""
    today = style.day_of(style.now)
    return [
        mark_safe(  # noqa: S308  # every value is escaped here
            _EVENT.format(
                "" if place else ' class="newest"',
                _name(language, scan.status, scan.substatus),
                f"{escape(where)} · " if (where := _place(scan, order, style)) else "",
                local.isoformat(timespec="minutes"),
                escape(style.local_day_and_time(local, today)),
            )
        )
        for place, scan in enumerate(parcel.scans)
        for local in (scan.at.astimezone(style.zone),)
    ]


@lru_cache(maxsize=512)
def _name(_language: str, status: str, substatus: str) -> str:
    return escape(str(event_name(status, substatus)))


def map_of(order: OrderRow, parcel: ParcelRow, style: Style) -> tuple[SafeString, str] | None:
    """The map and the sentence under it. None where a map would say nothing."""
    stops = _stops(order, parcel)
    caption = _caption(order, parcel, style)
    svg = render_journey_map(stops, title=caption, language=get_language() or "en") if caption else None
    return (mark_safe(svg), caption) if svg else None  # noqa: S308  # the map escapes every word


def _stops(order: OrderRow, parcel: ParcelRow) -> list[Stop]:
    """The places of the scans in time, then the shopper's city: its centre, never their address."""
    delivered = parcel.status == Status.DELIVERED
    language = get_language() or "en"
    scanned = [(scan.city, scan.country, scan.postcode) for scan in reversed(parcel.scans) if scan.city]
    # A place is scanned several times in a row.
    places = [place for where, _ in groupby(scanned) if (place := locate(*where)) is not None]
    stops = [Stop(place.lat, place.lon, _label(place, language), "done") for place in places]
    if stops and not delivered:
        last = stops.pop()
        stops.append(Stop(last.lat, last.lon, last.label, "current"))
    if stops and order.city and parcel.status not in _HOMEWARD:
        home = locate(order.city, order.country)
        if home is not None:
            stops.append(Stop(home.lat, home.lon, _label(home, language), "done" if delivered else "next"))
    return stops


def _label(place: Place, language: str) -> str:
    """The city's name in the page's language."""
    return city_name(place.name, place.country, language)


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
