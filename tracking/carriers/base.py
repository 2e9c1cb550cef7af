"""What every carrier adapter takes and gives. Adapters are thin: ask, read, translate."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from merchants.http import DEFAULT_TIMEOUT, Timeout
from tracking.statuses import Status


@dataclass(frozen=True, slots=True)
class Account:
    """One merchant's access to a carrier.

    `allow` and `base_url` are for tests and proxies: "host:port" that the HTTP client trusts.
    """

    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_url: str = ""
    language: str = "en"
    timeout: Timeout = DEFAULT_TIMEOUT
    allow: frozenset[str] = frozenset()
    # For aggregators: number → our carrier's code; whether a number that they do not follow yet is left alone.
    carriers: Mapping[str, str] = field(default_factory=dict)
    only_look: bool = False


@dataclass(frozen=True, slots=True)
class CarrierScan:
    """One thing the carrier saw happen."""

    occurred_at: datetime  # UTC
    local_time: str  # as the carrier wrote it
    offset_known: bool  # False: `occurred_at` was worked out from the place
    status: Status
    substatus: str = ""
    raw_code: str = ""
    description: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""  # ISO 3166, two letters
    known: bool = (
        True  # False: the adapter's table has no such code (docs/carriers.md, "Codes we do not know")
    )


@dataclass(frozen=True, slots=True)
class Pickup:
    """Where a parcel waits for the shopper, and until when (UTC). `code` is the carrier's name for the place."""

    name: str = ""
    address: str = ""  # street and number
    postcode: str = ""
    city: str = ""
    country: str = ""
    hours: str = ""  # as the carrier wrote them
    code: str = ""
    until: datetime | None = None

    @property
    def line(self) -> str:
        """The place on one line, as the shopper reads it."""
        return ", ".join(filter(None, (self.name, self.address, self.postcode, self.city)))[:300]


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that it was delivered. `left_with`: "neighbour", "safe_place", "mailbox" …, "" when not told."""

    signed_by: str = ""
    left_with: str = ""
    place: str = ""  # in the carrier's words: "Front door", "Receptionist"
    document_url: str = ""
    photo_url: str = ""
    available: bool = False  # the carrier has a picture or a signature, and gives no address for it


@dataclass(frozen=True, slots=True)
class HandOver:
    """The carrier that brings it the last mile (our code, "" when we only know the number), and its number there."""

    carrier: str
    number: str


@dataclass(frozen=True, slots=True)
class TrackingResult:
    """All that a carrier says about one parcel. Times are UTC; scans are oldest first.

    `eta_is_day`: the carrier named a day and no hours (`eta_from` and `eta_to` are its ends there).
    """

    tracking_number: str
    scans: tuple[CarrierScan, ...] = ()
    eta_from: datetime | None = None
    eta_to: datetime | None = None
    eta_is_day: bool = False
    service: str = ""
    weight_grams: int | None = None
    delivered_to: str = ""
    proof: Proof = Proof()
    pickup: Pickup | None = None
    handed_over_to: HandOver | None = None
    origin_country: str = ""
    origin_postcode: str = ""
    destination_country: str = ""
    destination_postcode: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def unknown_codes(self) -> tuple[str, ...]:
        """The codes that the adapter's table does not have, each once."""
        return tuple(dict.fromkeys(scan.raw_code for scan in self.scans if not scan.known))


class CarrierError(Exception):
    """Why there is no result for one number. `body` is what the carrier answered, if anything."""

    code = "error"

    def __init__(self, detail: str, *, number: str = "", body: bytes = b"") -> None:
        super().__init__(detail)
        self.detail = detail
        self.number = number
        self.body = body


class AuthenticationFailed(CarrierError):
    """The credentials are wrong: somebody has to mend them before anything is asked again."""

    code = "authentication_failed"


class NotFound(CarrierError):
    """The carrier does not know the number (yet: new parcels take up to a day to appear)."""

    code = "not_found"


class RateLimited(CarrierError):
    """Too many questions. `retry_after` is in seconds; None when the carrier did not say."""

    code = "rate_limited"

    def __init__(
        self, detail: str, *, retry_after: float | None, number: str = "", body: bytes = b""
    ) -> None:
        super().__init__(detail, number=number, body=body)
        self.retry_after = retry_after


class CarrierDown(CarrierError):
    """No answer, or a failure on the carrier's side: ask again later."""

    code = "carrier_down"


class CannotRead(CarrierError):
    """It answered something that we do not understand: our adapter has to learn it."""

    code = "cannot_read"


Answer = TrackingResult | CarrierError


@dataclass(frozen=True, slots=True)
class Credential:
    """Something that a carrier gives its customers so that they may ask. `secret`: never shown again."""

    name: str
    secret: bool = True
    required: bool = True


@dataclass(frozen=True, slots=True)
class PollAdvice:
    """How often a carrier lets itself be asked, from its own documentation."""

    calls_per_second: float = 1.0
    calls_per_day: int = 250
    numbers_per_call: int = 1
    fastest: timedelta = timedelta(hours=2)
    slowest: timedelta = timedelta(hours=24)


class Carrier(Protocol):
    """An adapter. It keeps no state between calls."""

    code: str
    name: str
    poll: PollAdvice
    credentials: tuple[Credential, ...]

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        """One entry for each number, in their order. Errors are returned, not raised."""
        ...

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        """What an answer says of a number, or (None) of every number in it. At least one entry; never raises.

        status: HTTP; an error that only the body tells is seen too. retry_after: seconds, from the header.
        """
        ...

    def tracking_url(self, number: str, locale: str) -> str:
        """The carrier's public page for a number; `locale` like "de" or "de-AT"."""
        ...


def scan_key(carrier: str, number: str, scan: CarrierScan) -> bytes:
    """16 bytes that are the same whenever the carrier tells the same scan again.

    Made of what the carrier wrote and not of what we read into it, so that a better mapping or
    time zone does not turn the old scans into new ones.
    """
    place = (scan.city, scan.region, scan.postcode, scan.country)
    parts = (carrier, number, scan.raw_code, scan.local_time, scan.description, *place)
    plain = "\x1f".join(" ".join(part.casefold().split()) for part in parts)
    return hashlib.blake2b(plain.encode(), digest_size=16).digest()
