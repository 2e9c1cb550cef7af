"""Writing the consent ledger: give, ask, confirm, withdraw, object, erase. Entries are only ever added."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from events import log as event_log
from merchants.audit import record_by_hand
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_transaction, platform_scope
from notifications.choices import Channel
from notifications.consent.choices import EVERYTHING, Basis, ConsentState, Topic
from notifications.consent.facts import ConsentFact, ConsentGiven, ConsentRequested, ConsentWithdrawn
from notifications.consent.models import ConsentEntry, Preference
from notifications.suppressions import digest, normal_address

# Clocks differ a little; what is said to happen later than that has not happened.
_AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Said:
    """What somebody said, and how we know.

    source: where it was said: checkout, preference_centre, one_click … ip: kept as a keyed hash only.
    at: when it was said; now when None. once: what makes it this entry, so that a repeat adds nothing.
    """

    source: str
    wording: str = ""
    wording_version: str = ""
    country: str = ""
    locale: str = ""
    ip: str = ""
    url: str = ""
    proof: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    once: str = ""


def give(
    merchant: Merchant, channel: str, address: str, topic: str, said: Said, *, basis: Basis = Basis.CONSENT
) -> ConsentEntry:
    """Note that an address may be written to about a topic ("" for every one). Raises Unprocessable."""
    if basis not in (Basis.CONSENT, Basis.DOUBLE_OPT_IN, Basis.EXISTING_CUSTOMER):
        raise Unprocessable("This basis cannot be given.", param="basis", code="invalid_consent")
    return _add(merchant, channel, address, topic, ConsentState.GIVEN, said, basis=basis)


def request(merchant: Merchant, channel: str, address: str, topic: str, said: Said) -> ConsentEntry:
    """Note that an address is asked to confirm. It changes nothing about what may be sent. Raises Unprocessable."""
    return _add(merchant, channel, address, topic, ConsentState.REQUESTED, said, basis=Basis.DOUBLE_OPT_IN)


def confirm(merchant: Merchant, request_id: UUID, said: Said) -> ConsentEntry:
    """Confirm a request from the mailbox that it was sent to: once, however often it is asked.

    The new entry repeats the wording of the request. Raises NotFound.
    """
    with merchant_transaction(merchant):
        asked = ConsentEntry.objects.filter(pk=request_id, state=ConsentState.REQUESTED).first()
        if asked is None or not asked.address:
            raise NotFound("There is no such request.", param="consent_id")
        return _add(
            merchant, asked.channel, asked.address, asked.topic, ConsentState.GIVEN,
            Said(
                source=said.source, wording=asked.wording, wording_version=asked.wording_version,
                country=asked.country, locale=said.locale or asked.locale, ip=said.ip, url=said.url,
                proof={**said.proof, "requested_at": asked.occurred_at.isoformat()}, once=f"confirm {asked.pk}",
            ),
            basis=Basis.DOUBLE_OPT_IN, request_id=asked.pk,
        )  # fmt: skip


def withdraw(merchant: Merchant, channel: str, address: str, topic: str, said: Said) -> ConsentEntry:
    """Note that an agreement is taken back, for a topic or for every one (""). Raises Unprocessable."""
    return _add(merchant, channel, address, topic, ConsentState.WITHDRAWN, said)


def object_to(merchant: Merchant, channel: str, address: str, topic: str, said: Said) -> ConsentEntry:
    """Note that somebody who never agreed does not want it (§7(3) Nr. 3 UWG). Raises Unprocessable."""
    return _add(merchant, channel, address, topic, ConsentState.OBJECTED, said)


def stop_number(number: str) -> int:
    """A telephone said STOP to the sender that all shops share: every agreement that it ever gave is withdrawn.

    START lets news about orders through again (`suppressions.start_number`); advertising needs a new agreement.
    Returns in how many shops something was withdrawn.
    """
    if not normal_address(Channel.SMS, number):
        return 0
    with platform_scope("a telephone says STOP to the number that all shops share"):
        rows = ConsentEntry.objects.filter(channel=Channel.SMS, digest=digest(Channel.SMS, number))
        ids = set(rows.values_list("merchant_id", flat=True))
    merchants = Merchant.objects.defer("logo").in_bulk(ids).values()
    for merchant in merchants:
        withdraw(merchant, Channel.SMS, number, EVERYTHING, Said(source="sms_stop"))
    return len(merchants)


def erase(merchant: Merchant, address: str) -> int:
    """Empty what names a person in every entry about an address. Returns how many entries there were.

    The hash of the address, the states, times and wordings stay: an objection holds, and the shop can show that it
    kept to what was said (GDPR, article 17 (3) (b) and (e)).
    """
    keys = [digest(channel, address) for channel in ("email", "sms") if normal_address(channel, address)]
    with merchant_transaction(merchant):
        rows = ConsentEntry.objects.filter(digest__in=keys)
        erased = rows.update(address="", ip_digest=None, url="", proof={})
        Preference.objects.filter(digest__in=keys).delete()
        if erased:
            record_by_hand("consent.erased", label=f"{erased}")
    return erased


def ip_digest(ip: str) -> bytes | None:
    """An IP address as it is kept: 32 bytes that can be compared with a known address, and not read back."""
    if not ip:
        return None
    return hmac.new(b"consent-ip:" + settings.SECRET_KEY.encode(), ip.encode(), hashlib.sha256).digest()


def _add(
    merchant: Merchant,
    channel: str,
    address: str,
    topic: str,
    state: ConsentState,
    said: Said,
    *,
    basis: Basis | None = None,
    request_id: UUID | None = None,
) -> ConsentEntry:
    normal = normal_address(channel, address)
    if not normal:
        raise Unprocessable("This is no address of the channel.", param="address", code="invalid_address")
    if topic != EVERYTHING and topic not in Topic.values:
        raise Unprocessable(
            f"topic is one of {', '.join(Topic.values)}, or empty.", param="topic", code="unknown_topic"
        )
    now = timezone.now()
    if said.at is not None and said.at > now + _AHEAD:
        raise Unprocessable("This lies in the future.", param="occurred_at", code="invalid_consent")
    entry = ConsentEntry(
        merchant=merchant, channel=channel, digest=digest(channel, normal), address=normal, topic=topic,
        state=state, basis=basis or "", wording=said.wording, wording_version=said.wording_version[:60],
        source=said.source[:40], country=said.country.upper()[:2], locale=said.locale[:10],
        ip_digest=ip_digest(said.ip), url=said.url[:1000], proof=dict(said.proof), request_id=request_id,
        once_key=hashlib.sha256(said.once.encode()).digest() if said.once else None,
        occurred_at=said.at or now, recorded_at=now,
    )  # fmt: skip
    with merchant_transaction(merchant):
        ConsentEntry.objects.bulk_create([entry], ignore_conflicts=True)
        stored = entry if entry.once_key is None else ConsentEntry.objects.get(once_key=entry.once_key)
        if stored.pk == entry.pk:
            event_log.record(_fact(entry))
            record_by_hand(f"consent.{state.value}", public_id("csn", entry.pk), normal)
    return stored


def _fact(entry: ConsentEntry) -> ConsentFact:
    common: dict[str, Any] = {
        "consent_id": entry.pk, "channel": entry.channel, "topic": entry.topic, "source": entry.source,
    }  # fmt: skip
    if entry.state == ConsentState.GIVEN:
        return ConsentGiven(**common, basis=entry.basis)
    if entry.state == ConsentState.REQUESTED:
        return ConsentRequested(**common)
    return ConsentWithdrawn(**common, objected=entry.state == ConsentState.OBJECTED)
