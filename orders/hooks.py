"""Webhooks of shop systems: checked, stored, answered. The work comes after (`orders.inbox`)."""

import hashlib
import re
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from events import due
from merchants.ids import parse_public_id, uuid7
from merchants.models import Merchant
from merchants.rest.decode import read_body
from merchants.rest.doors import door
from merchants.rest.errors import NotAuthenticated
from merchants.scope import merchant_scope
from orders.inbox import INBOX
from orders.models import InboxItem, InboxState, ShopKind
from orders.shops import generic_shop, signed, signed_by_shop
from orders.topics import GENERIC_TOPIC, known_topic

_LONGEST_ID = 191
_NOT_SIGNED = "The webhook is not signed with this shop's secret."
# WooCommerce asks whether anybody is there when a webhook is made, and signs nothing then.
_PING = re.compile(rb"webhook_id=\d{1,20}\s*")


class _Headers(NamedTuple):
    """Where a shop system says who signed, what it is about, and which delivery it is."""

    signature: str
    topic: str
    id: str


@door
def shopify(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a webhook of a merchant's Shopify shop in.

    401 for a bad signature and for an unknown merchant alike; 413 for a body over the limit; 503 when it
    cannot be stored, so that Shopify sends it again. A second delivery of the same webhook changes nothing.
    """
    headers = _Headers("X-Shopify-Hmac-Sha256", "X-Shopify-Topic", "X-Shopify-Webhook-Id")
    return _take(request, slug, ShopKind.SHOPIFY, read_body(request), headers)


@door
def woocommerce(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a webhook of a merchant's WooCommerce shop in. As `shopify`; its unsigned ping is answered, and is all."""
    body = read_body(request)
    if _PING.fullmatch(body):
        return HttpResponse(status=200)
    headers = _Headers("X-WC-Webhook-Signature", "X-WC-Webhook-Topic", "X-WC-Webhook-Delivery-ID")
    return _take(request, slug, ShopKind.WOOCOMMERCE, body, headers)


@door
def generic(request: HttpRequest, slug: str, connection_id: str) -> HttpResponse:
    """Take an order of any other shop in, to be read by the connection's mapping. As `shopify`.

    Without an id of the delivery each one is worked off: what they bring is the same every time.
    """
    body = read_body(request)
    merchant = _merchant(slug)
    shop = generic_shop(merchant, parse_public_id("con", connection_id) or UUID(int=0))
    signature = request.headers.get(shop.signature_header, "")
    if not signed(shop.secrets, body, signature) or merchant is None:
        raise NotAuthenticated(_NOT_SIGNED)
    delivery_id = request.headers.get(shop.id_header, "") if shop.id_header else ""
    _store(merchant, connection_id, GENERIC_TOPIC, delivery_id or str(uuid7()), body)
    return HttpResponse(status=200)


def _take(request: HttpRequest, slug: str, shop: ShopKind, body: bytes, headers: _Headers) -> HttpResponse:
    """Check a body against the shop's secrets and store it. Raises NotAuthenticated."""
    merchant = _merchant(slug)
    signature = request.headers.get(headers.signature, "")
    if not signed_by_shop(merchant, shop, body, signature) or merchant is None:
        raise NotAuthenticated(_NOT_SIGNED)
    topic = request.headers.get(headers.topic, "")[:64].replace("\x00", "")
    _store(merchant, shop, topic, request.headers.get(headers.id, ""), body)
    return HttpResponse(status=200)


def _merchant(slug: str) -> Merchant | None:
    return Merchant.objects.filter(slug=slug).defer("logo").first()


def _store(merchant: Merchant, source: str, topic: str, webhook_id: str, body: bytes) -> None:
    """Store a webhook, unless it was delivered before, and wake a worker."""
    # Repeated deliveries carry the same id. It is not signed, so its absence falls back on the content.
    webhook_id = webhook_id.strip()
    if not 0 < len(webhook_id) <= _LONGEST_ID or "\x00" in webhook_id:
        webhook_id = "sha256:" + hashlib.sha256(topic.encode() + b"\n" + body).hexdigest()
    now = timezone.now()
    known = known_topic(source, topic)
    item = InboxItem(
        merchant=merchant, source=source, external_id=webhook_id, topic=topic, body=body,
        received_at=now, due_at=now if known else None,
        state=InboxState.WAITING if known else InboxState.DONE,
        error="" if known else "Nothing is done with this topic.",
    )  # fmt: skip
    with merchant_scope(merchant), transaction.atomic():
        InboxItem.objects.bulk_create([item], ignore_conflicts=True)
        due.ring_when_committed(INBOX)
