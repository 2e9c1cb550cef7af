"""Key pairs and subscriptions as browsers speak of them: points and secrets in base64url without padding.

`cryptography` is loaded by whoever first needs it.
"""

import base64
import binascii
import hashlib
from urllib.parse import urlsplit

import msgspec

from merchants.rest.errors import Unprocessable
from webhooks.checks import check_url

_POINT, _AUTH = 65, 16  # bytes (RFC 8291, 3.1 and 3.2)


class Subscription(msgspec.Struct, frozen=True):
    """What a browser's `PushSubscription` tells: where to send, and what to encrypt with."""

    endpoint: str
    p256dh: str
    auth: str

    @property
    def host(self) -> str:
        """Whose push service it is."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def origin(self) -> str:
        """For whom a VAPID token is made out (RFC 8292, 2)."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"


def new_pair() -> tuple[str, str]:
    """A new VAPID key pair: the public half and the private one."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return encoded(point), encoded(key.private_numbers().private_value.to_bytes(32, "big"))


def checked(endpoint: str, p256dh: str, auth: str) -> Subscription:
    """A subscription that can be sent to. Raises Unprocessable: an address that is not called, keys that are none."""
    from cryptography.hazmat.primitives.asymmetric import ec

    endpoint = check_url(endpoint)
    point, secret = _decoded(p256dh), _decoded(auth)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise _bad("p256dh") from None
    if len(point) != _POINT or len(secret) != _AUTH:
        raise _bad("auth")
    return Subscription(endpoint, encoded(point), encoded(secret))


def digest(endpoint: str) -> bytes:
    """How an endpoint is found again."""
    return hashlib.sha256(endpoint.encode()).digest()


def encoded(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (ValueError, binascii.Error):
        return b""


def _bad(name: str) -> Unprocessable:
    return Unprocessable("This is no key of a push subscription.", param=name)
