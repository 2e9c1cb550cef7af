"""Webhooks of shop systems: checked, stored, answered. The work comes after (`orders.inbox`)."""

import hashlib

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from events import due
from merchants.models import Merchant
from merchants.rest.decode import read_body
from merchants.rest.errors import NotAuthenticated, Problem, as_problem, respond
from merchants.scope import merchant_scope
from orders.connectors import shopify as connector
from orders.inbox import INBOX, known_topic
from orders.models import InboxItem, InboxState
from orders.shops import signed_by_shop

_LONGEST_ID = 191


@csrf_exempt
@require_POST
def shopify(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a webhook of a merchant's Shopify shop in.

    401 for a bad signature and for an unknown merchant alike; 413 for a body over the limit; 503 when it
    cannot be stored, so that Shopify sends it again. A second delivery of the same webhook changes nothing.
    """
    try:
        return _take_in(request, slug)
    except (Problem, OperationalError, InterfaceError) as error:
        problem = as_problem(error)
        assert problem is not None
        return respond(problem)


def _take_in(request: HttpRequest, slug: str) -> HttpResponse:
    body = read_body(request)
    merchant = Merchant.objects.filter(slug=slug).first()
    signature = request.headers.get("X-Shopify-Hmac-Sha256", "")
    if not signed_by_shop(merchant, connector.SOURCE, body, signature) or merchant is None:
        raise NotAuthenticated("The webhook is not signed with this shop's secret.")
    topic = request.headers.get("X-Shopify-Topic", "")[:64]
    # Repeated deliveries carry the same id. It is not signed, so its absence falls back on the content.
    webhook_id = request.headers.get("X-Shopify-Webhook-Id", "").strip()
    if not 0 < len(webhook_id) <= _LONGEST_ID or "\x00" in webhook_id:
        webhook_id = "sha256:" + hashlib.sha256(topic.encode() + b"\n" + body).hexdigest()
    _store(merchant, topic.replace("\x00", ""), webhook_id, body)
    return HttpResponse(status=200)


def _store(merchant: Merchant, topic: str, webhook_id: str, body: bytes) -> None:
    now = timezone.now()
    known = known_topic(topic)
    item = InboxItem(
        merchant=merchant, source=connector.SOURCE, external_id=webhook_id, topic=topic, body=body,
        received_at=now, due_at=now if known else None,
        state=InboxState.WAITING if known else InboxState.DONE,
        error="" if known else "Nothing is done with this topic.",
    )  # fmt: skip
    with merchant_scope(merchant), transaction.atomic():
        InboxItem.objects.bulk_create([item], ignore_conflicts=True)
        due.ring_when_committed(INBOX)
