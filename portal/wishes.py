"""A4: wishes for a delivery: what can be chosen, and what was."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.rendering.formats import babel_locale
from portal.carrier_names import carrier_name
from portal.loading import OrderRow, ParcelRow
from portal.site import Site
from portal.style import Style
from portal.wording import Text
from tracking.wishes import LONGEST_PLACE, OPEN_FOR_WISHES, WishKind

_DAYS = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of wish in the shopper's words. `ask` stands above its field."""

    kind: WishKind
    name: Promise
    ask: Promise
    example: Promise | str


CHOICES = (
    Choice(
        WishKind.SAFE_PLACE, gettext_lazy("Leave it in a safe place"), gettext_lazy("Where?"),
        gettext_lazy("Garage, garden shed, behind the bins"),
    ),
    Choice(
        WishKind.NEIGHBOUR, gettext_lazy("Give it to a neighbour"), gettext_lazy("Name and house number"),
        gettext_lazy("Huber, Ring 7"),
    ),
    Choice(
        WishKind.PICKUP_POINT, gettext_lazy("Bring it to a pick-up point"), gettext_lazy("Which one?"),
        gettext_lazy("Name or street of the shop or locker"),
    ),
    Choice(WishKind.OTHER_DAY, gettext_lazy("Bring it on another day"), gettext_lazy("Which day?"), ""),
)  # fmt: skip
_NAMES: dict[str, Promise] = {
    WishKind.SAFE_PLACE: gettext_lazy("In a safe place"),
    WishKind.NEIGHBOUR: gettext_lazy("With a neighbour"),
    WishKind.PICKUP_POINT: gettext_lazy("At a pick-up point"),
    WishKind.OTHER_DAY: gettext_lazy("On another day"),
}


@dataclass
class TypedWish:
    """A form as it was filled in."""

    kind: str = ""
    place: str = ""
    day: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def can_wish(parcel: ParcelRow) -> bool:
    """Whether the shop can still pass a wish on."""
    return parcel.status in OPEN_FOR_WISHES and parcel.substatus not in _SETTLED


# The parcel comes back, is gone, or waits for something else.
_SETTLED = {
    "exception.refused", "exception.pickup_missed", "exception.lost", "exception.disposed", "exception.damaged",
    "exception.rejected_by_carrier", "exception.payment_due",
}  # fmt: skip


def wish_path(site: Site, token: str, parcel: ParcelRow) -> str:
    """The page on which a wish is made."""
    return site.path(f"t/{token}/{parcel.number}/wish/")


def told_wish(parcel: ParcelRow, style: Style) -> str:
    """The wish in words: "In a safe place: garage". "" without one."""
    wish = {name: str(value or "") for name, value in (parcel.wish or {}).items()}
    if not wish.get("kind"):
        return ""
    name = str(_NAMES.get(wish["kind"], wish["kind"]))
    detail = wish.get("place") or (_day(date.fromisoformat(wish["day"]), style) if wish.get("day") else "")
    return f"{name}: {detail}" if detail else name


def days_to_choose(parcel: ParcelRow, style: Style) -> list[date]:
    """The next days on which carriers come, from the day after the one that is expected."""
    first = style.day_of(max(parcel.eta_to or style.now, style.now)) + timedelta(days=1)
    days = [first + timedelta(days=n) for n in range(2 * _DAYS)]
    return [day for day in days if day.weekday() < 6][:_DAYS]


def wish_context(
    site: Site, order: OrderRow, token: str, parcel: ParcelRow, typed: TypedWish
) -> dict[str, Any]:
    """What `portal/wish.html` shows."""
    style = Style.of(site, order, timezone.now())
    current = {name: str(value or "") for name, value in (parcel.wish or {}).items()}
    chosen = typed.kind or current.get("kind", "")
    place, day = typed.place or current.get("place", ""), typed.day or current.get("day", "")
    return {
        "title": _("Not at home?"),
        "order_number": order.number,
        "typed": typed,
        "choices": [
            {
                "choice": choice,
                "checked": choice.kind == chosen,
                "value": place if choice.kind == chosen else "",
                "error": typed.errors.get("wish", "") if choice.kind == typed.kind else "",
            }
            for choice in CHOICES
        ],
        "days": [
            (d.isoformat(), _day(d, style), d.isoformat() == day) for d in days_to_choose(parcel, style)
        ],
        "longest": LONGEST_PLACE,
        "has_wish": bool(parcel.wish),
        "carrier_link": carrier_link(parcel),
        "action": wish_path(site, token, parcel),
        "back_url": site.path(f"t/{token}/{parcel.number}/"),
    }


def carrier_link(parcel: ParcelRow) -> tuple[Text, str] | None:
    """What the carrier is called, and its own page about the parcel, where it lets people choose."""
    if not parcel.tracking_url.startswith(("https://", "http://")):
        return None
    return carrier_name(parcel) or _("the carrier"), parcel.tracking_url


def _day(day: date, style: Style) -> str:
    """ "Tuesday, 24 November"."""
    pattern = "EEEE, d. MMMM" if style.locale.startswith("de") else "EEEE, d MMMM"
    return format_date(day, pattern, babel_locale(style.locale))
