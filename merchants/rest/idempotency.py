"""`Idempotency-Key`: a request that is sent again gets the answer that it got the first time.

Kept for 24 hours, per merchant, route and key: answers of 2xx, 404 and 410. A validation error (400, 422),
a conflict (409), a throttle (429) and a fault of ours (5xx) are never kept, so that a corrected or repeated
request is really tried. The key's row commits together with what the request did.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone

from merchants.models import IdempotencyKey, Merchant
from merchants.rest.errors import Conflict, InvalidBody, Unprocessable

KEPT_FOR = timedelta(hours=24)
_LONGEST_KEY = 255
_LONGEST_ROUTE = 200
_KEPT_ERRORS = (404, 410)


def once(
    merchant: Merchant, route: str, key: str, body: bytes, work: Callable[[], HttpResponse]
) -> HttpResponse:
    """Do `work` in a transaction, or give the answer of the time when it was done before.

    Raises InvalidBody for a key that cannot be one, Conflict (409, Retry-After) while the same key is being
    worked on, and Unprocessable (422) when the key was used with another body.
    """
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        raise InvalidBody(
            f"An Idempotency-Key has 1 to {_LONGEST_KEY} printable characters.",
            param="Idempotency-Key",
            code="invalid_idempotency_key",
        )
    digest = hashlib.sha256(body).digest()
    if len(route) > _LONGEST_ROUTE or not route.isprintable():  # an address that somebody made up
        route = "sha256:" + hashlib.sha256(route.encode("utf-8", "replace")).hexdigest()
    with transaction.atomic():
        # 1. Whoever gets the lock works; it ends with the transaction, also when the process dies.
        if not _lock(merchant, route, key):
            raise Conflict(
                "A request with this Idempotency-Key is being worked on.",
                param="Idempotency-Key", code="idempotency_key_in_use", retry_after=1,
            )  # fmt: skip
        # 2. Was it done before? Read after the lock was taken, so that the last holder's answer is seen.
        kept = IdempotencyKey.objects.filter(route=route, key=key).first()
        if kept is not None and kept.created_at > timezone.now() - KEPT_FOR:
            return _again(kept, digest)
        # 3. Do it, and keep the answer in the same transaction.
        response = work()
        if kept is not None:
            kept.delete()
        if response.status_code < 300 or response.status_code in _KEPT_ERRORS:
            IdempotencyKey.objects.create(
                merchant=merchant, route=route, key=key, body_digest=digest,
                status=response.status_code, body=response.content, created_at=timezone.now(),
            )  # fmt: skip
        return response


def forget_old(limit: int = 1000) -> int:
    """Delete up to `limit` kept answers that are older than 24 hours. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM merchants_idempotencykey WHERE (merchant_id, id) IN (SELECT merchant_id, id"
            " FROM merchants_idempotencykey WHERE created_at < %s ORDER BY created_at LIMIT %s)",
            [timezone.now() - KEPT_FOR, limit],
        )
        return cursor.rowcount


def _again(kept: IdempotencyKey, digest: bytes) -> HttpResponse:
    if bytes(kept.body_digest) != digest:
        raise Unprocessable(
            "This Idempotency-Key was used with another body.",
            param="Idempotency-Key",
            code="idempotency_key_reused",
        )
    content_type = "application/json" if kept.status < 300 else "application/problem+json"
    response = HttpResponse(bytes(kept.body), status=kept.status, content_type=content_type)
    response["Idempotent-Replayed"] = "true"
    return response


def _lock(merchant: Merchant, route: str, key: str) -> bool:
    name = hashlib.sha256(f"{merchant.id}\n{route}\n{key}".encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(name, "big", signed=True)])
        return bool(cursor.fetchone()[0])
