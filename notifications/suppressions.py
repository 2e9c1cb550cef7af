"""The suppression list: addresses that a merchant does not write to any more, and telephones that said STOP."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from events import log as event_log
from merchants.audit import record_by_hand
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_transaction
from notifications.choices import ADDRESSED, address_channel
from notifications.facts import SuppressionAdded, SuppressionLifted
from notifications.models import Channel, MessageClass, StoppedNumber, Suppression, SuppressionReason
from notifications.reasons import Reason
from orders.text import normal_email, normal_phone

# What a reason does not stop. Who reports a mail as spam still gets what the law says they must get; who unsubscribes
# still hears of what they bought. An address that does not exist, or that a person closed by hand, gets nothing.
_GOES_ON: Mapping[str, frozenset[str]] = {
    SuppressionReason.COMPLAINED: frozenset({MessageClass.LEGAL}),
    SuppressionReason.UNSUBSCRIBED: frozenset({MessageClass.LEGAL, MessageClass.TRANSACTIONAL}),
}


@dataclass(frozen=True)
class Suppressed:
    """Which of some addresses are suppressed, by digest."""

    reasons: Mapping[bytes, str]
    stopped: frozenset[bytes]

    def why(self, channel: str, address: str, message_class: str) -> Reason | None:
        """Why a message of a class must not go to an address, None when it may."""
        key = digest(channel, address)
        if key in self.stopped:
            return Reason.STOPPED
        found = self.reasons.get(key)
        if found is None or message_class in _GOES_ON.get(found, ()):
            return None
        return Reason.SUPPRESSED


@lru_cache(maxsize=512)  # each message asks for it some seven times
def digest(channel: str, address: str) -> bytes:
    """How an address is stored: 32 bytes, the same for every spelling of it."""
    known_as = address_channel(channel)
    return hashlib.sha256(f"{known_as}\n{normal_address(known_as, address)}".encode()).digest()


def suppressed(addresses: Iterable[tuple[str, str]]) -> Suppressed:
    """What the open scope's merchant has to keep to of these (channel, address): at most two queries."""
    wanted = {str(channel): set[bytes]() for channel in ADDRESSED}
    for channel, address in addresses:
        if address:
            wanted[address_channel(channel)].add(digest(channel, address))
    everything = set().union(*wanted.values())
    if not everything:
        return Suppressed({}, frozenset())
    rows = Suppression.objects.filter(channel__in=ADDRESSED, digest__in=everything)
    reasons = {bytes(key): reason for key, reason in rows.values_list("digest", "reason")}
    stopped = StoppedNumber.objects.filter(pk__in=wanted[Channel.SMS]) if wanted[Channel.SMS] else ()
    return Suppressed(reasons, frozenset(bytes(row.pk) for row in stopped))


def suppress(
    merchant: Merchant, channel: str, address: str, reason: SuppressionReason, detail: str = ""
) -> Suppression:
    """Write to an address no more. Of two reasons the one that stops more stays. Returns its row.

    Raises Unprocessable for what is no address of the channel.
    """
    if not (normal := normal_address(channel, address)):
        raise Unprocessable("This is no address of the channel.", param="address", code="invalid_address")
    now = timezone.now()
    with merchant_transaction(merchant):
        row, is_new = Suppression.objects.select_for_update().get_or_create(
            merchant=merchant, channel=channel, digest=digest(channel, normal),
            defaults={
                "address": normal, "reason": reason, "detail": detail[:500], "created_at": now,
            },
        )  # fmt: skip
        if not is_new and len(_GOES_ON.get(reason, ())) >= len(_GOES_ON.get(row.reason, ())):
            return row
        if not is_new:
            row.reason, row.detail, row.address = reason, detail[:500], normal
            row.save(update_fields=["reason", "detail", "address"])
        event_log.record(SuppressionAdded(suppression_id=row.pk, channel=channel, reason=reason))
        record_by_hand("suppression.added", public_id("sup", row.pk), normal, {"reason": [None, reason]})
    return row


def lift(merchant: Merchant, suppression_id: UUID | None) -> None:
    """Write to an address again. Raises NotFound, the same for another merchant's."""
    with merchant_transaction(merchant):
        row = Suppression.objects.select_for_update().filter(pk=suppression_id).first()
        if row is None:
            raise NotFound("There is no such suppression.", param="suppression_id")
        event_log.record(SuppressionLifted(suppression_id=row.pk, channel=row.channel, reason=row.reason))
        record_by_hand("suppression.lifted", public_id("sup", row.pk), row.address)
        row.delete()


def stop_number(number: str) -> None:
    """A telephone said STOP to the installation's sender: no merchant texts it any more."""
    StoppedNumber.objects.get_or_create(
        pk=digest(Channel.SMS, number), defaults={"stopped_at": timezone.now()}
    )


def start_number(number: str) -> None:
    """A telephone said START: it may be texted again."""
    StoppedNumber.objects.filter(pk=digest(Channel.SMS, number)).delete()


def found(typed: str = "", channel: str = "", reason: str = "") -> QuerySet[Suppression]:
    """Suppressions of the open scope, narrowed. `typed` is a whole address."""
    rows: QuerySet[Suppression] = Suppression.objects.all()
    if typed:
        rows = rows.filter(digest__in=[digest(each, typed) for each in ADDRESSED])
    if channel:
        rows = rows.filter(channel=channel)
    return rows.filter(reason=reason) if reason else rows


def normal_address(channel: str, address: str) -> str:
    """An address of a channel in its normal form, "" for what is none."""
    return normal_email(address) if channel == Channel.EMAIL else normal_phone(address)
