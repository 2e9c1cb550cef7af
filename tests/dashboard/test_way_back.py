"""The way back of withdrawn goods: opened by the withdrawal, chosen by the consumer, what it means for money."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.sending import send_due
from orders.models import Order
from orders.queries import token_of
from returns import commands
from returns.branches import add_branch
from returns.logistics.accounts import set_account
from returns.models import Return
from returns.money.commands import confirm_refund, money_of
from returns.requesting import RequestedLine, RequestedReturn
from returns.withdrawal import commands as withdrawals
from returns.withdrawal.models import Rules, Source, Withdrawal
from returns.withdrawal.steps import Declaration
from tests import factories
from tests.api_client import ApiClient
from tests.portal.test_problems import photo, upload
from tests.returns.conftest import delivered, line_ids, rules
from tests.smtp_sink import SmtpSink

Drain = Callable[[], int]


@pytest.fixture
def settled(drain_all: Drain) -> Callable[[], None]:
    """Let every subscriber read all facts, also those that another one told."""

    def run() -> None:
        while drain_all():
            pass

    return run


def declared(merchant: Merchant, order: Order, **fields: Any) -> Withdrawal:
    values: dict[str, Any] = {
        "source": Source.LINK,
        "name": "Anna Weber",
        "email": "anna@example.test",
        **fields,
    }
    return withdrawals.declare(merchant, Declaration(timezone.now(), order_id=order.pk, **values))


def returns_of(merchant: Merchant) -> list[Return]:
    with merchant_scope(merchant):
        return list(Return.objects.order_by("requested_at", "id"))


def fresh(withdrawal: Withdrawal) -> Withdrawal:
    with merchant_scope(withdrawal.merchant):
        return Withdrawal.objects.get(pk=withdrawal.pk)


def page_of(order: Order, ret: Return, rest: str = "") -> str:
    return f"/p/nordwind/o/{token_of(order)}/returns/{public_id('ret', ret.pk)}/{rest}"


def test_the_consumer_sends_the_goods_shows_it_and_has_the_money_without_a_fee(
    merchant: Merchant, settled: Callable[[], None], owner: Client, smtp_sink: SmtpSink
) -> None:
    """Complaint 2: a withdrawal is no return by the rules: no reason, no approval, no fee, no steering."""
    rules(merchant, fees={"flat": "4.90", "restocking_percent": "15"}, window=1)
    order = delivered(merchant)
    client = Client()
    form = {"name": "Anna Weber", "contract": order.number, "email": "anna@example.test", "scope": "whole"}
    assert client.post(f"/p/nordwind/o/{token_of(order)}/withdraw/", form).status_code == 303
    settled()
    [ret] = returns_of(merchant)
    with merchant_scope(merchant):
        withdrawal = Withdrawal.objects.get()
    assert (ret.kind, ret.withdrawal_id, ret.fee, ret.approval_state, ret.method) == (
        "withdrawal", withdrawal.pk, 0, "approved", "own",
    )  # fmt: skip
    send_due()
    mail = next(mail for mail in smtp_sink.mails if ret.number in mail.subject)
    for words in (
        "You withdrew from order",
        "14 days from your declaration",
        "Hafenstr. 1",
        page_of(order, ret),
    ):
        assert words in mail.text
    page = client.get(page_of(order, ret)).content.decode()
    for words in (withdrawal.number, "whichever is later", "Photo of the receipt of posting", "Hafenstr. 1"):
        assert words in page
    for steering in ("Store credit", "Exchange", "Cancel the return"):
        assert steering not in page
    # Nothing is proved by nothing, nor by a script that calls itself a photo.
    assert client.post(page_of(order, ret, "sent/"), {}).status_code == 422
    script = upload(b"<svg onload=alert(1)>", "beleg.jpg")
    assert client.post(page_of(order, ret, "sent/"), {"photos": script}).status_code == 422
    settled()
    assert fresh(withdrawal).dispatched_at is None
    assert client.post(page_of(order, ret, "sent/"), {"photos": upload(photo())}).status_code == 303
    settled()
    assert fresh(withdrawal).dispatched_at is not None
    here = f"/app/nordwind/withdrawals/{public_id('wdr', withdrawal.pk)}/"
    team = owner.get(here).content.decode()
    assert "Receipt of posting" in team
    assert ret.number in team
    assert "You may wait for the goods" not in team
    with merchant_scope(merchant):
        came = {f"came-{line.pk}": str(line.quantity) for line in ret.lines.all()}
    owner.post(f"/app/nordwind/returns/{public_id('ret', ret.pk)}/act/", {"do": "receive", **came})
    settled()
    assert fresh(withdrawal).goods_back_at is not None
    owner.post(here + "act/", {"do": "refund", "amount": "311.90", "shipping": "4.90"})
    refund_id = fresh(withdrawal).refund_id
    assert refund_id is not None
    confirm_refund(merchant, refund_id)
    settled()
    with merchant_scope(merchant):
        assert money_of(order).refunded == order.total == Decimal("311.90")
    assert "Refunded" in client.get(page_of(order, ret)).content.decode()


def test_a_scan_of_the_parcel_is_proof_and_its_arrival_ends_the_waiting(
    merchant: Merchant, settled: Callable[[], None]
) -> None:
    order = delivered(merchant)
    withdrawal = declared(merchant, order)
    settled()
    [ret] = returns_of(merchant)
    Client().post(page_of(order, ret, "sent/"), {"tracking_number": "SBX-RETURN-1"})
    settled()
    assert fresh(withdrawal).dispatched_at is None  # a number alone shows nothing
    with merchant_scope(merchant):
        parcel = Return.objects.select_related("shipment").get().shipment
    factories.scan(merchant, parcel, "in_transit", timezone.now())
    settled()
    assert (fresh(withdrawal).dispatched_at is None, fresh(withdrawal).goods_back_at) == (False, None)
    factories.scan(merchant, parcel, "delivered", timezone.now() + timedelta(seconds=1))
    settled()
    assert fresh(withdrawal).goods_back_at is not None


def test_a_return_that_was_asked_for_before_becomes_the_withdrawals_without_its_fee(
    merchant: Merchant, settled: Callable[[], None]
) -> None:
    rules(merchant, fees={"flat": "4.90"}, auto_approve=False)
    order = delivered(merchant)
    asked = RequestedReturn([RequestedLine(line_ids(order)["L1"], 1)], method="own")
    before = commands.request_return(merchant, order.pk, asked, by="shopper")
    withdrawal = declared(merchant, order)
    settled()
    first, second = returns_of(merchant)
    assert (first.pk, first.kind, first.fee, first.approval_state) == (before.pk, "withdrawal", 0, "approved")
    with merchant_scope(merchant):
        rest = sorted(second.lines.values_list("line__external_id", "quantity"))
    assert rest == [("L1", 1), ("L2", 1)]
    assert {first.withdrawal_id, second.withdrawal_id} == {withdrawal.pk}
    commands.receive(merchant, first.pk)
    settled()
    assert fresh(withdrawal).goods_back_at is None  # the other one is not back yet
    commands.receive(merchant, second.pk)
    settled()
    assert fresh(withdrawal).goods_back_at is not None
    with merchant_scope(merchant):
        assert money_of(order).pending == 0  # arriving pays nothing: the withdrawal does


def test_no_more_is_taken_over_than_was_withdrawn_from_and_what_is_back_already_counts(
    merchant: Merchant, settled: Callable[[], None]
) -> None:
    rules(merchant, auto_approve=True, refund_trigger="inspection")
    order = delivered(merchant)
    sweater = line_ids(order)["L1"]
    came, other = (
        commands.request_return(
            merchant, order.pk, RequestedReturn([RequestedLine(sweater, 1)], method="own"), by="shopper"
        )
        for _ in range(2)
    )
    commands.receive(merchant, came.pk)
    withdrawal = declared(merchant, order, is_whole=False, lines={sweater: 1})
    settled()
    assert [(ret.pk, ret.kind) for ret in returns_of(merchant)] == [
        (came.pk, "withdrawal"),
        (other.pk, "return"),
    ]
    assert fresh(withdrawal).goods_back_at is not None


def test_what_is_late_or_unsent_waits_for_the_team_and_what_is_set_aside_is_called_off(
    merchant: Merchant, settled: Callable[[], None], owner: Client, api: ApiClient
) -> None:
    unsent = declared(merchant, factories.order(merchant))
    settled()
    assert returns_of(merchant) == []
    path = f"/app/nordwind/withdrawals/{public_id('wdr', unsent.pk)}/act/"
    assert "keep it with you" in owner.post(path, {"do": "way"}, follow=True).content.decode()
    refused = api.post(f"withdrawals/{public_id('wdr', unsent.pk)}/return")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_sent")
    with merchant_scope(merchant):
        order = Order.objects.get()
    factories.shipment(merchant, order)  # it left the shop all the same
    settled()
    assert [ret.kind for ret in returns_of(merchant)] == ["withdrawal"]
    withdrawals.set_aside(merchant, unsent.pk, "A test")
    settled()
    assert returns_of(merchant)[0].approval_state == "cancelled"
    late = delivered(merchant)
    withdrawal = declared(merchant, late)
    with merchant_scope(merchant):
        Withdrawal.objects.filter(pk=withdrawal.pk).update(finding="late")
    settled()
    assert len(returns_of(merchant)) == 1
    shown = api.post(f"withdrawals/{public_id('wdr', withdrawal.pk)}/return").json()
    assert len(shown["return_ids"]) == 1
    again = api.post(f"withdrawals/{public_id('wdr', withdrawal.pk)}/return").json()
    assert again["return_ids"] == shown["return_ids"]


def test_a_declaration_that_looks_like_a_scripts_opens_nothing_by_itself(
    merchant: Merchant, settled: Callable[[], None], owner: Client
) -> None:
    order = delivered(merchant)
    form = {"name": "Anna", "contract": order.number, "email": order.email, "scope": "whole"}
    assert Client().post("/p/nordwind/withdraw/", {**form, "website": "https://spam.test"}).status_code == 303
    settled()
    assert returns_of(merchant) == []
    with merchant_scope(merchant):
        withdrawal = Withdrawal.objects.get()
    assert (withdrawal.order_id, withdrawal.finding, "trap" in withdrawal.marks) == (
        order.pk,
        "in_time",
        True,
    )
    owner.post(f"/app/nordwind/withdrawals/{public_id('wdr', withdrawal.pk)}/act/", {"do": "way"})
    assert [ret.withdrawal_id for ret in returns_of(merchant)] == [withdrawal.pk]


def test_the_way_is_chosen_among_what_the_shop_offers_and_by_its_own_order_only(
    merchant: Merchant, settled: Callable[[], None], api: ApiClient
) -> None:
    order, other = delivered(merchant), delivered(merchant)
    declared(merchant, order)
    settled()
    [ret] = returns_of(merchant)
    assert 'name="method"' not in Client().get(page_of(order, ret)).content.decode()  # nothing to choose
    add_branch(merchant, "Hafen")
    set_account(merchant, "shippo", {"token": "t"}, countries=["DE"], values={})
    page = Client().get(page_of(order, ret)).content.decode()
    assert [page.count(f'value="{way}"') for way in ("qr", "label", "store", "own")] == [1, 1, 1, 1]
    assert Client().post(page_of(other, ret, "way/"), {"method": "store"}).status_code == 404
    Client().post(page_of(order, ret, "way/"), {"method": "store"})
    assert returns_of(merchant)[0].method == "store"
    shown = api.post(f"returns/{public_id('ret', ret.pk)}/method", {"method": "label"}).json()
    assert (shown["method"], shown["label"]["state"]) == ("label", "wanted")
    with merchant_scope(merchant):
        Rules.objects.create(merchant=merchant, offers_labels=False, updated_at=timezone.now())
    refused = api.post(f"returns/{public_id('ret', ret.pk)}/method", {"method": "qr"})
    assert refused.json()["code"] == "method_not_offered"
