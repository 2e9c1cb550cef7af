"""What the consent ledger looks like on its way through the API."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from merchants.ids import public_id
from notifications.consent.models import ConsentEntry

TopicName = Literal["", "tips", "reviews", "reminders", "offers", "points"]


class ConsentIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody said at the shop. An empty `topic` is every topic.

    `requested` has us ask them by e-mail to confirm (double opt-in). `given` needs a `basis`; `existing_customer` is
    for who bought, was told at collection that they may object, and has not.
    """

    channel: Literal["email", "sms"]
    address: Annotated[
        str, Meta(min_length=3, max_length=254, description="An e-mail address, or a number as +49….")
    ]
    topic: TopicName = ""
    state: Literal["requested", "given", "withdrawn", "objected"]
    basis: Literal["", "consent", "double_opt_in", "existing_customer"] = ""
    wording: Annotated[str, Meta(max_length=5000, description="What they read, word for word.")] = ""
    wording_version: Annotated[str, Meta(max_length=60)] = ""
    source: Annotated[str, Meta(max_length=40, description="Where: `checkout`, `footer`, `import` …")] = "api"
    country: Annotated[str, Meta(pattern="^([A-Za-z]{2})?$", description="Where they live: `DE`.")] = ""
    locale: Annotated[str, Meta(max_length=10)] = ""
    ip: Annotated[str, Meta(max_length=45, description="Of their connection: kept as a keyed hash.")] = ""
    url: Annotated[str, Meta(max_length=1000, description="The page on which they said it.")] = ""
    occurred_at: datetime | None = None


class ConsentOut(msgspec.Struct, kw_only=True):
    """One entry of the ledger, as it was written. `address` is empty once it was erased."""

    id: str
    channel: str
    address: str
    topic: str
    state: str
    basis: str
    wording: str
    wording_version: str
    source: str
    country: str
    locale: str
    url: str
    has_ip: bool
    proof: dict[str, Any]
    confirms: str | None
    occurred_at: datetime
    recorded_at: datetime


class TopicOut(msgspec.Struct, kw_only=True):
    """Whether an address may be written to about a topic. `reason` says why not, `basis` why."""

    topic: str
    may_send: bool
    basis: str
    reason: str
    reason_text: str
    consent_id: str | None


class StandingOut(msgspec.Struct, kw_only=True):
    """Where an address stands, by topic, for marketing in a country."""

    channel: str
    address: str
    country: str
    rule: str
    topics: list[TopicOut]


class EraseIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose entries are emptied."""

    address: Annotated[str, Meta(min_length=3, max_length=254)]


class ErasedOut(msgspec.Struct, kw_only=True):
    """How many entries were emptied. A hash of the address stays, so that an objection holds."""

    erased: int


def show_consent(row: ConsentEntry) -> ConsentOut:
    """An entry as the API shows it."""
    return ConsentOut(
        id=public_id("csn", row.pk), channel=row.channel, address=row.address, topic=row.topic,
        state=row.state, basis=row.basis, wording=row.wording, wording_version=row.wording_version,
        source=row.source, country=row.country, locale=row.locale, url=row.url,
        has_ip=row.ip_digest is not None, proof=row.proof,
        confirms=public_id("csn", row.request_id) if row.request_id else None,
        occurred_at=row.occurred_at, recorded_at=row.recorded_at,
    )  # fmt: skip
