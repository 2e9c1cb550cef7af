"""How each carrier pushes: how its pushes are recognised, what they say, and how they are asked for.

| carrier | asked for | recognised by |
| --- | --- | --- |
| DHL (Unified push) | a subscription a parcel, with a header of our own; DHL asks back | that header's token |
| UPS (Track Alert) | a subscription a parcel, fourteen days | the header `credential` that we gave |
| FedEx (Advanced Integrated Visibility) | by the merchant, in FedEx's portal | `fdx-signature`: HMAC-SHA256 |
| USPS (Subscriptions Tracking) | a subscription a parcel, with a secret of ours | `X-HMAC`: HMAC-SHA256 |
| EasyPost, AfterShip, 17TRACK | by the merchant, in the service's dashboard | their signatures |
| Shippo | by the merchant, in Shippo's dashboard | `Shippo-Auth-Signature`: HMAC-SHA256, or `?token=` of the address |

What a subscription needs to be recognised is derived for each merchant (`token_of`): nobody has to type it. Where the
merchant makes the webhook in the carrier's portal, the secret stands in its account as `webhook_secret`.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from merchants import http
from orders.shops import signed
from tracking.carriers import ups, usps
from tracking.carriers.base import Account, CannotRead, NotFound
from tracking.carriers.bodies import dig, first, json_body, refused, text
from tracking.carriers.calls import send, wait_of
from tracking.carriers.dhl import BASE_URL as DHL_URL
from tracking.carriers.tokens import with_token
from tracking.pushes.reading import as_answer, ups_answer

Verify = Callable[[Mapping[str, str], bytes, Iterable[str]], bool]
Subscribe = Callable[[str, str, str, Account], None]
Confirm = Callable[[bytes, Account], bool]

OWN_HEADER: Final = "X-Afterward-Token"
# The door puts `?token=` of the webhook's address among the headers by this name, which no header can have.
QUERY_TOKEN: Final = "?token"  # noqa: S105  # a name
# The same for every parcel of a merchant: long enough that nobody guesses it, short enough for USPS (32 characters).
_TOKEN_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class Push:
    """How one carrier pushes.

    verify: whether a push with these headers and body was made with one of the secrets. read: the body in the form
    that the adapter reads. subscribe: ask for pushes about a number; raises CarrierError; None where the merchant
    does that in the carrier's portal. confirm: a carrier asks back whether a subscription is meant: answers it, and
    says whether the push was about that alone; raises CarrierError. lasts: how long the carrier keeps a subscription.
    any_carrier: it tells about parcels of all carriers.
    """

    verify: Verify
    read: Callable[[bytes], bytes] = as_answer
    subscribe: Subscribe | None = None
    confirm: Confirm | None = None
    lasts: timedelta = timedelta(days=14)
    any_carrier: bool = False


def token_of(merchant_id: UUID, carrier: str) -> list[str]:
    """What we give a carrier so that it can show who it is; the second and further ones by former secret keys."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    salt, value = f"carrier-push:{carrier}", str(merchant_id)
    made = (salted_hmac(salt, value, secret=key, algorithm="sha256").hexdigest() for key in keys)
    return [token[:_TOKEN_LENGTH] for token in made]


# --- Recognising


def _told_in(*names: str) -> Verify:
    def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
        given = str(first(*(headers.get(name, "") for name in names)) or "").removeprefix("Bearer ").strip()
        found = False
        for secret in secrets:
            found |= hmac.compare_digest(secret.encode(), given.encode()) and bool(secret)
        return found

    return verify


def _hmac_in(header: str, prefix: str = "") -> Verify:
    def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
        return signed(
            [secret for secret in secrets if secret], body, headers.get(header, "").removeprefix(prefix)
        )

    return verify


def _seventeentrack(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
    """SHA-256 over the body, a slash and the key."""
    found = False
    for secret in secrets:
        expected = hashlib.sha256(body + b"/" + secret.encode()).hexdigest()
        found |= hmac.compare_digest(expected.encode(), headers.get("sign", "").lower().encode()) and bool(
            secret
        )
    return found


def _shippo(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
    """`t=…,v1=…`: HMAC-SHA256 over the time, a dot and the body; else the token in the webhook's address."""
    secrets = [secret for secret in secrets if secret]
    if not (told := headers.get("Shippo-Auth-Signature", "")):
        return _told_in(QUERY_TOKEN)(headers, body, secrets)
    parts = dict(part.strip().partition("=")[::2] for part in told.split(","))
    return signed(secrets, parts.get("t", "").encode() + b"." + body, parts.get("v1", ""))


# --- Asking for them


def _dhl(number: str, url: str, token: str, account: Account) -> None:
    wish: dict[str, Any] = {
        "hook": {
            "uri": url,
            "authentication": {"type": "ApiKeyAuthentication", "header": OWN_HEADER, "token": token},
        },
        "format": "Default", "type": "Shipment", "shipmentIDs": [number],
        "service": account.credentials.get("service") or "parcel-de",
        "events": ["Pre-Transit", "Transit", "Delivered", "Failure", "Unknown"],
    }  # fmt: skip
    key = account.credentials.get("api_key", "")
    _agreed(
        send("POST", f"{account.base_url or DHL_URL}/tracking/push/v1/subscription", account, json=wish,
             headers={"DHL-API-Key": key})
    )  # fmt: skip


_DHL_SUBSCRIPTION: Final = re.compile(r"/subscription/([\w-]{1,100})/?$")


def _confirm_dhl(body: bytes, account: Account) -> bool:
    """DHL asks with a secret whether a subscription is meant, and is told the secret; then it says that it is ready."""
    told = json_body(body)
    scope = text(dig(told, "scope"))
    if scope == "subscription.validate":
        # Of the address only the id is taken: we call nobody else than DHL.
        found = _DHL_SUBSCRIPTION.search(text(dig(told, "self"), 300))
        if found is None:
            raise CannotRead("a subscription without an id", body=body)
        key = account.credentials.get("api_key", "")
        _agreed(
            send("POST", f"{account.base_url or DHL_URL}/tracking/push/v1/subscription/{found[1]}", account,
                 headers={"DHL-API-Key": key, "DHL-API-Hook-Secret": text(dig(told, "secret"), 500)})
        )  # fmt: skip
    return scope.startswith("subscription.") and scope != "subscription.push"


def _ups(number: str, url: str, token: str, account: Account) -> None:
    wish = {
        "locale": "en_US", "trackingNumberList": [number],
        "destination": {"url": url, "credentialType": "Bearer", "credential": token},
    }  # fmt: skip
    base = account.base_url or ups.BASE_URL

    def call(bearer: str) -> http.Response:
        return send(
            "POST", f"{base}/api/track/v1/subscription/standard/package", account, json=wish,
            headers={"Authorization": f"Bearer {bearer}", "transId": token[:8], "transactionSrc": "afterward"},
        )  # fmt: skip

    answer = with_token(ups.grant(account), account, call)
    _agreed(answer)
    # One that UPS does not take is refused in a 200.
    told = json_body(answer.body) if answer.body else {}
    if number in (dig(told, "invalidTrackingNumbers") or ()):
        raise NotFound("UPS does not take this number", number=number)


def _usps(number: str, url: str, token: str, account: Account) -> None:
    wish = {
        "listenerURL": url, "secret": token,
        "filterProperties": {"trackingNumber": number, "trackingEventTypes": ["ALL_UPDATES"]},
    }  # fmt: skip
    base = account.base_url or usps.BASE_URL

    def call(bearer: str) -> http.Response:
        return send(
            "POST", f"{base}/subscriptions-tracking/v3/subscriptions", account, json=wish,
            headers={"Authorization": f"Bearer {bearer}"},
        )  # fmt: skip

    _agreed(with_token(usps.grant(account), account, call))


def _agreed(answer: http.Response) -> None:
    # 409: it is subscribed already.
    if not answer.ok and answer.status != 409:
        raise refused(answer.status, answer.text[:200], retry_after=wait_of(answer), body=answer.body)


PUSHES: Final[dict[str, Push]] = {
    "dhl": Push(_told_in(OWN_HEADER), subscribe=_dhl, confirm=_confirm_dhl, lasts=timedelta(days=30)),
    "ups": Push(_told_in("credential", "Authorization"), read=ups_answer, subscribe=_ups),
    "fedex": Push(_hmac_in("fdx-signature")),
    "usps": Push(_hmac_in("X-HMAC"), subscribe=_usps),
    "easypost": Push(_hmac_in("X-Hmac-Signature", "hmac-sha256-hex="), any_carrier=True),
    "aftership": Push(_hmac_in("aftership-hmac-sha256"), any_carrier=True),
    "shippo": Push(_shippo, any_carrier=True),
    "17track": Push(_seventeentrack, any_carrier=True),
}
