"""API keys: `Authorization: Bearer aw_live_…`, or `aw_test_…` for a merchant's sandbox.

A key is random, so one SHA-256 is enough to store it safely; a slow password hash on each call would be an
outage of our own making.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import ApiKey, Merchant
from merchants.prepared import loaded, prepared_cursor
from merchants.rest import known_keys
from merchants.rest.errors import Forbidden, MethodNotAllowed, NotAuthenticated
from merchants.scope import merchant_transaction

SCOPES = (
    "orders:read", "orders:write", "shipments:read", "shipments:write",
    "customers:read", "customers:write", "products:read", "products:write", "messages:read", "messages:write",
    "cases:read", "returns:read", "returns:write", "refunds:read", "refunds:write", "credit:read", "credit:write",
    "events:read",
    "webhooks:read", "webhooks:write", "imports:read", "imports:write",
)  # fmt: skip
_PREFIX_LENGTH = 12
_USED_AT_MOST_EVERY = timedelta(minutes=1)


def create_api_key(merchant: Merchant, *, name: str, scopes: tuple[str, ...] = SCOPES) -> tuple[ApiKey, str]:
    """Make a key. Returns its row and the key itself, which is not stored and cannot be shown again.

    Raises ValueError for a scope that does not exist.
    """
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise ValueError(f"no such scopes: {sorted(unknown)}")
    key = ("aw_test_" if merchant.is_sandbox else "aw_live_") + secrets.token_urlsafe(32)
    with merchant_transaction(merchant):
        row = ApiKey.objects.create(
            merchant=merchant,
            name=name,
            prefix=key[:_PREFIX_LENGTH],
            digest=_digest(key),
            scopes=list(scopes),
        )
        record_change("api_key.created", public_id("key", row.id), name, {"scopes": [None, list(scopes)]})
    return row, key


def revoke_api_key(key: ApiKey) -> None:
    """Make a key useless: here from now on, in other processes within `settings.API_KEY_SECONDS` (a second).

    Doing it twice changes nothing.
    """
    with merchant_transaction(key.merchant):
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record_change("api_key.revoked", public_id("key", key.id), key.name)
        transaction.on_commit(lambda: known_keys.forget(bytes(key.digest)))


class ApiKeyAuthentication(BaseAuthentication):
    """Finds the key's row (and its merchant) in one query, or knows them still; `request.auth` is the `ApiKey`."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey]:
        scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise NotAuthenticated("Send your API key as `Authorization: Bearer <key>`.")
        found = _find(key.strip())
        if found is None:
            raise NotAuthenticated("This API key does not exist or was revoked.")
        _note_use(found)
        return None, found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="afterward"'


class HasScope(BasePermission):
    """The view names the scope that each method needs in `scopes`; a method it does not name is not answered (405).

    HEAD needs what GET needs; OPTIONS, which tells nothing of anybody's, needs any key.
    """

    def has_permission(self, request: Request, view: object) -> bool:
        if request.method == "OPTIONS":
            return True
        method = "GET" if request.method == "HEAD" else request.method
        needed = getattr(view, "scopes", {}).get(method)
        if needed is None:
            raise MethodNotAllowed(f"{request.method} is not answered here.")
        if needed not in request.auth.scopes:  # type: ignore[union-attr]
            raise Forbidden(f"This needs the scope {needed}.", param="Authorization")
        return True


# Everything of both rows but the logo, which may be large.
_KEY_FIELDS = [field.attname for field in ApiKey._meta.concrete_fields]
_MERCHANT_FIELDS = [field.attname for field in Merchant._meta.concrete_fields if field.attname != "logo"]
_FIND = f"""
SELECT {", ".join(f"k.{name}" for name in _KEY_FIELDS)}, {", ".join(f"m.{name}" for name in _MERCHANT_FIELDS)}
FROM merchants_apikey k JOIN merchants_merchant m ON m.id = k.merchant_id
WHERE k.digest = %s::bytea AND k.revoked_at IS NULL
"""  # noqa: S608  # names of our own columns


def _find(key: str) -> ApiKey | None:
    """The live key and its merchant: as they were a moment ago, or in one prepared statement."""
    digest = _digest(key)
    row = known_keys.remembered(digest) or _look_up(digest)
    if row is None:
        return None
    found = loaded(ApiKey, _KEY_FIELDS, row[: len(_KEY_FIELDS)])
    found.merchant = loaded(Merchant, _MERCHANT_FIELDS, row[len(_KEY_FIELDS) :])
    return found


def _look_up(digest: bytes) -> known_keys.Row | None:
    asked_at = known_keys.now()
    with prepared_cursor(binary=True) as cursor:
        cursor.execute(_FIND, [digest])
        row: known_keys.Row | None = cursor.fetchone()
    if row is not None:
        known_keys.remember(digest, row, asked_at)
    return row


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > _USED_AT_MOST_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_AT_MOST_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
        known_keys.forget(bytes(key.digest))  # What is remembered says that it was never used.


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
