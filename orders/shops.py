"""Connections to shop systems: their secrets, and whether a webhook was signed with one of them."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from merchants.audit import differences, record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound
from merchants.scope import merchant_scope, merchant_transaction
from orders.models import ShopConnection, ShopKind

# Compared with when there is no secret, so that an unknown shop takes as long as a wrong signature.
_NOBODYS_SECRET = secrets.token_hex(32)
SIGNATURE_HEADER = "X-Signature"


@dataclass(frozen=True)
class ShopValues:
    """What the team says about a connection. Empty secrets and credentials keep those that are stored."""

    name: str = ""
    address: str = ""
    secret: str = ""
    credentials: Mapping[str, str] | None = None
    options: Mapping[str, Any] | None = None


def connect_shop(merchant: Merchant, kind: str, *, secret: str = "") -> str:
    """Connect a shop system, or give its connection a new secret. Returns the secret.

    The former secret keeps working until the next call, so that webhooks signed with it are not lost. Without
    `secret` a random one is made. Giving the secret that is in use changes nothing.
    """
    with merchant_transaction(merchant):
        connection = ShopConnection.objects.select_for_update().filter(kind=kind).first()
        values = ShopValues(secret=secret or secrets.token_hex(32))
        if connection is None:
            return _create(merchant, kind, values).secret
        _rotate(connection, values.secret)
        return connection.secret


def add_shop(merchant: Merchant, kind: str, values: ShopValues) -> ShopConnection:
    """Connect a shop, or change the connection of this kind that there is. Of generic ones there may be several."""
    with merchant_transaction(merchant):
        if kind != ShopKind.GENERIC:
            known = ShopConnection.objects.select_for_update().filter(kind=kind).first()
            if known is not None:
                return _change(known, values)
        return _create(merchant, kind, values)


def change_shop(merchant: Merchant, connection_id: UUID, values: ShopValues) -> ShopConnection:
    """Change a connection. Raises NotFound."""
    with merchant_transaction(merchant):
        return _change(_locked(connection_id), values)


def disconnect_shop(merchant: Merchant, connection_id: UUID) -> None:
    """Forget a shop's secrets: nothing of it is taken in any more. What it brought stays. Raises NotFound."""
    with merchant_transaction(merchant):
        connection = _locked(connection_id)
        record_change(
            "shop.disconnected", public_id("con", connection.id), connection.name or connection.kind
        )
        connection.delete()


def _locked(connection_id: UUID) -> ShopConnection:
    connection = ShopConnection.objects.select_for_update().filter(pk=connection_id).first()
    if connection is None:
        raise NotFound("There is no such shop.", param="connection_id")
    return connection


def _create(merchant: Merchant, kind: str, values: ShopValues) -> ShopConnection:
    connection = ShopConnection(
        merchant=merchant, kind=kind, name=values.name, address=values.address,
        secret=values.secret or secrets.token_hex(32), options=dict(values.options or {}),
        credentials=json.dumps(dict(values.credentials)) if values.credentials else "",
    )  # fmt: skip
    connection.save(force_insert=True)
    label = connection.name or connection.kind
    told = {"kind": [None, kind], "address": [None, connection.address]}
    record_change("shop.connected", public_id("con", connection.id), label, told)
    return connection


def _change(connection: ShopConnection, values: ShopValues) -> ShopConnection:
    before = {"name": connection.name, "address": connection.address, "options": connection.options}
    options = connection.options if values.options is None else dict(values.options)
    after = {"name": values.name, "address": values.address, "options": options}
    changes = differences(before, after)
    if values.credentials:
        connection.credentials = json.dumps({**credentials_of(connection), **values.credentials})
        changes["credentials"] = ["(secret)", "(changed)"]
    connection.name, connection.address, connection.options = values.name, values.address, options
    connection.save()
    if changes:
        record_change(
            "shop.changed", public_id("con", connection.id), connection.name or connection.kind, changes
        )
    if values.secret:
        _rotate(connection, values.secret)
    return connection


def _rotate(connection: ShopConnection, secret: str) -> None:
    """A new secret; the former one keeps working beside it."""
    if connection.secret == secret:
        return
    connection.old_secret, connection.secret = connection.secret, secret
    connection.save(update_fields=["secret", "old_secret"])
    label = connection.name or connection.kind
    record_change("shop.secret_rotated", public_id("con", connection.id), label)


def credentials_of(connection: ShopConnection) -> dict[str, str]:
    """What the shop's API wants to see of us. Empty when it was never given, or can be read no more."""
    try:
        found = json.loads(connection.credentials or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def hook_path(merchant: Merchant, kind: str, connection: ShopConnection | None = None) -> str:
    """Where the shop system sends its webhooks, on this installation's own host."""
    path = f"/hooks/{kind}/{merchant.slug}"
    return f"{path}/{public_id('con', connection.id)}" if connection and kind == ShopKind.GENERIC else path


# --- Signatures


@dataclass(frozen=True)
class GenericShop:
    """How a generic shop signs, and which header names a delivery. Without secrets there is no such shop."""

    secrets: tuple[str, ...] = ()
    signature_header: str = SIGNATURE_HEADER
    id_header: str = ""


def generic_shop(merchant: Merchant | None, connection_id: UUID) -> GenericShop:
    """How the shop behind a generic hook signs."""
    if merchant is None:
        return GenericShop()
    with merchant_scope(merchant):
        found = ShopConnection.objects.filter(kind=ShopKind.GENERIC, pk=connection_id).first()
    if found is None:
        return GenericShop()
    header = str(found.options.get("signature_header") or SIGNATURE_HEADER)
    return GenericShop(_both(found), header, str(found.options.get("id_header") or ""))


def signed_by_shop(merchant: Merchant | None, kind: str, body: bytes, signature: str) -> bool:
    """Whether base64(HMAC-SHA256(body)) was made with the merchant's secret or its former one.

    Takes the same time for an unknown merchant, and compares in constant time.
    """
    return _matches(_secrets(merchant, kind), body, signature.encode("utf-8", "replace"))


def signed(known: Iterable[str], body: bytes, signature: str) -> bool:
    """As `signed_by_shop`, for shops of all kinds: the signature may be hex as well, and begin with `sha256=`."""
    given = signature.strip().removeprefix("sha256=")
    if len(given) == 64:
        try:
            given = base64.b64encode(binascii.unhexlify(given)).decode()
        except ValueError:
            given = ""
    return _matches(list(known), body, given.encode("utf-8", "replace"))


def _matches(known: Iterable[str], body: bytes, given: bytes) -> bool:
    known = list(known)
    found = False
    for secret in (*known, *[_NOBODYS_SECRET] * (2 - len(known))):
        expected = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))
        found |= hmac.compare_digest(expected, given) and secret in known
    return found


def _secrets(merchant: Merchant | None, kind: str) -> tuple[str, ...]:
    """The secrets in use. Never an empty one: with it anybody could sign."""
    if merchant is None:
        return ()
    with merchant_scope(merchant):
        connection = ShopConnection.objects.filter(kind=kind).first()
    return _both(connection) if connection else ()


def _both(connection: ShopConnection) -> tuple[str, ...]:
    return tuple(secret for secret in (connection.secret, connection.old_secret) if secret)
