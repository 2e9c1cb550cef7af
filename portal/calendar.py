"""A delivery as an entry of a calendar (RFC 5545)."""

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext

from portal.loading import OrderRow, ParcelRow
from portal.site import Site
from portal.state import Window
from portal.style import Style

_LONGEST_LINE = 75  # octets, the line break not counted
_HOURS_MATTER = timedelta(hours=6)


def delivery_calendar(
    site: Site, order: OrderRow, parcel: ParcelRow | None, window: Window, style: Style, url: str
) -> bytes:
    """The calendar file of a delivery: an entry of whole days, or of hours where the window is that narrow."""
    names = {"shop": site.merchant.name, "number": order.number}
    # Not within the f-strings below: the collector of texts does not look into those.
    summary = gettext("Parcel from %(shop)s, order %(number)s") % names
    description = gettext("Where your parcel is: %(url)s") % {"url": url}
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Afterward//Portal//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{(parcel or order).id}@afterward",
        f"DTSTAMP:{_utc(style.now)}",
        *_times(window, style),
        f"SUMMARY:{_text(summary)}",
        f"DESCRIPTION:{_text(description)}",
        *([f"LOCATION:{_text(order.city)}"] if order.city else []),
        f"URL:{url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _times(window: Window, style: Style) -> list[str]:
    start, end = window
    if start < end <= start + _HOURS_MATTER:
        return [f"DTSTART:{_utc(start)}", f"DTEND:{_utc(end)}"]
    after = style.day_of(end) + timedelta(days=1)  # the end of whole days is the first day after them
    return [f"DTSTART;VALUE=DATE:{style.day_of(start):%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}"]


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """A TEXT value (3.3.11): what has a meaning is escaped, and control characters are left out."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    lines = escaped.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\\n".join("".join(c for c in line if c >= " " and c != "\x7f") for line in lines)


def _folded(line: str) -> bytes:
    """A content line in pieces of at most 75 octets (3.1), cut between letters, never within one."""
    pieces: list[bytes] = []
    current = b""
    for letter in line:
        octets = letter.encode("utf-8", "replace")
        room = _LONGEST_LINE if not pieces else _LONGEST_LINE - 1  # the leading space counts
        if len(current) + len(octets) > room:
            pieces.append(current)
            current = b""
        current += octets
    pieces.append(current)
    return b"\r\n ".join(pieces) + b"\r\n"
