"""The shopper's link to an order.

The token is derived from the secret key, the order and its link version, so that every message can carry
it, while the database holds only its SHA-256: whoever reads the database cannot open a page. Raising the
version revokes the link.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings

VALID_FOR = timedelta(days=400)
_TOKEN_BYTES = 18  # 144 bits


def link_token(order_id: UUID, version: int, digest: bytes | None = None) -> str:
    """The token of an order's link: 24 URL-safe letters.

    digest: what is stored of it. A link that was made with a former secret key keeps its token: a new one would
    open nothing.
    """
    newest = _token(settings.SECRET_KEY, order_id, version)
    if digest is None or link_digest(newest) == digest:
        return newest
    former = (_token(key, order_id, version) for key in settings.SECRET_KEY_FALLBACKS)
    return next((token for token in former if link_digest(token) == digest), newest)


@lru_cache(maxsize=256)  # An order's link is made when it is stored and told when it is answered.
def _token(key: str, order_id: UUID, version: int) -> str:
    mac = _keyed(key).copy()
    mac.update(b"order-link:" + order_id.bytes + version.to_bytes(4, "big"))
    return base64.urlsafe_b64encode(mac.digest()[:_TOKEN_BYTES]).decode()


@lru_cache(maxsize=8)
def _keyed(key: str) -> hmac.HMAC:
    """HMAC-SHA-256 that has taken in the key, to be copied: setting it up costs several times what the message does."""
    return hmac.new(key.encode(), digestmod="sha256")


def link_digest(token: str) -> bytes:
    """What is stored and looked up."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def new_link(order_id: UUID, version: int, now: datetime) -> tuple[bytes, datetime]:
    """Digest and expiry of a link made at `now`."""
    return link_digest(link_token(order_id, version)), now + VALID_FOR
