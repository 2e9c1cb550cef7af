"""Links out of messages that need no account: to the preference centre, out of a list, to a confirmation.

A token names one row (a message, or a request) and one purpose, and carries 144 bits of an HMAC over both. Nobody can
make one for another row or another purpose; nothing of a person stands in it. It works as long as its row is there:
somebody who wants to be left alone must not find an expired link (CAN-SPAM asks for 30 days at least).
"""

import base64
import binascii
import hmac
from uuid import UUID

from django.conf import settings

PREFERENCES, UNSUBSCRIBE, CONFIRM = "preferences", "unsubscribe", "confirm"
_MAC = 18


def token(purpose: str, row_id: UUID) -> str:
    """The token of a row for a purpose: 46 URL-safe letters."""
    made = row_id.bytes + _mac(settings.SECRET_KEY, purpose, row_id)
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def read_token(purpose: str, text: str) -> UUID | None:
    """The row that a token of this purpose names, None for anything else. Former secret keys still count."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    if len(raw) != 16 + _MAC:
        return None
    row_id = UUID(bytes=raw[:16])
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    matches = [hmac.compare_digest(_mac(key, purpose, row_id), raw[16:]) for key in keys]
    return row_id if any(matches) else None


def path(purpose: str, row_id: UUID) -> str:
    """The page's path on a portal, without what comes before it."""
    return f"{_PATHS[purpose]}/{token(purpose, row_id)}/"


_PATHS = {PREFERENCES: "m", UNSUBSCRIBE: "u", CONFIRM: "c"}


def url(slug: str, host: str | None, purpose: str, row_id: UUID) -> str:
    """The page's address: on the merchant's own host when it has one, else on this installation's."""
    base = f"https://{host}/" if host else f"{settings.PUBLIC_URL}/p/{slug}/"
    return base + path(purpose, row_id)


def _mac(key: str, purpose: str, row_id: UUID) -> bytes:
    return hmac.new(key.encode(), f"consent-link:{purpose}:".encode() + row_id.bytes, "sha256").digest()[
        :_MAC
    ]
