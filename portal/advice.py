"""What to do next: the one card of a parcel's page, with at most one primary button."""

from dataclasses import dataclass
from urllib.parse import quote

from django.utils import timezone
from django.utils.translation import gettext

from portal.carrier_names import carrier_name
from portal.changes import address_allowance, cancel_allowance, offer_of
from portal.loading import OrderRow, ParcelRow
from portal.problems import problem_path
from portal.proof import proof_of
from portal.site import Site
from portal.state import Hero
from portal.style import Style
from portal.wishes import can_wish, told_wish, wish_path
from portal.wording import Text
from tracking.carriers.numbers.detect import Hints, detect
from tracking.carriers.registry import OTHER, tracking_url
from tracking.statuses import Status, action_required

_WEB = ("https://", "http://")
# Of carriers that the number may belong to, so many are offered.
_MOST_PAGES = 3


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    url: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """The card. `facts`: rows of name and value below its text. `is_needed`: nothing goes on without the shopper."""

    title: Text
    text: Text
    facts: list[tuple[str, str]]
    carrier: str
    number: str
    buttons: list[Button]
    is_needed: bool = False


def contact_url(site: Site, order: OrderRow) -> str:
    """How to reach the shop about an order: by mail, else its help page, else by telephone. "" without any."""
    merchant = site.merchant
    if merchant.support_email:
        subject = quote(gettext("Order %(number)s") % {"number": order.number})
        return f"mailto:{quote(merchant.support_email, safe='@')}?subject={subject}"
    if merchant.help_url:
        return merchant.help_url
    return f"tel:{''.join(merchant.support_phone.split())}" if merchant.support_phone else ""


def advice_of(
    site: Site,
    order: OrderRow,
    token: str,
    parcel: ParcelRow | None,
    hero: Hero,
    style: Style,
    *,
    is_quiet: bool,
) -> Advice | None:
    """The card of a parcel, or of an order without one. is_quiet: another card has the primary button."""
    words = hero.words
    carrier = carrier_name(parcel) if parcel else ""
    number = parcel.tracking_number if parcel else ""
    title = "" if is_quiet else words.advice_title
    text: Text = _text(site, order, hero, style, is_quiet=is_quiet)
    told = told_wish(parcel, style) if parcel and can_wish(parcel) else ""
    if told and not is_quiet and _offers_wish(parcel, hero):
        title, text = (
            gettext("Your wish for the delivery"),
            gettext("%(wish)s. We pass it on.") % {"wish": told},
        )
    elif not is_quiet and _offers_wish(parcel, hero):
        title, text = (
            gettext("Not at home?"),
            gettext("Choose a safe place, a neighbour, a pick-up point or a day."),
        )
    if not title and carrier:
        title, carrier = gettext("Your parcel with %(carrier)s") % {"carrier": carrier}, ""
    if not title and not number:
        return None
    return Advice(
        title=title or gettext("Your parcel"),
        text=text,
        facts=_facts(parcel, style) if parcel else [],
        carrier=carrier,
        number=number,
        buttons=_buttons(site, order, token, parcel, hero, is_quiet=is_quiet),
        is_needed=parcel is not None and action_required(parcel.status, parcel.substatus) and not is_quiet,
    )


def _text(site: Site, order: OrderRow, hero: Hero, style: Style, *, is_quiet: bool) -> Text:
    offer = offer_of(site, order, style) if is_change(hero) else ""
    return "" if is_quiet else offer or hero.words.advice


def _offers_wish(parcel: ParcelRow | None, hero: Hero) -> bool:
    """Whether the state itself asks for nothing, so that a wish is the next thing to do."""
    return parcel is not None and can_wish(parcel) and not hero.words.advice_title


def is_change(hero: Hero) -> bool:
    """Whether the card offers to change the order; elsewhere the links below do."""
    return hero.words.action == "address"


def _facts(parcel: ParcelRow, style: Style) -> list[tuple[str, str]]:
    """Where a parcel waits, when that place is open, until when; or to whom and where it was delivered."""
    if parcel.status == Status.DELIVERED:
        return list(proof_of(parcel, style).rows[1:])  # when stands above already
    if parcel.status != Status.AVAILABLE_FOR_PICKUP:
        return []
    told = {name: str(value or "") for name, value in (parcel.pickup or {}).items()}
    city = " ".join(filter(None, (told.get("postcode"), told.get("city"))))
    place = ", ".join(filter(None, (told.get("name"), told.get("address"), city))) or parcel.pickup_place
    rows = [
        (gettext("Where"), place),
        (gettext("Open"), told.get("hours", "")),
        (gettext("Pick-up point"), told.get("code", "")),
        (gettext("Until"), style.day_and_time(parcel.pickup_until) if parcel.pickup_until else ""),
    ]
    return [row for row in rows if row[1]]


def _buttons(
    site: Site, order: OrderRow, token: str, parcel: ParcelRow | None, hero: Hero, *, is_quiet: bool
) -> list[Button]:
    """The action that the state asks for comes first and is the primary one."""
    found = _actions(site, order, token, parcel, hero)
    wanted = "wish" if _offers_wish(parcel, hero) else hero.words.action
    order_of = sorted(found, key=lambda name: name != wanted)
    buttons = [
        Button(found[name].label, found[name].url, primary=place == 0 and not is_quiet)
        for place, name in enumerate(order_of)
    ]
    if hero.window is not None:
        which = f"{parcel.number}/" if parcel else ""
        url = site.path(f"t/{token}/{which}delivery.ics")
        buttons.append(Button(gettext("Add to calendar"), url))
    return buttons


def _actions(
    site: Site, order: OrderRow, token: str, parcel: ParcelRow | None, hero: Hero
) -> dict[str, Button]:
    """What can be done, by the name that `portal.wording.Action` has for it."""
    found: dict[str, Button] = {}
    style = Style.of(site, order, timezone.now())
    if parcel and parcel.tracking_url.startswith(_WEB):
        carrier = carrier_name(parcel)
        label = (
            gettext("Track at %(carrier)s") % {"carrier": carrier}
            if carrier
            else gettext("Track at the carrier")
        )
        found["carrier"] = Button(label, parcel.tracking_url)
    elif parcel:
        found |= _pages_by_number(order, parcel)
    if parcel and parcel.status == Status.DELIVERED and (photo := proof_of(parcel, style).photo_url):
        found["photo"] = Button(gettext("See the carrier’s photo"), photo)
    if parcel and can_wish(parcel):
        label = gettext("Change the wish") if parcel.wish else gettext("Change the delivery")
        found["wish"] = Button(label, wish_path(site, token, parcel))
    if parcel and hero.words.action == "not_here":
        found["not_here"] = Button(
            gettext("It’s not here"), problem_path(site, token, parcel, "not-received")
        )
    if is_change(hero) and address_allowance(site, order, style).allowed:
        found["address"] = Button(gettext("Change the address"), site.path(f"o/{token}/address/"))
    if is_change(hero) and cancel_allowance(site, order, style).allowed:
        found["cancel"] = Button(gettext("Cancel the order"), site.path(f"o/{token}/cancel/"))
    contact = contact_url(site, order)
    if contact and (hero.words.action == "contact" or hero.tone == "bad" or (is_change(hero) and not found)):
        found["contact"] = Button(gettext("Write to us"), contact)
    return found


def _pages_by_number(order: OrderRow, parcel: ParcelRow) -> dict[str, Button]:
    """Where a parcel of an unknown carrier may be followed: the pages of the carriers that use such numbers."""
    if parcel.carrier not in ("", OTHER) or not parcel.tracking_number:
        return {}
    likely = detect(parcel.tracking_number, Hints(country=order.country))[:_MOST_PAGES]
    pages = [(one, tracking_url(one.carrier, parcel.tracking_number, order.locale)) for one in likely]
    buttons = [
        Button(gettext("Track at %(carrier)s") % {"carrier": one.name}, page) for one, page in pages if page
    ]
    return {f"carrier{place or ''}": button for place, button in enumerate(buttons)}
