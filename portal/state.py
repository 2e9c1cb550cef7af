"""What one parcel's page says first: its state, its day, its steps and the next thing to do. No HTML in here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant
from portal.loading import OrderRow, ParcelRow
from portal.style import Style
from portal.wording import Text, Tone, Words, spoken, words_for
from tracking.eta.expected import expected
from tracking.statuses import Status

# Here a day can be told; elsewhere the words come first.
_ON_THE_WAY = {
    Status.PENDING, Status.INFO_RECEIVED, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.ATTEMPT_FAILED,
    Status.EXCEPTION,
}  # fmt: skip
_BEFORE_CARRIER = {Status.PENDING, Status.INFO_RECEIVED}
# Exceptions after which the parcel still comes by itself, so that its day still holds.
_STILL_COMES = {
    "", "exception.delay_carrier", "exception.delay_weather", "exception.delay_customs", "exception.documents",
    "exception.missorted", "exception.held",
}  # fmt: skip
# Why parcels are late.
_DELAYS = {
    "exception.delay_carrier", "exception.delay_weather", "exception.delay_customs", "exception.documents",
    "exception.missorted",
}  # fmt: skip
_NEEDS_SHOPPER = {"attempt.no_access", "attempt.identity"}

StepState = Literal["done", "current", "todo"]
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Step:
    name: Text
    state: StepState


@dataclass(slots=True)
class Hero:
    """The top of a parcel's page. `eta` is the biggest text, be it a day or words."""

    words: Words
    chip: Text
    tone: Tone
    label: Text = ""
    eta: Text = ""
    eta_iso: str = ""
    was: str = ""  # the day that was told before and is struck through
    sentences: list[Text] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    window: Window | None = None  # when it comes, as far as a day can be told


def hero_of(merchant: Merchant, order: OrderRow, parcel: ParcelRow | None, style: Style) -> Hero:
    """What is said about a parcel, or about an order of which nothing was shipped yet."""
    if parcel is None:
        return _order_hero(merchant, order, style)
    words = words_of(parcel, style)
    hero = Hero(words, words.chip, words.tone, steps=_steps(parcel, style))
    hero.sentences = _sentences(parcel, words)
    window = _window(parcel)
    if parcel.status == Status.DELIVERED:
        _tell_delivery(hero, parcel, style)
    elif parcel.status == Status.AVAILABLE_FOR_PICKUP:
        _tell_pickup(hero, parcel, style)
    elif window is not None and _can_tell_day(parcel):
        _tell_day(hero, parcel, window, style)
    else:
        hero.eta = words.headline
    return hero


def _order_hero(merchant: Merchant, order: OrderRow, style: Style) -> Hero:
    words = spoken("cancelled_order" if order.is_cancelled else "ordered")
    hero = Hero(words, words.chip, words.tone, eta=words.headline, sentences=[words.sentence])
    if order.is_cancelled:
        return hero
    hero.steps = _named_steps(0)
    told = expected(merchant, order, style.now).window
    if told is not None:
        _tell_window(hero, (told.start, told.end), style)
    return hero


def words_of(parcel: ParcelRow, style: Style) -> Words:
    """What a parcel's state is called. Handed over but not scanned is a state of its own."""
    words = words_for(parcel.status, parcel.substatus)
    if parcel.status in _BEFORE_CARRIER and _was_shipped(parcel, style):
        return spoken("shipped")
    if parcel.status == Status.IN_TRANSIT and any(
        scan.substatus == "exception.lost" for scan in parcel.scans
    ):
        return spoken("found_again")
    return words


def _was_shipped(parcel: ParcelRow, style: Style) -> bool:
    """The shop says that it handed the parcel over; the carrier has not said so yet."""
    return parcel.shipped_at is not None and parcel.shipped_at <= style.now


def _window(parcel: ParcelRow) -> Window | None:
    end = parcel.eta_to or parcel.eta_from
    return (parcel.eta_from or end, end) if end else None


def _can_tell_day(parcel: ParcelRow) -> bool:
    if parcel.status == Status.EXCEPTION:
        return parcel.substatus in _STILL_COMES
    return parcel.status in _ON_THE_WAY and parcel.substatus not in _NEEDS_SHOPPER


def _tell_day(hero: Hero, parcel: ParcelRow, window: Window, style: Style) -> None:
    """Tell when it comes: never a day that is over; a later day than was told beside the old one, with an apology."""
    promised = parcel.promised_to
    # Our own window is wide: a parcel is late for sure only where even its first day is after the promise.
    telling = window[0] if parcel.eta_source == "model" else window[1]
    slipped = promised is not None and style.day_of(telling) > style.day_of(promised)
    if window[1] < style.now:
        if parcel.status == Status.EXCEPTION or parcel.status == Status.ATTEMPT_FAILED:
            hero.eta = hero.words.headline
            return
        late = spoken("overdue")
        hero.words, hero.tone, hero.chip, hero.eta = late, late.tone, late.chip, late.headline
        hero.sentences = [late.sentence, *_reason(parcel)]
        hero.was = style.days(*window)
        return
    if slipped and parcel.promised_to is not None:
        hero.was = style.days(parcel.promised_from or parcel.promised_to, parcel.promised_to)
        if parcel.status not in (Status.EXCEPTION, Status.ATTEMPT_FAILED, Status.OUT_FOR_DELIVERY):
            late = spoken("delayed")
            hero.words, hero.tone, hero.chip = late, late.tone, late.chip
            hero.sentences = [late.sentence, *_reason(parcel)]
    _tell_window(hero, window, style)
    if hero.was:
        hero.label = _("New estimated delivery")
    elif parcel.status == Status.OUT_FOR_DELIVERY:
        hero.label = _("Arriving")
    elif parcel.status == Status.ATTEMPT_FAILED:
        hero.label = _("Next try")


def _reason(parcel: ParcelRow) -> list[Text]:
    """Why a parcel is late, where its carrier said so."""
    told = next((scan.substatus for scan in parcel.scans if scan.substatus in _DELAYS), "")
    return [spoken(told).reason] if told else []


def _tell_window(hero: Hero, window: Window, style: Style) -> None:
    hero.label = _("Estimated delivery")
    hero.eta = style.window(*window)
    hero.eta_iso = style.day_of(window[0]).isoformat()
    hero.window = window


def _tell_delivery(hero: Hero, parcel: ParcelRow, style: Style) -> None:
    at = parcel.delivered_at or parcel.status_at
    if at is None:
        hero.eta = hero.words.headline
        return
    hero.eta, hero.eta_iso = style.day_and_time(at), style.iso(at)
    hero.eta = str(hero.eta)[:1].upper() + str(hero.eta)[1:]  # "Today, 14:05"


def _tell_pickup(hero: Hero, parcel: ParcelRow, style: Style) -> None:
    if parcel.pickup_until and parcel.pickup_until > style.now:
        hero.label = _("Collect it by")
        hero.eta, hero.eta_iso = style.day(parcel.pickup_until), style.iso(parcel.pickup_until)
        hero.window = (parcel.pickup_until, parcel.pickup_until)
    else:
        hero.eta = hero.words.headline


def _sentences(parcel: ParcelRow, words: Words) -> list[Text]:
    newest = parcel.scans[0] if parcel.scans else None
    if parcel.status == Status.DELIVERED and parcel.signed_by:
        if parcel.substatus == "delivered.neighbour":
            return [gettext("Your parcel was left with %(name)s.") % {"name": parcel.signed_by}]
        return [gettext("Your parcel was handed over to %(name)s.") % {"name": parcel.signed_by}]
    if words is spoken("found_again"):
        return [words.sentence]
    if parcel.status == Status.IN_TRANSIT and newest is not None and newest.city:
        city = {"city": newest.city}
        if newest.substatus == "transit.departure":
            return [
                gettext("Your parcel has left %(city)s and is on its way to you.") % city,
                _("We’ll write to you when it’s out for delivery."),
            ]
        if newest.substatus in ("transit.arrival", "transit.accepted", ""):
            return [
                gettext("Your parcel has reached %(city)s on its way to you.") % city,
                _("We’ll write to you when it’s out for delivery."),
            ]
    return [words.sentence]


# --- the five steps -------------------------------------------------------------------------------

_ORDERED, _PACKED, _SHIPPED = _("Ordered"), _("Packed"), _("Shipped")
_IN_TRANSIT, _OUT, _DELIVERED = _("In transit"), _("Out for delivery"), _("Delivered")
_COLLECT, _COLLECTED = _("Ready to collect"), _("Collected")
_COMING_BACK, _BACK = _("Coming back"), _("Back with us")
_ATTEMPTED = _("Delivery failed")


def _steps(parcel: ParcelRow, style: Style) -> list[Step]:
    """The way to the shopper with the place reached, as the scans really tell it. None for a parcel that never went."""
    status, substatus = parcel.status, parcel.substatus
    if status == Status.CANCELLED:
        return []
    if status in _BEFORE_CARRIER:
        shipped = _was_shipped(parcel, style)
        return _named_steps(1, {} if shipped else {1: _PACKED})
    if status == Status.DELIVERED:
        collected = substatus == "delivered.pickup_collected"
        return _named_steps(5, {3: _COLLECT, 4: _COLLECTED} if collected else {})
    if status in (Status.RETURNING, Status.RETURNED):
        return _named_steps(5 if status == Status.RETURNED else 3, {3: _COMING_BACK, 4: _BACK})
    if status == Status.AVAILABLE_FOR_PICKUP:
        return _named_steps(3, {3: _COLLECT, 4: _COLLECTED})
    if status == Status.ATTEMPT_FAILED:
        return _named_steps(3, {3: _ATTEMPTED})
    if status == Status.OUT_FOR_DELIVERY or parcel.out_for_delivery_at:
        return _named_steps(3)
    return _named_steps(2 if parcel.shipped_at else 1)


def _named_steps(reached: int, names: dict[int, Text] | None = None) -> list[Step]:
    usual: list[Text] = [_ORDERED, _SHIPPED, _IN_TRANSIT, _OUT, _DELIVERED]
    steps = []
    for place, name in enumerate(usual):
        state: StepState = "done" if place < reached else "current" if place == reached else "todo"
        steps.append(Step((names or {}).get(place, name), state))
    return steps


def needs_attention(parcel: ParcelRow) -> int:
    """The order in which an order's parcels are worth showing: the smallest first."""
    if words_for(parcel.status, parcel.substatus).tone in ("warn", "bad"):
        return 0
    return 2 if parcel.status in (Status.DELIVERED, Status.RETURNED, Status.CANCELLED) else 1
