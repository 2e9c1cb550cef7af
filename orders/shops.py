"""Connections to shop systems: their secrets, and whether a webhook was signed with one of them."""

import base64
import hashlib
import hmac
import secrets

from django.db import transaction

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import ShopConnection

# Compared with when there is no secret, so that an unknown shop takes as long as a wrong signature.
_NOBODYS_SECRET = secrets.token_hex(32)


def connect_shop(merchant: Merchant, kind: str, *, secret: str = "") -> str:
    """Connect a shop system, or give its connection a new secret. Returns the secret.

    The former secret keeps working until the next call, so that webhooks signed with it are not lost. Without
    `secret` a random one is made. Giving the secret that is in use changes nothing.
    """
    secret = secret or secrets.token_hex(32)
    with merchant_scope(merchant), transaction.atomic():
        connection = ShopConnection.objects.select_for_update().filter(kind=kind).first()
        if connection is None:
            ShopConnection.objects.create(merchant=merchant, kind=kind, secret=secret)
        elif connection.secret != secret:
            connection.old_secret, connection.secret = connection.secret, secret
            connection.save(update_fields=["secret", "old_secret"])
    return secret


def hook_path(merchant: Merchant, kind: str) -> str:
    """Where the shop system sends its webhooks, on this installation's own host."""
    return f"/hooks/{kind}/{merchant.slug}"


def signed_by_shop(merchant: Merchant | None, kind: str, body: bytes, signature: str) -> bool:
    """Whether base64(HMAC-SHA256(body)) was made with the merchant's secret or its former one.

    Takes the same time for an unknown merchant, and compares in constant time.
    """
    known = _secrets(merchant, kind)
    given = signature.encode("utf-8", "replace")
    found = False
    for secret in (*known, *[_NOBODYS_SECRET] * (2 - len(known))):
        expected = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))
        found |= hmac.compare_digest(expected, given) and secret in known
    return found


def _secrets(merchant: Merchant | None, kind: str) -> list[str]:
    """The secrets in use. Never an empty one: with it anybody could sign."""
    if merchant is None:
        return []
    with merchant_scope(merchant):
        connection = ShopConnection.objects.filter(kind=kind).first()
    return [s for s in (connection.secret, connection.old_secret) if s] if connection else []
