"""Signatures as Standard Webhooks has them: HMAC-SHA256 over `id.timestamp.body`, one for each live secret."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone

_PREFIX = "whsec_"


class Signer(Protocol):
    """A row with a secret, and with the one before for a while after it was rotated."""

    secret: Any
    old_secret: Any
    old_secret_until: datetime | None


def new_secret() -> str:
    """A secret of 256 random bits, as it is shown: `whsec_` and base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def live_secrets(signer: Signer) -> list[str]:
    """The secrets that sign now, the newest first: two for a while after one was rotated."""
    until = signer.old_secret_until
    rotating = signer.old_secret and until and until > timezone.now()
    # An empty one is one that cannot be decrypted any more: anybody could sign with it.
    return [secret for secret in (signer.secret, signer.old_secret if rotating else "") if secret]


def signed_headers(message_id: str, timestamp: int, body: bytes, live: Iterable[str]) -> dict[str, str]:
    """The three headers of a request. `live`: the secrets in use, the newest first."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_sign(secret, content) for secret in live),
    }


def _sign(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
