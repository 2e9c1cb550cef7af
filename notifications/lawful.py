"""Whether a message is lawful and welcome at the moment of sending: consent, caps, quiet hours, peace.

Everything that the class of a message brings with it (`classes`) is loaded here for a batch, and asked for by
`recheck`. A batch of transactional messages costs one query (the languages that people chose).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant
from notifications import arbiter, caps, clocks, quiet
from notifications.choices import Channel, MessageClass
from notifications.classes import Offers, rules_of, topic_of
from notifications.consent import links
from notifications.consent.choices import Topic
from notifications.consent.models import Preference
from notifications.consent.preferences import preferences
from notifications.consent.queries import Consents, consents
from notifications.consent.rules import Rules, rules
from notifications.consent.standing import Grant
from notifications.models import Message
from notifications.planning import recipient
from notifications.reasons import Reason
from notifications.suppressions import digest
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Customer, Order
from orders.queries import places_of


@dataclass(frozen=True)
class Place:
    """Where somebody lives, as far as an order tells."""

    country: str = ""
    postcode: str = ""
    state: str = ""


@dataclass(frozen=True)
class Lawful:
    """What the batch's messages are held to. about: the order or customer of each message, by the message's id."""

    merchant: Merchant
    about: Mapping[UUID, Order | Customer]
    places: Mapping[UUID, Place]
    chosen: Mapping[bytes, Preference]
    rules: Rules
    consents: Consents
    counted: caps.Counted
    troubles: arbiter.Troubles

    def why_not(self, message: Message, about: Order | Customer) -> Reason | None:
        """Why it must not go out: no basis, something is wrong for that person, or they had enough."""
        asked = rules_of(message.message_class)
        if asked.asks_consent:
            found = self.basis(message, recipient(about, message.channel))
            if isinstance(found, Reason):
                return found
        if asked.needs_peace and (wrong := self.troubles.why_not(message)):
            return wrong
        if asked.is_capped and self.counted.is_reached(message, timezone.now()):
            return Reason.CAPPED
        return Reason.QUIET if asked.keeps_quiet and self._next_moment(message) is None else None

    def basis(self, message: Message, address: str) -> Grant | Reason:
        """On which basis a message may go to an address, or why it may not."""
        return self.consents.may_send(
            message.message_class, message_topic(message), message.channel, address,
            self._place(message).country, timezone.now(),
        )  # fmt: skip

    def quiet_until(self, message: Message) -> datetime | None:
        """Until when it has to wait, None when it may go out now."""
        if not rules_of(message.message_class).keeps_quiet:
            return None
        found, now = self._next_moment(message), timezone.now()
        return found if found and found > now else None

    def may_offer(self, message: Message) -> bool:
        """Whether something to buy may stand in it."""
        offers = rules_of(message.message_class).offers
        if offers != Offers.WITH_BASIS:
            return offers == Offers.YES
        about = self.about.get(message.pk)
        if about is None:
            return False
        found = self.consents.may_send(
            MessageClass.MARKETING, Topic.OFFERS, message.channel, recipient(about, message.channel),
            self._place(message).country, timezone.now(),
        )  # fmt: skip
        return isinstance(found, Grant)

    def links(self, message: Message, host: str | None) -> dict[str, str]:
        """The links in its foot: to the preference centre, and out of it where its class asks for that."""
        own = {"preferences": links.url(self.merchant.slug, host, links.PREFERENCES, message.pk)}
        if rules_of(message.message_class).has_way_out:
            own["unsubscribe"] = links.url(self.merchant.slug, host, links.UNSUBSCRIBE, message.pk)
        if asked := message.data.get("consent_id"):
            own["portal"] = links.url(self.merchant.slug, host, links.CONFIRM, UUID(asked))
        return own

    def settle(self, message: Message) -> None:
        """Write onto the message (unsaved) what it goes out on: its basis, and who it is from where that differs."""
        about, asked = self.about.get(message.pk), rules_of(message.message_class)
        if about is None:
            return
        if sender := self.rules.streams.get(asked.stream):
            message.plan = {**message.plan, "sender": dict(sender)}
        found = self.basis(message, recipient(about, message.channel))
        if isinstance(found, Grant) and asked.asks_consent:
            entry = str(found.entry_id) if found.entry_id else ""
            message.plan = {
                **message.plan, "basis": {"basis": found.basis.value, "entry": entry, "rule": found.rule}
            }  # fmt: skip

    def note(self, message: Message) -> None:
        """It goes out: what comes after it in the batch counts it."""
        if rules_of(message.message_class).is_capped:
            self.counted.note(message, timezone.now())

    def _place(self, message: Message) -> Place:
        return self.places.get(message.pk, Place())

    def _preference(self, about: Order | Customer) -> Preference | None:
        return self.chosen.get(digest(Channel.EMAIL, about.email)) if about.email else None

    def _next_moment(self, message: Message) -> datetime | None:
        place, about = self._place(message), self.about.get(message.pk)
        chosen = self._preference(about) if about else None
        own = (
            [(chosen.quiet_from, chosen.quiet_to)] if chosen and chosen.quiet_from and chosen.quiet_to else []
        )
        shops = [self.rules.quiet[message.channel]] if message.channel in self.rules.quiet else []
        allowed: Mapping[int, Any] = {}
        number = recipient(about, Channel.SMS) if about and message.channel == Channel.SMS else ""
        if number:
            american = place.country == "US" or (number.startswith("+1") and place.country in ("", "US"))
            allowed = quiet.legal_hours("US" if american else place.country, place.state)
        zones: list[tzinfo] = [clocks.zone_of(self.merchant, place.country, place.postcode)]
        return quiet.next_moment(timezone.now(), quiet.Hours(zones, [*own, *shops], allowed))


def message_topic(message: Message) -> str:
    """What a message is about, as shoppers choose it; "" for one that belongs to an order.

    An old message may be of a touchpoint that this release does not have (any more): its class tells.
    """
    known = TOUCHPOINTS.get(message.touchpoint)
    return topic_of(message.message_class, known.topic if known else "")


def load_lawful(
    merchant: Merchant,
    messages: Sequence[Message],
    orders: Mapping[UUID, Order],
    customers: Mapping[UUID, Customer],
    readers: Mapping[UUID, Order],
) -> Lawful:
    """What these messages of the open scope are held to. readers: orders with the address of somebody else, by message.

    One query for transactional messages; with others among them eight, and two for those without an order.
    """
    about: dict[UUID, Order | Customer] = {}
    for message in messages:
        found = orders.get(message.order_id) if message.order_id else customers.get(message.customer_id)  # type: ignore[arg-type]
        if found is not None:
            about[message.pk] = readers.get(message.pk, found)
    held = [message for message in messages if rules_of(message.message_class).asks_consent]
    now = timezone.now()
    own = rules() if held else Rules()
    chosen = preferences(row.email for row in about.values())
    _speak(messages, about, chosen)
    return Lawful(
        merchant=merchant,
        about=about,
        places=_places(messages, about),
        chosen=chosen,
        rules=own,
        consents=consents(
            (message.channel, recipient(about[message.pk], message.channel))
            for message in messages
            if message.pk in about and (held or rules_of(message.message_class).offers == Offers.WITH_BASIS)
        ),
        counted=caps.counted(held, own.caps, now),
        troubles=arbiter.troubles(held, now),
    )


def _speak(
    messages: Sequence[Message],
    about: Mapping[UUID, Order | Customer],
    chosen: Mapping[bytes, Preference],
) -> None:
    """Let the messages (unsaved) speak the languages that their readers chose."""
    for message in messages if chosen else ():
        row = about.get(message.pk)
        found = chosen.get(digest(Channel.EMAIL, row.email)) if row is not None and row.email else None
        if found and found.language and not message.locale.lower().startswith(found.language):
            message.locale = found.language


def _places(messages: Sequence[Message], about: Mapping[UUID, Order | Customer]) -> dict[UUID, Place]:
    lonely = {row.pk for message in messages if isinstance(row := about.get(message.pk), Customer)}
    newest = places_of(lonely) if lonely else {}
    places = {}
    for message in messages:
        row = about.get(message.pk)
        order = newest.get(row.pk) if isinstance(row, Customer) else row
        if order is not None:
            address = order.shipping_address or {}
            places[message.pk] = Place(order.country, order.postcode, str(address.get("region") or ""))
    return places
