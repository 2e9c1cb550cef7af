"""Where an address stands, derived from its entries, and whether a message may go there. Pure: no queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from notifications.choices import TOOLS, Channel, MessageClass
from notifications.consent.choices import EVERYTHING, Basis, ConsentState, Topic
from notifications.consent.countries import CountryRule, rule_of
from notifications.consent.models import ConsentEntry
from notifications.reasons import Reason


@dataclass(frozen=True)
class Grant:
    """Why a message may be sent. `entry_id`: the entry of the ledger that says so, None when none has to."""

    basis: Basis
    entry_id: UUID | None = None
    rule: str = ""


@dataclass(frozen=True)
class TopicStanding:
    """What holds for one topic. `refused`: the entry that says no, as long as nobody agreed since."""

    agreed: ConsentEntry | None = None
    customer: ConsentEntry | None = None
    refused: ConsentEntry | None = None
    asked: ConsentEntry | None = None


@dataclass(frozen=True)
class Standing:
    """What holds for one address, by topic."""

    topics: Mapping[str, TopicStanding] = field(default_factory=dict)

    def of(self, topic: str) -> TopicStanding:
        """What holds for a topic."""
        return self.topics.get(topic, _NOTHING)


_NOTHING = TopicStanding()
NOBODY = Standing()


def standing(entries: Iterable[ConsentEntry]) -> Standing:
    """Fold the entries of one address, oldest first by when they were said.

    Who said no is not written to because they buy again: only an agreement of their own ends an objection.
    """
    topics: dict[str, TopicStanding] = {}
    for entry in entries:
        named = Topic.values if entry.topic == EVERYTHING else [entry.topic]
        for topic in named:
            topics[topic] = _after(topics.get(topic, _NOTHING), entry)
    return Standing(topics)


def _after(now: TopicStanding, entry: ConsentEntry) -> TopicStanding:
    if entry.state in (ConsentState.WITHDRAWN, ConsentState.OBJECTED):
        return TopicStanding(refused=entry)
    if entry.state == ConsentState.REQUESTED:
        return TopicStanding(now.agreed, now.customer, now.refused, asked=entry)
    if entry.basis == Basis.EXISTING_CUSTOMER:
        return TopicStanding(now.agreed, None if now.refused else entry, now.refused, now.asked)
    # An unconfirmed agreement does not take the place of one that was confirmed.
    stronger = now.agreed is not None and now.agreed.basis == Basis.DOUBLE_OPT_IN
    return TopicStanding(now.agreed if stronger and entry.basis == Basis.CONSENT else entry, now.customer)


def judge(
    known: Standing, message_class: str, topic: str, channel: str, country: str, at: datetime
) -> Grant | Reason:
    """Whether a message of a class and topic may go over a channel to somebody in a country.

    Returns the basis, or the reason against it: `unsubscribed` (they said no), `unconfirmed` (they agreed, and the
    country asks for a confirmation), `no_basis`.
    """
    rule = rule_of(country)
    if message_class in (MessageClass.TRANSACTIONAL, MessageClass.LEGAL):
        return Grant(Basis.NOT_NEEDED)
    here = known.of(topic)
    if here.refused is not None:
        return Reason.UNSUBSCRIBED
    if channel == Channel.SMS:
        # Nowhere does a sale alone let a shop advertise by text message.
        return _agreed(here, rule) or Reason.NO_BASIS
    # Push: whoever takes them has agreed on their own device, and ends it there.
    wants = "opt_out" if channel not in (Channel.EMAIL, *TOOLS) else _wants(rule, message_class)
    agreed = _agreed(here, rule)
    if isinstance(agreed, Grant):
        return agreed
    if wants == "opt_out":
        return Grant(Basis.OPT_OUT, rule=rule.name)
    if here.customer is not None and rule.existing_customer and _is_fresh(here.customer, rule, at):
        return Grant(Basis.EXISTING_CUSTOMER, here.customer.pk, rule.name)
    return agreed or (Reason.UNCONFIRMED if here.asked is not None else Reason.NO_BASIS)


def _wants(rule: CountryRule, message_class: str) -> str:
    return rule.service if message_class == MessageClass.SERVICE else rule.email


def _agreed(here: TopicStanding, rule: CountryRule) -> Grant | Reason | None:
    if here.agreed is None:
        return None
    if rule.confirmed and here.agreed.basis != Basis.DOUBLE_OPT_IN:
        return Reason.UNCONFIRMED
    return Grant(Basis(here.agreed.basis), here.agreed.pk, rule.name)


def _is_fresh(entry: ConsentEntry, rule: CountryRule, at: datetime) -> bool:
    return not rule.days or at - entry.occurred_at <= timedelta(days=rule.days)
