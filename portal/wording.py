"""What shoppers are told: canonical status and sub-status → words, in the shop's voice.

`words_for` gives what stands at the top of the page; `event_name` one line of the journey. All are kept lazy, so that
the page's language decides. A status that nobody foresaw falls back to the plain one above it.
"""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

Text = str | Promise
Tone = Literal["", "ok", "info", "warn", "bad", "quiet"]
# Where the main button leads: nowhere, the carrier's page, a message to the shop, help with a missing parcel,
# or another address as long as nothing left.
Action = Literal["", "carrier", "contact", "not_here", "address"]


@dataclass(frozen=True, slots=True)
class Words:
    """What is said about one state.

    chip: the status in one or two words.
    headline: the biggest text where no date can be (or should be) given.
    sentence: what it means.
    advice_title, advice, action: what happens next, or what the shopper can do.
    """

    chip: Text
    headline: Text
    sentence: Text
    tone: Tone = ""
    advice_title: Text = ""
    advice: Text = ""
    action: Action = "carrier"
    reason: Text = ""  # of a delay, where it is told beside another state


_STAY = _("You need not do anything. We watch the parcel and write to you as soon as we know more.")
_REPLY = _("Tell us what you prefer: a new parcel, or your money back.")

WORDS: dict[str, Words] = {
    # Before the carrier has it.
    "ordered": Words(
        _("Order received"), _("We’re preparing your order"),
        _("Thank you! Your order is with us. We’ll write to you when it leaves our warehouse."), "info",
        _("Changed your mind?"), _("As long as your order has not left, we can often still change it. Write to us."),
        "address",
    ),
    "cancelled_order": Words(
        _("Cancelled"), _("This order was cancelled"),
        _("Nothing will be sent. If you have paid already, you get your money back."), "quiet",
        _("Was that not you?"), _("Write to us, and we’ll look into it."), "contact",
    ),
    "shipped": Words(
        _("Shipped"), _("Your parcel is on its way"),
        _("We have handed your parcel over. We’re waiting for the first scan of the carrier; that can take a day."),
        "info",
    ),
    "pending": Words(
        _("Packed"), _("Your parcel is packed"),
        _("Your parcel is ready and waits for the carrier."), "info",
    ),
    "info_received": Words(
        _("Packed"), _("Your parcel is packed"),
        _("The label is printed, and the carrier knows about your parcel. Its journey begins with the first scan."),
        "info",
    ),
    "info.awaiting_handover": Words(
        _("Packed"), _("Your parcel is packed"),
        _("The carrier is waiting for us to hand your parcel over. That should happen very soon."), "info",
    ),
    # On its way.
    "in_transit": Words(
        _("In transit"), _("Your parcel is on its way"),
        _("Your parcel is on its way to you. We’ll write to you when it’s out for delivery."),
    ),
    "transit.customs_started": Words(
        _("At customs"), _("Your parcel is at customs"),
        _("Customs is checking your parcel. That is normal and mostly takes a few days."),
    ),
    "transit.customs_cleared": Words(
        _("In transit"), _("Your parcel has left customs"),
        _("Customs has released your parcel, and it travels on to you."),
    ),
    "transit.destination_country": Words(
        _("In transit"), _("Your parcel is in your country"),
        _("Your parcel has arrived in your country and travels on to you."),
    ),
    "transit.destination_received": Words(
        _("In transit"), _("Your parcel is near you"),
        _("Your parcel has arrived in your region. It’s out for delivery next."),
    ),
    "transit.forwarded": Words(
        _("In transit"), _("Your parcel is on its way"),
        _("Your parcel is being sent on to another address."),
    ),
    "transit.resumed": Words(
        _("In transit"), _("Your parcel is moving again"),
        _("The hold-up is over: your parcel is moving again."),
    ),
    "found_again": Words(
        _("In transit"), _("Your parcel was found"),
        _("Good news: your parcel was found again and travels on to you. We’re sorry for the fright."),
    ),
    "out_for_delivery": Words(
        _("Out for delivery"), _("Out for delivery"),
        _("Your parcel is in the van and on the way to your door."), "",
        _("Nobody at home?"),
        _("Many carriers let you choose a neighbour or a safe place on their page, even on the last day."),
    ),
    "ofd.contacted": Words(
        _("Out for delivery"), _("Out for delivery"),
        _("The carrier has told you about the delivery: your parcel is on the way to your door."), "",
        _("Nobody at home?"),
        _("Many carriers let you choose a neighbour or a safe place on their page, even on the last day."),
    ),
    # Waiting for the shopper.
    "available_for_pickup": Words(
        _("Ready to collect"), _("Ready to collect"),
        _("Your parcel is waiting for you at the pick-up point."), "warn",
        _("Collect your parcel"), _("Take an identity card and the tracking number with you."),
    ),
    "pickup.reminder": Words(
        _("Ready to collect"), _("Ready to collect"),
        _("Your parcel is still waiting for you at the pick-up point."), "warn",
        _("Please collect it soon"), _("Take an identity card and the tracking number with you."),
    ),
    "pickup.deadline": Words(
        _("Last chance to collect"), _("Last chance to collect"),
        _("Your parcel is kept for a short time only. After that it goes back to us."), "bad",
        _("Please collect it now"), _("Take an identity card and the tracking number with you."),
    ),
    "attempt_failed": Words(
        _("Delivery attempted"), _("The carrier could not hand it over"),
        _("The carrier tried to deliver your parcel and could not hand it over."), "warn",
        _("What happens next"),
        _("Mostly there is a second try on the next working day. See at the carrier whether you can choose another "
          "day, a neighbour or a pick-up point."),
    ),
    "attempt.no_one": Words(
        _("Delivery attempted"), _("Sorry we missed you"),
        _("The carrier rang, and nobody opened."), "warn",
        _("What happens next"),
        _("Mostly there is a second try on the next working day. Look for a card in your letter box, or choose "
          "another day, a neighbour or a pick-up point at the carrier."),
    ),
    "attempt.business_closed": Words(
        _("Delivery attempted"), _("It was closed"),
        _("The carrier found your address closed."), "warn",
        _("What happens next"),
        _("Mostly there is a second try on the next working day. If you are closed then too, choose another day at "
          "the carrier."),
    ),
    "attempt.no_access": Words(
        _("Delivery attempted"), _("The carrier could not get in"),
        _("The carrier could not reach your door: a gate, a code or a bell was missing."), "bad",
        _("Please help the carrier in"),
        _("Tell the carrier the code of the door or the name on the bell, or choose a pick-up point. Without it the "
          "next try fails too."),
    ),
    "attempt.identity": Words(
        _("Delivery attempted"), _("The carrier needs an identity card"),
        _("The parcel may only be handed to you in person, against an identity card."), "bad",
        _("Have your identity card ready"),
        _("Be at home at the next try with a valid card, or choose a pick-up point at the carrier."),
    ),
    # There.
    "delivered": Words(
        _("Delivered"), _("Delivered"), _("Your parcel has been delivered. Enjoy!"), "ok",
        _("Not there?"),
        _("Tell us, and we’ll look for it together."), "not_here",
    ),
    "delivered.signed": Words(
        _("Delivered"), _("Delivered"), _("Your parcel was handed over against a signature."), "ok",
        _("Not with you?"), _("Ask the person who signed. Still nothing? We’ll look for it together."), "not_here",
    ),
    "delivered.neighbour": Words(
        _("Delivered"), _("Delivered"), _("Your parcel was left with a neighbour."), "ok",
        _("Not there?"), _("Ask your neighbours. Still nothing? We’ll look for it together."), "not_here",
    ),
    "delivered.safe_place": Words(
        _("Delivered"), _("Delivered"), _("Your parcel was left in a safe place."), "ok",
        _("Not there?"),
        _("Look where parcels are usually left: the porch, the garage, behind the bin. Still nothing? We’ll look for "
          "it together."), "not_here",
    ),
    "delivered.pickup_collected": Words(
        _("Collected"), _("Collected"), _("Your parcel was collected. Enjoy!"), "ok",
        _("Was that not you?"), _("Write to us, and we’ll look into it."), "contact",
    ),
    "delivered.cod": Words(
        _("Delivered"), _("Delivered"), _("Your parcel was handed over and paid."), "ok",
        _("Not right?"), _("Write to us, and we’ll look into it."), "contact",
    ),
    # Something is wrong.
    "exception": Words(
        _("Problem"), _("Your parcel has run into a problem"),
        _("The carrier reports a problem with your parcel. We’re finding out what it is."), "warn",
        _("What happens next"), _STAY,
    ),
    "exception.delay_carrier": Words(
        _("Delayed"), _("Your parcel is late"),
        _("The carrier is behind schedule. We’re sorry for the wait."), "warn", _("What happens next"), _STAY,
        reason=_("The carrier is behind schedule."),
    ),
    "exception.delay_weather": Words(
        _("Delayed"), _("Your parcel is late"),
        _("The weather holds your parcel up. It travels on as soon as the roads are safe."), "warn",
        _("What happens next"), _STAY,
        reason=_("The weather holds it up."),
    ),
    "exception.delay_customs": Words(
        _("At customs"), _("Customs takes longer"),
        _("Customs is still checking your parcel. We’re sorry for the wait."), "warn",
        _("What happens next"),
        _("Mostly you need not do anything. If customs or the carrier ask you for papers, send them soon."),
        reason=_("Customs takes longer."),
    ),
    "exception.documents": Words(
        _("At customs"), _("Customs wants papers from us"),
        _("A paper is missing at customs. Sending it is our job; we’re on it."), "warn",
        _("What happens next"), _STAY,
        reason=_("Customs wants papers from us; we’re on it."),
    ),
    "exception.payment_due": Words(
        _("Payment needed"), _("Duties or fees are due"),
        _("Your parcel waits: duties or fees must be paid before it can be delivered."), "bad",
        _("Pay at the carrier"),
        _("Pay only on the carrier’s own page, never over a link in a message from someone you do not know. If the "
          "fees surprise you, write to us."),
    ),
    "exception.address": Words(
        _("Address needed"), _("Please check your address"),
        _("The carrier cannot find your address, so your parcel is waiting."), "bad",
        _("Send us the right address"),
        _("Check street, house number, flat and the name on the bell, and tell us what is wrong. Best today: "
          "otherwise the parcel may go back to us."),
        "contact",
    ),
    "exception.moved": Words(
        _("Address needed"), _("Have you moved?"),
        _("The carrier says that you no longer live at this address, so your parcel is waiting."), "bad",
        _("Send us your new address"), _("Best today: otherwise the parcel may go back to us."), "contact",
    ),
    "exception.refused": Words(
        _("Refused"), _("Your parcel was not accepted"),
        _("The parcel was refused at the door and will come back to us."), "warn",
        _("What would you like?"), _REPLY, "contact",
    ),
    "exception.pickup_missed": Words(
        _("Not collected"), _("Your parcel was not collected"),
        _("The time to collect your parcel is over. It’s coming back to us."), "warn",
        _("What would you like?"), _REPLY, "contact",
    ),
    "exception.missorted": Words(
        _("Delayed"), _("Your parcel took a wrong turn"),
        _("Your parcel was sent to a wrong place and is being put right. We’re sorry for the wait."), "warn",
        _("What happens next"), _STAY,
        reason=_("It took a wrong turn and is being put right."),
    ),
    "exception.damaged": Words(
        _("Damaged"), _("Your parcel was damaged"),
        _("The carrier reports damage on the way. We’re sorry. It costs you nothing."), "bad",
        _("How can we make it right?"),
        _("If the parcel still reaches you, take a photo of box and content. Then tell us: a new parcel, or your "
          "money back?"),
        "contact",
    ),
    "exception.lost": Words(
        _("Lost"), _("Your parcel was lost"),
        _("The carrier has lost your parcel. We’re sorry. It costs you nothing."), "bad",
        _("How can we make it right?"), _REPLY, "contact",
    ),
    "exception.disposed": Words(
        _("Lost"), _("Your parcel will not arrive"),
        _("The carrier could neither deliver nor return your parcel. We’re sorry. It costs you nothing."), "bad",
        _("How can we make it right?"), _REPLY, "contact",
    ),
    "exception.held": Words(
        _("On hold"), _("Your parcel is held up"),
        _("Your parcel stands still at the carrier for the moment."), "warn", _("What happens next"), _STAY,
    ),
    "exception.rejected_by_carrier": Words(
        _("On hold"), _("The carrier did not take your parcel"),
        _("The carrier did not accept your parcel. We’re sending it again."), "warn",
        _("What happens next"), _STAY,
    ),
    "returning": Words(
        _("Coming back to us"), _("Your parcel is coming back to us"),
        _("Your parcel could not be delivered and is on its way back to us."), "warn",
        _("What would you like?"), _REPLY, "contact",
    ),
    "returned": Words(
        _("Back with us"), _("Your parcel is back with us"),
        _("Your parcel could not be delivered and has come back to us."), "warn",
        _("What would you like?"), _REPLY, "contact",
    ),
    "cancelled": Words(
        _("Cancelled"), _("This parcel was cancelled"),
        _("This parcel was not sent."), "quiet", _("Questions?"), _("Write to us, and we’ll look into it."), "contact",
    ),
    "expired": Words(
        _("No news"), _("No news from the carrier"),
        _("The carrier has told us nothing about this parcel for a long time. We’re sorry."), "warn",
        _("Has it arrived?"), _("If not, tell us. We’ll find it or send a new one."), "not_here",
    ),
    # The day that was told is over, and nobody told a new one.
    "overdue": Words(
        _("Delayed"), _("It takes longer than planned"),
        _("Your parcel should have been with you by now. We’re sorry, and we’re asking the carrier for a new date."),
        "warn", _("What happens next"), _STAY,
    ),
    # A later day was told while the parcel goes on its way.
    "delayed": Words(
        _("Delayed"), _("Your parcel is late"),
        _("Your parcel needs longer than we told you. We’re sorry for the wait."), "warn",
        _("What happens next"), _STAY,
    ),
}  # fmt: skip

EVENTS: dict[str, Text] = {
    "pending": _("Parcel announced"),
    "info_received": _("Label created"),
    "info.label_created": _("Label created"),
    "info.awaiting_handover": _("Waiting for hand-over"),
    "in_transit": pgettext_lazy("event", "In transit"),
    "transit.picked_up": _("Picked up by the carrier"),
    "transit.accepted": _("Accepted by the carrier"),
    "transit.arrival": _("Arrived at parcel centre"),
    "transit.departure": _("Departed from parcel centre"),
    "transit.origin_received": _("Arrived at first parcel centre"),
    "transit.destination_received": _("Arrived in your region"),
    "transit.customs_started": _("Customs check begun"),
    "transit.customs_cleared": _("Released by customs"),
    "transit.destination_country": _("Arrived in your country"),
    "transit.handed_to_last_mile": _("Handed to the local carrier"),
    "transit.forwarded": _("Sent on to another address"),
    "transit.resumed": _("On its way again"),
    "out_for_delivery": pgettext_lazy("event", "Out for delivery"),
    "ofd.contacted": _("Delivery announced"),
    "attempt_failed": _("Delivery attempted"),
    "attempt.no_one": _("Nobody at home"),
    "attempt.business_closed": _("Business closed"),
    "attempt.no_access": _("No access to the door"),
    "attempt.identity": _("Identity card missing"),
    "available_for_pickup": _("Ready to collect"),
    "pickup.reminder": _("Reminder to collect"),
    "pickup.deadline": _("Last day to collect"),
    "delivered": pgettext_lazy("event", "Delivered"),
    "delivered.signed": _("Delivered against signature"),
    "delivered.neighbour": _("Delivered to a neighbour"),
    "delivered.safe_place": _("Left in a safe place"),
    "delivered.pickup_collected": _("Collected"),
    "delivered.cod": _("Delivered and paid"),
    "exception": pgettext_lazy("event", "Problem reported"),
    "exception.delay_carrier": _("Delay at the carrier"),
    "exception.delay_weather": _("Held up by weather"),
    "exception.delay_customs": _("Held up at customs"),
    "exception.documents": _("Papers missing at customs"),
    "exception.payment_due": _("Duties or fees due"),
    "exception.address": _("Address not found"),
    "exception.refused": _("Parcel refused"),
    "exception.moved": _("Recipient has moved"),
    "exception.pickup_missed": _("Not collected in time"),
    "exception.missorted": _("Sent to a wrong place"),
    "exception.damaged": _("Parcel damaged"),
    "exception.lost": _("Parcel lost"),
    "exception.disposed": _("Parcel disposed of"),
    "exception.held": _("Parcel on hold"),
    "exception.rejected_by_carrier": _("Not accepted by the carrier"),
    "returning": _("On its way back to the shop"),
    "returned": _("Back at the shop"),
    "cancelled": pgettext_lazy("event", "Cancelled"),
    "expired": _("No news from the carrier"),
}


def words_for(status: str, substatus: str = "") -> Words:
    """What a parcel's state is called; the sub-status decides where it has words of its own."""
    return spoken(substatus if substatus in WORDS else status if status in WORDS else "exception")


def spoken(key: str) -> Words:
    """The words of a state in the language that is spoken now. Translated once: a page reads each several times."""
    return _spoken(get_language() or "", key)


@lru_cache(maxsize=512)
def _spoken(_language: str, key: str) -> Words:
    words = WORDS[key]
    texts = ((field.name, getattr(words, field.name)) for field in fields(words))
    told: dict[str, Any] = {name: str(text) if isinstance(text, Promise) else text for name, text in texts}
    return Words(**told)


def event_name(status: str, substatus: str = "") -> Text:
    """What one scan is called in the journey."""
    return EVENTS.get(substatus) or EVENTS.get(status) or EVENTS["in_transit"]
