"""Notifications on devices by web push: encrypted for the browser, signed for its push service.

RFC 8030 (the protocol), 8291 (aes128gcm), 8292 (VAPID). One message goes to every device of its order. It was sent when
one of them has it; a device that is gone is forgotten, which is how people and browsers end it.
"""

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.conf import settings
from django.utils import timezone
from py_vapid import Vapid02, VapidException
from pywebpush import WebPusher, WebPushException

from merchants import http
from merchants.domains import portal_host
from merchants.models import Merchant
from notifications.channels.base import Receipt, Refused, TryLater
from notifications.models import Message
from notifications.push.commands import forget_devices
from notifications.push.keys import Subscription
from notifications.push.models import PushKey
from notifications.push.queries import devices_of
from notifications.reasons import Reason
from notifications.sender import reply_address, sender_address
from orders.queries import portal_url
from webhooks.schedule import Answer, wished_pause

PROVIDER: Final = "webpush"
_TIMEOUT: Final = http.Timeout(connect=3.05, read=8, total=10)
_GONE: Final = frozenset({404, 410})
_TOKEN_LIVES: Final = 12 * 3600  # seconds; push services take 24 hours at most (RFC 8292, 2)
_A_DAY: Final = 24 * 3600
# For how long a push service keeps it for a device that is off (seconds), and whether it wakes one that saves power.
_SPEED: Final[Mapping[str, tuple[int, str]]] = {
    "shipment_out_for_delivery": (_A_DAY // 2, "high"),
    "shipment_delivered": (2 * _A_DAY, "high"),
    "shipment_exception": (2 * _A_DAY, "high"),
}
_USUAL: Final = (2 * _A_DAY, "normal")


@dataclass(frozen=True)
class Told:
    """What a push service answered about one device. status: None when it did not, and then `detail` says why."""

    status: int | None
    detail: str
    answer: Answer
    reference: str = ""
    is_refused: bool = False

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The browser ended the subscription, or the person forbade it."""
        return self.status in _GONE

    @property
    def can_be_repeated(self) -> bool:
        return not self.is_refused and (self.status is None or self.status == 429 or self.status >= 500)


class PushConnection:
    """The push services of an order's devices."""

    # A repeat has the tag of the first one and takes its place on the screen.
    repeats_when_in_doubt = True

    def open(self) -> None:
        """Nothing to do: each message is a request of its own."""

    def chosen(self, message: Message) -> str:
        """There is nobody else."""
        return ""

    def send(self, merchant: Merchant, message: Message) -> Receipt:
        """Hand a rendered message to every device of its order. Raises TryLater or Refused when none of them has it."""
        return _outcome(tell_devices(merchant, message))

    def close(self) -> None:
        """Nothing is open."""


def tell_devices(merchant: Merchant, message: Message) -> list[Told]:
    """Send a rendered message to every device of its order, and forget those that are gone. Raises Refused."""
    assert message.order_id is not None
    key = PushKey.objects.first()
    if key is None or not key.private:
        raise Refused(
            Reason.CHANNEL_OFF, "The key pair cannot be read any more: switch push off and on again."
        )
    body = _payload(merchant, message)
    told = {
        pk: _post(merchant, key, each, message, body) for pk, each in devices_of(message.order_id).items()
    }
    if gone := [pk for pk, each in told.items() if each.is_gone]:
        forget_devices(merchant, gone)
    return list(told.values())


def topic(message: Message) -> str:
    """What replaces what: of a parcel only the newest news is kept, at the push service and on the screen."""
    about = f"{message.order_id}\n{message.shipment_id or ''}".encode()
    return base64.urlsafe_b64encode(
        hashlib.sha256(about).digest()[:24]
    ).decode()  # 32 letters (RFC 8030, 5.4)


def _payload(merchant: Merchant, message: Message) -> bytes:
    told: dict[str, Any] = {
        "title": message.subject, "body": message.text, "tag": topic(message), "lang": message.locale,
        "url": portal_url(merchant, message.order, portal_host(merchant)) if message.order else "",
    }  # fmt: skip
    if merchant.logo_hash:
        told["icon"] = f"logo-{merchant.logo_hash}.png"  # beside the service worker
    return msgspec.json.encode(told)


def _post(merchant: Merchant, key: PushKey, device: Subscription, message: Message, body: bytes) -> Told:
    ttl, urgency = _SPEED.get(message.touchpoint, _USUAL)
    try:
        encrypted = WebPusher(
            {"endpoint": device.endpoint, "keys": {"p256dh": device.p256dh, "auth": device.auth}}
        ).encode(body)["body"]
        answer = http.request(
            "POST", device.endpoint, data=encrypted, timeout=_TIMEOUT, max_bytes=20_000, allow=settings.OUTBOUND_ALLOW,
            headers={
                **_signed(merchant, key, device), "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream", "TTL": str(ttl), "Urgency": urgency,
                "Topic": topic(message),
            },
        )  # fmt: skip
    except (WebPushException, VapidException, ValueError) as error:
        return Told(None, f"{device.host}: {error!r}", Answer(error="refused"), is_refused=True)
    except http.OutboundError as error:
        is_refused = isinstance(error, http.Refused)
        return Told(None, f"{device.host}: {error}", Answer(error="no_connection"), is_refused=is_refused)
    return Told(
        answer.status,
        f"{device.host}: {answer.status} {answer.text[:200]}".strip(),
        Answer(answer.status, retry_after=answer.headers.get("Retry-After", "")[:100]),
        answer.headers.get("Location", ""),
    )


def _signed(merchant: Merchant, key: PushKey, device: Subscription) -> dict[str, str]:
    """Who sends, for this push service only. `sub`: whom its people write to when we send too much."""
    headers: dict[str, str] = Vapid02.from_raw(key.private.encode()).sign(
        {
            "aud": device.origin, "exp": int(time.time()) + _TOKEN_LIVES,
            "sub": f"mailto:{reply_address(merchant) or sender_address(merchant)}",
        }
    )  # fmt: skip
    return headers


def _outcome(told: Sequence[Told]) -> Receipt:
    if taken := next((each for each in told if each.is_taken), None):
        return Receipt(PROVIDER, taken.reference[:200])
    detail = "; ".join(each.detail for each in told)
    later = [each for each in told if each.can_be_repeated]
    if later:
        now = timezone.now()
        raise TryLater(detail, max(wished_pause(each.answer, now) for each in later))
    if all(each.is_gone for each in told):
        raise Refused(Reason.NO_DEVICE, detail or "No device is left.")
    raise Refused(Reason.REFUSED, detail)
