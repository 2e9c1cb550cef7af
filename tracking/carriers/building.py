"""What every adapter puts together the same way: a scan out of its parts, both ends of the way, OAuth."""

from datetime import datetime
from typing import Final, TypedDict

from tracking.carriers.base import Account, CarrierScan, Credential
from tracking.carriers.mapping import Meaning
from tracking.carriers.places import Place
from tracking.carriers.tokens import Grant

CLIENT: Final[tuple[Credential, ...]] = (Credential("client_id", secret=False), Credential("client_secret"))
# What the pushes of carriers are signed with whose webhook the merchant makes in their portal.
WEBHOOK_SECRET: Final = Credential("webhook_secret", required=False)


class Ends(TypedDict):
    """Where a parcel comes from and goes to, as `TrackingResult` takes it."""

    origin_country: str
    origin_postcode: str
    destination_country: str
    destination_postcode: str


def scanned(
    meaning: Meaning,
    place: Place,
    occurred_at: datetime,
    local_time: str,
    offset_known: bool,
    *,
    code: str,
    words: str,
) -> CarrierScan:
    """A scan: what it means, where and when (UTC, and as the carrier wrote it), its code and its words."""
    return CarrierScan(
        occurred_at=occurred_at, local_time=local_time[:40], offset_known=offset_known, status=meaning.status,
        substatus=meaning.substatus, raw_code=code, description=words[:500], city=place.city, region=place.region,
        postcode=place.postcode, country=place.country, known=meaning.known,
    )  # fmt: skip


def sentence(*words: str) -> str:
    """What a carrier says in several fields, once each."""
    return " · ".join(dict.fromkeys(filter(None, words)))


def ends_of(origin: Place, destination: Place) -> Ends:
    """Both ends of the way."""
    return Ends(
        origin_country=origin.country, origin_postcode=origin.postcode, destination_country=destination.country,
        destination_postcode=destination.postcode,
    )  # fmt: skip


def client_credentials(url: str, account: Account, *, as_json: bool = False) -> Grant:
    """How a token is got with an account's `client_id` and `client_secret` (RFC 6749, 4.4), both in the body."""
    own = account.credentials
    body = {
        "grant_type": "client_credentials",
        "client_id": own.get("client_id", ""),
        "client_secret": own.get("client_secret", ""),
    }
    return Grant(url, json=body) if as_json else Grant(url, form=body)
