"""Webhooks of shop systems: checked, stored, answered. The work comes after (`orders.inbox`)."""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from events import due
from merchants.ids import parse_public_id, uuid7
from merchants.models import Merchant
from merchants.rest.decode import read_body
from merchants.rest.errors import NotAuthenticated, Problem, as_problem, respond
from merchants.scope import merchant_scope
from orders.inbox import INBOX
from orders.models import InboxItem, InboxState, ShopKind
from orders.shops import generic_shop, signed, signed_by_shop
from orders.topics import GENERIC_TOPIC, known_topic

_LONGEST_ID = 191
# WooCommerce asks whether anybody is there when a webhook is made, and signs nothing then.
_PING = re.compile(rb"webhook_id=\d{1,20}\s*")


def _door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A webhook's address: POST only, errors as the API tells them, 503 when it cannot be stored."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: str) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except (Problem, OperationalError, InterfaceError) as error:
            problem = as_problem(error)
            assert problem is not None
            return respond(problem)

    return guarded


@_door
def shopify(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a webhook of a merchant's Shopify shop in.

    401 for a bad signature and for an unknown merchant alike; 413 for a body over the limit; 503 when it
    cannot be stored, so that Shopify sends it again. A second delivery of the same webhook changes nothing.
    """
    body = read_body(request)
    merchant = Merchant.objects.filter(slug=slug).first()
    signature = request.headers.get("X-Shopify-Hmac-Sha256", "")
    if not signed_by_shop(merchant, ShopKind.SHOPIFY, body, signature) or merchant is None:
        raise NotAuthenticated("The webhook is not signed with this shop's secret.")
    topic = _topic(request.headers.get("X-Shopify-Topic", ""))
    webhook_id = request.headers.get("X-Shopify-Webhook-Id", "")
    _store(merchant, ShopKind.SHOPIFY, topic, webhook_id or "", body)
    return HttpResponse(status=200)


@_door
def woocommerce(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a webhook of a merchant's WooCommerce shop in. As `shopify`; its unsigned ping is answered, and is all."""
    body = read_body(request)
    if _PING.fullmatch(body):
        return HttpResponse(status=200)
    merchant = Merchant.objects.filter(slug=slug).first()
    signature = request.headers.get("X-WC-Webhook-Signature", "")
    if not signed_by_shop(merchant, ShopKind.WOOCOMMERCE, body, signature) or merchant is None:
        raise NotAuthenticated("The webhook is not signed with this shop's secret.")
    topic = _topic(request.headers.get("X-WC-Webhook-Topic", ""))
    delivery_id = request.headers.get("X-WC-Webhook-Delivery-ID", "")
    _store(merchant, ShopKind.WOOCOMMERCE, topic, delivery_id, body)
    return HttpResponse(status=200)


@_door
def generic(request: HttpRequest, slug: str, connection_id: str) -> HttpResponse:
    """Take an order of any other shop in, to be read by the connection's mapping. As `shopify`.

    Without an id of the delivery each one is worked off: what they bring is the same every time.
    """
    body = read_body(request)
    merchant = Merchant.objects.filter(slug=slug).first()
    shop = generic_shop(merchant, parse_public_id("con", connection_id) or UUID(int=0))
    signature = request.headers.get(shop.signature_header, "")
    if not signed(shop.secrets, body, signature) or merchant is None:
        raise NotAuthenticated("The webhook is not signed with this shop's secret.")
    delivery_id = request.headers.get(shop.id_header, "") if shop.id_header else ""
    _store(merchant, connection_id, GENERIC_TOPIC, delivery_id or str(uuid7()), body)
    return HttpResponse(status=200)


def _topic(header: str) -> str:
    return header[:64].replace("\x00", "")


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
