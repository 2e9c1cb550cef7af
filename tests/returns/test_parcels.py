"""The parcel of a return: its scans move the return, and nothing takes it for a parcel that a shopper awaits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.models import Fact
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_scope
from notifications.models import Message
from orders.models import Order
from returns import commands
from returns.models import Return
from returns.parcels import set_parcel
from tests import factories
from tests.api_client import ApiClient
from tests.returns.conftest import rules
from tests.returns.test_money import ask, look, refunds
from tracking.models import Shipment, WatchItem


def test_scans_move_the_return_and_its_money(merchant: Merchant, told: Callable[[], list[str]]) -> None:
    from tests.returns.conftest import delivered

    rules(merchant, refund_trigger="scan")
    ret = ask(merchant, delivered(merchant), method="own")
    for _ in range(2):
        set_parcel(merchant, ret.id, tracking_number=" RET-0001 ", carrier="dhl")
    parcel = parcel_of(ret)
    now = timezone.now()
    factories.scan(merchant, parcel, "in_transit", now - timedelta(hours=5))
    assert told()[-2:] == ["in_transit", "settled"]
    assert (look(ret).logistics_state, ret.carrier, len(refunds(merchant))) == ("in_transit", "dhl", 1)
    factories.scan(merchant, parcel, "out_for_delivery", now - timedelta(hours=3))
    factories.scan(merchant, parcel, "delivered", now - timedelta(hours=2))
    assert told()[-1] == "received"
    assert (look(ret).logistics_state, len(refunds(merchant))) == ("received", 1)
    with merchant_scope(merchant):
        line = ret.lines.get()
    assert line.received == 1
    # Somebody opens the parcel: what is counted replaces what the carrier brought.
    commands.receive(merchant, ret.id, [commands_line(line.id)])
    with merchant_scope(merchant):
        assert ret.lines.get().received == 1


def parcel_of(ret: Return) -> Shipment:
    with merchant_scope(look(ret).merchant):
        return Shipment.objects.get(pk=ret.shipment_id)


def commands_line(line_id: Any) -> Any:
    from returns.receiving import ReceivedLine

    return ReceivedLine(line_id, 1)


def test_nobody_takes_it_for_a_parcel_that_is_awaited(
    merchant: Merchant, order: Order, drain_all: Callable[[], int], api: ApiClient
) -> None:
    ret = ask(merchant, order, method="own")
    drain_all()
    with merchant_scope(merchant):
        order.refresh_from_db()
        stage, messages = order.stage, Message.objects.count()
    set_parcel(merchant, ret.id, tracking_number="RET-0002", carrier="dhl")
    parcel = parcel_of(ret)
    now = timezone.now()
    for hours, status in [(90, "in_transit"), (80, "exception"), (70, "out_for_delivery"), (60, "attempt_failed"),
                          (50, "delivered")]:  # fmt: skip
        factories.scan(merchant, parcel, status, now - timedelta(hours=hours))
    drain_all()
    with merchant_scope(merchant):
        order.refresh_from_db()
        parcel.refresh_from_db()
        assert (parcel.status, parcel.number, parcel.eta_to, parcel.promised_to) == (
            "delivered",
            1001,
            None,
            None,
        )
        assert order.stage == stage
        sent = Message.objects.filter(touchpoint__startswith="shipment").count()
        assert (Message.objects.count(), sent) == (messages, sent)
        facts = Fact.objects.filter(data__shipment_id=str(parcel.id)).values_list("type", flat=True)
        assert set(facts) == {"return_shipment.moved"}
        assert not WatchItem.objects.filter(shipment=parcel).exists()
        assert Shipment.outbound.filter(order=order).count() == 1
    assert len(api.get("shipments").json()["data"]) == 1
    # The next parcel of the order is number two, whatever came back meanwhile.
    assert factories.shipment(merchant, factories.order(merchant)).number == 1


def test_a_number_that_is_none_and_a_return_that_is_not_approved_follow_nothing(
    merchant: Merchant, order: Order
) -> None:
    from returns.requesting import RequestedReturn

    waiting = commands.request_return(merchant, order.id, RequestedReturn(), by="shopper")
    with pytest.raises(Conflict):
        set_parcel(merchant, waiting.id, tracking_number="RET-0003", carrier="dhl")
    commands.approve(merchant, waiting.id)
    with pytest.raises(Unprocessable):
        set_parcel(merchant, waiting.id, tracking_number=" 1 ")
    with merchant_scope(merchant):
        assert not Shipment.objects.filter(inbound=True).exists()
