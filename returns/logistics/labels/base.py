"""What everybody who makes labels takes and gives. Modules are thin: ask, read, translate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from merchants import http

# A label with a logo in 300 dpi has about 200 KB.
_LARGEST: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel comes from or goes to. country: ISO 3166, two letters."""

    name: str = ""
    company: str = ""
    street: str = ""
    house: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """What is in the parcel, for customs. value: of all of them, as a text."""

    title: str
    sku: str
    quantity: int
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The label that is wanted. reference: the return's number; the same asked again has the same.

    destination: what the return rules call the place that it goes to; "" for the usual one.
    """

    reference: str
    sender: Address
    receiver: Address
    qr: bool
    grams: int
    items: tuple[Item, ...] = ()
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What was made. pdf, qr: files; one of them is there."""

    carrier: str
    tracking_number: str
    reference: str = ""
    pdf: bytes | None = None
    qr: bytes | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A merchant's access. base_url and allow are for tests and proxies, as of carriers."""

    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    base_url: str = ""
    allow: frozenset[str] = frozenset()


class Maker(Protocol):
    """Somebody who makes labels."""

    def __call__(self, wanted: Wanted, account: Account) -> Label:
        """The label. Raises Refused and NotNow."""


class Refused(Exception):
    """It will not be made, however often it is asked for: the address, the access or the country is wrong."""


class NotNow(Exception):
    """No answer, or one that says: later."""


def call(
    method: str, url: str, account: Account, *, headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None, json: Any = None,
) -> http.Response:  # fmt: skip
    """One request. Raises NotNow without an answer, for 429 and 5xx; Refused for every other error."""
    try:
        answer = http.request(
            method, url, headers=headers, params=params, json=json, max_bytes=_LARGEST, allow=account.allow
        )
    except http.OutboundError as error:
        raise NotNow(str(error)[:300]) from error
    if answer.status == 429 or answer.status >= 500:
        raise NotNow(f"{answer.status}: {answer.text[:200]}")
    if not answer.ok:
        raise Refused(f"{answer.status}: {answer.text[:300]}")
    return answer


def body_of(answer: http.Response) -> dict[str, Any]:
    """The JSON object of an answer. Raises NotNow for something else."""
    try:
        value = answer.json()
    except ValueError:
        raise NotNow("The answer is not JSON.") from None
    if not isinstance(value, dict):
        raise NotNow("The answer is not an object.")
    return value


def cheapest(rates: Any, account: Account, *, carrier: str, service: str) -> Mapping[str, Any]:
    """The cheapest of some rates, of the carrier and service that the settings name. Raises Refused without one.

    carrier, service: what the maker calls these fields of a rate.
    """
    chosen, kind = account.settings.get("carrier", ""), account.settings.get("service", "")
    fitting = [
        rate for rate in rates or []
        if isinstance(rate, dict)
        and (not chosen or str(rate.get(carrier, "")).casefold() == str(chosen).casefold())
        and (not kind or _service(rate, service).casefold() == str(kind).casefold())
    ]  # fmt: skip
    if not fitting:
        raise Refused("Nobody carries it from there by this service.")
    return min(fitting, key=_price)


def _price(rate: Mapping[str, Any]) -> float:
    try:
        return float(rate.get("rate") or rate.get("amount") or "inf")
    except (TypeError, ValueError):
        return float("inf")


def _service(rate: Mapping[str, Any], name: str) -> str:
    value = rate.get(name, "")
    return str(value.get("token", "") if isinstance(value, dict) else value)
