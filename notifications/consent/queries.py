"""Reading the consent ledger: where addresses stand, and whether a message may go there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from merchants.rest.errors import NotFound
from notifications.choices import ADDRESSED
from notifications.consent.models import ConsentEntry
from notifications.consent.standing import NOBODY, Grant, Standing, judge, standing
from notifications.reasons import Reason
from notifications.suppressions import digest

# What an entry is judged by; the wording stays where it is.
_JUDGED = ("id", "merchant_id", "digest", "channel", "topic", "state", "basis", "occurred_at")
# As it was said: what a shop reports late does not undo what came after.
_IN_ORDER = ("occurred_at", "recorded_at", "id")


@dataclass(frozen=True)
class Consents:
    """Where some addresses of one merchant stand, loaded with one query."""

    standings: Mapping[bytes, Standing]

    def of(self, channel: str, address: str) -> Standing:
        """Where one address stands."""
        return self.standings.get(digest(channel, address), NOBODY) if address else NOBODY

    def may_send(
        self, message_class: str, topic: str, channel: str, address: str, country: str, at: datetime
    ) -> Grant | Reason:
        """Whether a message may go to an address: its basis, or the reason against it."""
        return judge(self.of(channel, address), message_class, topic, channel, country, at)


def consents(addresses: Iterable[tuple[str, str]]) -> Consents:
    """Where these (channel, address) of the open scope stand: one query, none when there is no address."""
    wanted = {digest(channel, address) for channel, address in addresses if address}
    if not wanted:
        return Consents({})
    rows: dict[bytes, list[ConsentEntry]] = {}
    for row in ConsentEntry.objects.filter(digest__in=wanted).only(*_JUDGED).order_by(*_IN_ORDER):
        rows.setdefault(bytes(row.digest), []).append(row)
    return Consents({key: standing(entries) for key, entries in rows.items()})


def may_send(
    message_class: str, topic: str, channel: str, address: str, country: str, at: datetime
) -> Grant | Reason:
    """`Consents.may_send` for one address of the open scope: one query."""
    known = consents([(channel, address)])
    return known.may_send(message_class, topic, channel, address, country, at)


def ledger(address: str = "", channel: str = "", topic: str = "", state: str = "") -> QuerySet[ConsentEntry]:
    """Entries of the open scope, narrowed. `address` is a whole one, in any spelling."""
    rows: QuerySet[ConsentEntry] = ConsentEntry.objects.all()
    if address:
        rows = rows.filter(digest__in=[digest(each, address) for each in ADDRESSED])
    narrowed = {"channel": channel, "topic": topic, "state": state}
    return rows.filter(**{name: value for name, value in narrowed.items() if value})


def history_of(addresses: Iterable[tuple[str, str]]) -> list[ConsentEntry]:
    """Every entry about these (channel, address) of the open scope, oldest first: one query."""
    keys = [digest(channel, address) for channel, address in addresses if address]
    return list(ConsentEntry.objects.filter(digest__in=keys).order_by(*_IN_ORDER))


def get_entry(entry_id: UUID | None) -> ConsentEntry:
    """An entry of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    row = ConsentEntry.objects.filter(pk=entry_id).first() if entry_id else None
    if row is None:
        raise NotFound("There is no such entry.", param="consent_id")
    return row
