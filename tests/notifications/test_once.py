"""One message a moment, whatever bounces, repeats or runs at the same time."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from events.drain import drain
from events.facts import RecordedFact
from events.models import Fact
from merchants.models import SHARDS, Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from notifications.sending import send_due
from notifications.subscribers import plan_messages
from orders import commands as orders
from orders.models import Order
from orders.schemas import CustomerIn
from tests import factories
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink

Log = Callable[..., list[Message]]


def in_minutes(count: int) -> Any:
    return timezone.now() + timedelta(minutes=count)


def test_a_status_that_bounces_is_told_once(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log
) -> None:
    parcel = factories.shipment(merchant, factories.order(merchant))
    for minute, status in enumerate(["out_for_delivery", "in_transit", "out_for_delivery", "in_transit"]):
        factories.scan(merchant, parcel, status, in_minutes(minute))
        drain_all()
    assert len(log_of(touchpoint="shipment_out_for_delivery")) == 1


def test_the_same_problem_is_told_once_and_another_one_again(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log
) -> None:
    parcel = factories.shipment(merchant, factories.order(merchant))
    for minute, substatus in enumerate(["exception.held", "", "exception.held", "exception.damaged"]):
        status = "exception" if substatus else "in_transit"
        factories.scan(merchant, parcel, status, in_minutes(minute), substatus=substatus)
    drain_all()
    assert len(log_of(touchpoint="shipment_exception")) == 2


def test_two_parcels_are_two_moments(merchant: Merchant, drain_all: Callable[[], int], log_of: Log) -> None:
    order = factories.order(merchant, quantity=2)
    for _ in range(2):
        factories.shipment(merchant, order, quantity=1)
    drain_all()
    assert len(log_of(touchpoint="shipment_shipped")) == 2


def test_an_order_that_is_posted_again_is_confirmed_once(
    api: ApiClient, drain_all: Callable[[], int], log_of: Log
) -> None:
    body = factories.order_body()
    for number in ("#1", "#2"):
        api.post("orders", {**body, "number": number})
        drain_all()
    assert len(log_of()) == 1


def test_facts_that_are_read_again_plan_nothing_new(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log
) -> None:
    factories.shipment(merchant, factories.order(merchant))
    drain_all()
    before = {message.id for message in log_of()}
    with merchant_scope(merchant):
        plan_messages(merchant, _facts())
    assert {message.id for message in log_of()} == before
    assert len(before) == 2


def _facts() -> list[RecordedFact]:
    return [
        RecordedFact(
            position=row.position, type=row.type, merchant_id=row.merchant_id, order_id=row.order_id,
            data=row.data, recorded_at=row.recorded_at,
        )
        for row in Fact.objects.filter(type__in=["order.placed", "shipment.shipped"]).order_by("position")
    ]  # fmt: skip


def test_history_is_not_told(merchant: Merchant, drain_all: Callable[[], int], log_of: Log) -> None:
    order = factories.order(merchant, notify=False)
    factories.shipment(merchant, order, notify=False)
    orders.cancel_order(merchant, order.id, notify=False)
    drain_all()
    assert log_of() == []


def test_news_that_was_read_days_late_is_kept_and_not_told(
    merchant: Merchant, send_all: Callable[[], None], log_of: Log, later: Any, smtp_sink: SmtpSink
) -> None:
    factories.order(merchant)
    later(timedelta(hours=49))
    send_all()
    [message] = log_of()
    assert (message.state, message.reason, message.due_at) == ("skipped", "too_old", None)
    assert smtp_sink.mails == []


def test_an_order_without_an_address_says_so(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log
) -> None:
    factories.order(merchant, customer=CustomerIn(first_name="Anna"))
    drain_all()
    [message] = log_of()
    assert (message.state, message.reason, message.recipient) == ("skipped", "no_address", "")
    drain_all()
    with merchant_scope(merchant):
        fact = Fact.objects.get(type="message.skipped")
    assert fact.data["reason"] == "no_address"
    assert fact.order_id == message.order_id


def test_the_log_is_read_with_a_fixed_number_of_queries(
    merchant: Merchant, django_assert_num_queries: Any
) -> None:
    counts = []
    for count in (1, 30):
        placed = [factories.order(merchant) for _ in range(count)]
        with merchant_scope(merchant):
            facts = [
                RecordedFact(
                    position=n, type="order.placed", merchant_id=merchant.id, order_id=order.id,
                    data={"order_id": str(order.id), "external_id": order.external_id, "number": order.number,
                          "total": "1", "currency": "EUR"},
                    recorded_at=timezone.now(),
                )
                for n, order in enumerate(placed)
            ]  # fmt: skip
            with django_assert_num_queries(3) as queries:
                plan_messages(merchant, facts)
            counts.append(len(queries))
            assert Message.objects.filter(order__in=placed).count() == count
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_drains_and_two_senders_at_once_send_each_message_once(smtp_sink: SmtpSink) -> None:
    merchants = [factories.merchant(f"shop-{n}") for n in range(3)]
    placed = [factories.order(owner) for owner in merchants for _ in range(12)]
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            start.wait(5)
            for shard in range(SHARDS):
                drain(shard)
            while send_due():
                pass
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    while send_due():
        pass
    assert failures == []
    arrived = sorted(recipient for mail in smtp_sink.mails for recipient in mail.recipients)
    assert arrived == sorted(order.email for order in placed)


@pytest.mark.django_db(transaction=True)
def test_an_order_that_was_deleted_meanwhile_stops_nobody(
    merchant: Merchant, send_all: Callable[[], None], smtp_sink: SmtpSink
) -> None:
    gone, kept = factories.order(merchant), factories.order(merchant)
    with merchant_scope(merchant):
        Order.objects.filter(pk=gone.pk).delete()
    send_all()
    assert [mail.recipients for mail in smtp_sink.mails] == [[kept.email]]
