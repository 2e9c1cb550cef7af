"""The preference centre: what it shows of a person's choices, and how they are saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.ids import public_id
from notifications.choices import Channel, MessageClass, address_channel
from notifications.consent import commands, links
from notifications.consent.choices import Basis, Topic
from notifications.consent.commands import Said
from notifications.consent.models import Preference
from notifications.consent.preferences import preference_of, set_preference
from notifications.consent.queries import consents
from notifications.consent.rules import rules
from notifications.consent.standing import Grant, Standing, judge
from notifications.models import Message
from notifications.planning import has_sms, recipient
from orders.models import Customer, Order
from portal.site import Site, languages_of


@dataclass(frozen=True)
class Centre:
    """One person's page: where they stand, by channel."""

    message: Message
    addresses: Mapping[str, str]  # channel → address
    standings: Mapping[str, Standing]
    country: str
    topics: tuple[str, ...]
    chosen: Preference | None

    @property
    def language(self) -> str:
        """The language that they chose, else the message's."""
        return self.chosen.language if self.chosen and self.chosen.language else self.message.locale

    def gets(self, channel: str, topic: str) -> bool:
        """Whether they get messages of a topic over a channel now."""
        here = self.standings[channel]
        if channel == Channel.SMS:  # What they agreed to, whether or not their country asks for more.
            return here.of(topic).agreed is not None
        found = judge(here, MessageClass.MARKETING, topic, channel, self.country, timezone.now())
        return isinstance(found, Grant)


def centre_of(site: Site, message: Message) -> Centre:
    """What there is to choose for whoever got this message: four queries."""
    about: Order | Customer | None = message.order or message.customer
    by = address_channel(message.channel)
    addresses = {by: message.recipient}
    if by == Channel.EMAIL and has_sms() and about and recipient(about, Channel.SMS):
        addresses[Channel.SMS] = recipient(about, Channel.SMS)
    known = consents(addresses.items())
    return Centre(
        message=message,
        addresses=addresses,
        standings={channel: known.of(channel, address) for channel, address in addresses.items()},
        country=message.order.country if message.order else site.merchant.country,
        topics=rules().topics,
        chosen=preference_of(message.recipient) if by == Channel.EMAIL else None,
    )


def context(
    site: Site, centre: Centre, token: str, faults: Mapping[str, str], typed: Mapping[str, str] | None
) -> dict[str, Any]:
    """What `portal/preferences.html` shows: what is stored, or what was typed when that could not be saved."""
    names = {Channel.EMAIL: _("E-mail"), Channel.SMS: _("Text message")}
    channels = [
        {"code": channel, "name": str(names.get(Channel(channel), channel)), "address": masked(address)}
        for channel, address in centre.addresses.items()
    ]
    rows = [
        {
            "label": str(Topic(topic).label),
            "choices": [
                {
                    "name": f"{channel['code']}_{topic}",
                    "channel": channel["name"],
                    "on": _typed(typed, f"{channel['code']}_{topic}", centre.gets(channel["code"], topic)),
                }
                for channel in channels
            ],
        }
        for topic in centre.topics
    ]
    chosen, now_spoken = centre.chosen, (typed or {}).get("language", centre.language.split("-")[0])
    return {
        "title": _("What we may write to you"),
        "action": site.path(links.path(links.PREFERENCES, centre.message.pk)),
        "channels": channels,
        "rows": rows,
        "languages": [
            {"code": code, "name": name, "on": code == now_spoken}
            for code, name in languages_of(site.merchant).items()
        ],
        "keeps_times": Channel.EMAIL in centre.addresses,
        "quiet_from": (typed or {}).get("quiet_from", _shown(chosen.quiet_from if chosen else None)),
        "quiet_to": (typed or {}).get("quiet_to", _shown(chosen.quiet_to if chosen else None)),
        "faults": faults,
    }


def save(site: Site, centre: Centre, typed: Mapping[str, str], said: Said) -> dict[str, str]:
    """Store what was chosen. Returns the faults by field; with any nothing is stored.

    Only what changed is noted. An agreement by e-mail is confirmed from the mailbox: the link came to it.
    """
    quiet, faults = _times(typed)
    language = typed.get("language", "")
    if language not in languages_of(site.merchant):
        language = ""
    if faults:
        return faults
    for channel, address in centre.addresses.items():
        for topic in centre.topics:
            wanted = f"{channel}_{topic}" in typed and "none" not in typed
            if wanted != centre.gets(channel, topic):
                _note(site, centre, channel, address, topic, said, wanted=wanted)
    if Channel.EMAIL in centre.addresses:
        set_preference(site.merchant, centre.message.recipient, language=language, quiet=quiet)
    return {}


def _note(
    site: Site, centre: Centre, channel: str, address: str, topic: str, said: Said, *, wanted: bool
) -> None:
    proof = {**said.proof, "message_id": public_id("msg", centre.message.pk)}
    words = Said(
        source=said.source, wording=str(Topic(topic).label), locale=said.locale, ip=said.ip, url=said.url,
        country=centre.country, proof=proof,
    )  # fmt: skip
    if wanted:
        basis = Basis.DOUBLE_OPT_IN if channel == Channel.EMAIL else Basis.CONSENT
        commands.give(site.merchant, channel, address, topic, words, basis=basis)
    elif centre.standings[channel].of(topic).agreed:
        commands.withdraw(site.merchant, channel, address, topic, words)
    else:
        commands.object_to(site.merchant, channel, address, topic, words)


def masked(address: str) -> str:
    """Enough to know one's own address: a•••@example.com, +49•••67. Who was passed the mail learns no more."""
    name, at, domain = address.partition("@")
    if at:
        return f"{name[:1]}•••@{domain}"
    return f"{address[:3]}•••{address[-2:]}"


def _times(typed: Mapping[str, str]) -> tuple[tuple[time, time] | None, dict[str, str]]:
    texts = [typed.get(name, "").strip() for name in ("quiet_from", "quiet_to")]
    if not any(texts):
        return None, {}
    try:
        start, end = (time.fromisoformat(text) for text in texts)
    except ValueError:
        return None, {"quiet": _("Please give both times, like 21:00.")}
    if start == end:
        return None, {"quiet": _("That is the whole day.")}
    return (start.replace(tzinfo=None), end.replace(tzinfo=None)), {}


def _typed(typed: Mapping[str, str] | None, name: str, stored: bool) -> bool:
    return stored if typed is None else name in typed


def _shown(at: time | None) -> str:
    return f"{at:%H:%M}" if at else ""
