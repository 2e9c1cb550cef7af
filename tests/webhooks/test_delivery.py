"""A webhook arrives: once, signed, in order, with its history."""

import random
import string
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook, WebhookVerificationError

from events.models import Cursor, Fact
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders import commands as orders
from tests import factories
from tests.api_client import ApiClient
from tests.webhooks.conftest import Clock, attempts, deliveries, endpoint_at, send_all, tell
from tests.webhooks.receiver import Receiver, status
from webhooks import commands
from webhooks.models import DeliveryState
from webhooks.signing import new_secret, signed_headers

Drain = Callable[[], int]


def test_an_event_arrives_signed_and_as_the_log_shows_it(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, api: ApiClient
) -> None:
    _, secret = endpoint_at(merchant, receiver.url)
    order = tell(merchant, drain_all)
    send_all()
    (request,) = receiver.seen
    body = request.verify(secret)
    (event,) = api.get("events").json()["data"]
    assert body == {
        "type": "order.placed",
        "timestamp": event["recorded_at"],
        "sequence": event["position"],
        "order_id": public_id("ord", order.id),
        "data": event["data"],
    }
    assert event["data"]["order_id"] == public_id("ord", order.id)
    assert len(request.body) < 20_000
    assert request.headers["content-type"] == "application/json"


def test_the_history_keeps_request_answer_status_and_duration(
    merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    endpoint_at(merchant, receiver.url, headers={"X-Token": "s3cret"})
    receiver.answer = status(200, b"taken \x00 with thanks")
    tell(merchant, drain_all)
    send_all()
    (delivery,) = deliveries(merchant)
    (attempt,) = attempts(merchant)
    assert (delivery.state, delivery.last_status, delivery.tries) == (DeliveryState.DELIVERED, 200, 1)
    assert (attempt.status, attempt.number, attempt.error) == (200, 1, "")
    assert attempt.answer == "taken � with thanks"
    assert 0 <= attempt.milliseconds < 5000
    assert receiver.seen[0].headers["x-token"] == "s3cret"
    assert attempt.request_headers["X-Token"] == "••••"
    assert attempt.request_headers["webhook-id"] == public_id("whd", delivery.id)


def test_an_endpoint_is_told_only_the_types_that_it_wants(
    merchant: Merchant, receiver: Receiver, other_receiver: Receiver, drain_all: Drain
) -> None:
    endpoint_at(merchant, receiver.url, types=["order.cancelled"])
    endpoint_at(merchant, other_receiver.url)
    order = tell(merchant, drain_all)
    orders.cancel_order(merchant, order.id)
    drain_all()
    send_all()
    assert receiver.types == ["order.cancelled"]
    assert other_receiver.types == ["order.placed", "order.cancelled"]


def test_a_merchant_is_never_told_anothers_events(
    merchant: Merchant, stranger: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    endpoint_at(merchant, receiver.url)
    tell(stranger, drain_all)
    send_all()
    assert receiver.seen == []
    assert deliveries(merchant) == deliveries(stranger) == []


def test_reading_the_log_again_plans_nothing_twice(
    merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    endpoint_at(merchant, receiver.url)
    tell(merchant, drain_all)
    Cursor.objects.filter(subscriber="webhooks.plan").update(position=0)
    drain_all()
    send_all()
    assert len(receiver.seen) == 1


def test_the_reference_verifier_takes_a_thousand_random_payloads() -> None:
    rng = random.Random(16)
    for _ in range(1000):
        secret = new_secret()
        text = "".join(rng.choices(string.printable + "äß漢🦊\u2028", k=rng.randrange(200)))
        body = ('"' + text.encode("unicode_escape").decode("ascii").replace('"', "'") + '"').encode()
        headers = signed_headers(f"whd_{rng.random()}", _now(), body, [secret])
        Webhook(secret).verify(body, headers, json_parse=False)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body + b" ", headers, json_parse=False)


def _now() -> int:
    return int(time.time())


def test_while_a_secret_is_rotated_both_sign_and_then_only_the_new_one(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, first = endpoint_at(merchant, receiver.url)
    _, second = commands.rotate_secret(merchant, endpoint.id)
    tell(merchant, drain_all)
    send_all()
    assert receiver.seen[0].verify(first) == receiver.seen[0].verify(second)
    monkeypatch.setattr(commands, "OLD_SECRET_LIVES", timedelta(seconds=-1))
    _, third = commands.rotate_secret(merchant, endpoint.id)
    tell(merchant, drain_all)
    send_all()
    receiver.seen[1].verify(third)
    assert len(receiver.seen[1].headers["webhook-signature"].split()) == 1
    for old in (first, second):
        with pytest.raises(WebhookVerificationError):
            receiver.seen[1].verify(old)


def test_events_of_an_order_arrive_in_order_however_the_first_one_fares(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, clock: Clock
) -> None:
    endpoint_at(merchant, receiver.url)
    receiver.answers = [status(503)]
    order = tell(merchant, drain_all)
    send_all()
    other = tell(merchant, drain_all)
    send_all()
    orders.cancel_order(merchant, order.id)
    drain_all()
    send_all()
    # The other order's went through; the cancelling waits behind the placing.
    assert [request.json["order_id"] for request in receiver.seen] == [
        public_id("ord", order.id),
        public_id("ord", other.id),
    ]
    clock.forward(seconds=40)
    send_all()
    of_order = [r for r in receiver.seen if r.json["order_id"] == public_id("ord", order.id)]
    assert [r.json["type"] for r in of_order] == ["order.placed", "order.placed", "order.cancelled"]
    assert of_order[1].json["sequence"] < of_order[2].json["sequence"]
    assert of_order[0].headers["webhook-id"] == of_order[1].headers["webhook-id"]
    assert of_order[0].body == of_order[1].body


def test_what_is_given_up_lets_the_next_of_its_object_go(
    merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    endpoint_at(merchant, receiver.url)
    receiver.answers = [status(400, b"no such thing")]
    order = factories.order(merchant)
    orders.cancel_order(merchant, order.id)
    drain_all()
    send_all()
    assert receiver.types == ["order.placed", "order.cancelled"]
    placed, cancelled = deliveries(merchant)
    assert (placed.state, placed.reason) == (DeliveryState.FAILED, "http_400")
    assert cancelled.state == DeliveryState.DELIVERED


def test_a_body_that_would_be_too_large_is_left_out_and_says_so(
    merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    endpoint_at(merchant, receiver.url)
    tell(merchant, drain_all)
    with merchant_scope(merchant):
        Fact.objects.update(data={"external_id": "x" * 30_000})
    send_all()
    assert receiver.seen[0].json["omitted"] is True
    assert receiver.seen[0].json["data"] == {}


def test_planning_costs_the_same_for_one_fact_and_for_many(
    merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    endpoint_at(merchant, receiver.url)
    counts = []
    for orders_placed in (1, 12):
        for _ in range(orders_placed):
            factories.order(merchant)
        drain_all()
        Cursor.objects.filter(subscriber="webhooks.plan").update(position=0)
        with CaptureQueriesContext(connection) as captured:
            drain_all()
        counts.append(len([q for q in captured if "webhooks_" in q["sql"]]))
    assert counts[0] == counts[1] <= 3
