"""What the team and the shop's backend do with withdrawals."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from returns.money.commands import confirm_refund, fail_refund, money_of
from returns.withdrawal import commands
from returns.withdrawal.exempting import set_exemptions
from returns.withdrawal.models import Exemption, Rules, Source, Status, Withdrawal
from returns.withdrawal.proof import check
from returns.withdrawal.refunds import proposal_of
from returns.withdrawal.steps import Declaration
from returns.withdrawal.tasks import remind_of_refunds
from tests import factories
from tests.api_client import ApiClient

Drain = Callable[[], int]


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return factories.order(merchant, quantity=2, shipping=Decimal("4.90"), discount=Decimal("17.80"))


def declared(merchant: Merchant, order: Order | None, **fields: Any) -> Withdrawal:
    values: dict[str, Any] = {"name": "Anna Weber", "contract": "#?", "email": "anna@example.test", **fields}
    made = Declaration(timezone.now(), Source.API, order_id=order.pk if order else None, **values)
    return commands.declare(merchant, made)


def fresh(withdrawal: Withdrawal) -> Withdrawal:
    with merchant_scope(withdrawal.merchant):
        return Withdrawal.objects.select_related("merchant").get(pk=withdrawal.pk)


def path(withdrawal: Withdrawal, rest: str = "") -> str:
    return f"/app/nordwind/withdrawals/{public_id('wdr', withdrawal.pk)}/{rest}"


def test_the_team_finds_the_order_and_refunds_everything_with_the_way_there(
    merchant: Merchant, order: Order, owner: Client, drain_all: Drain
) -> None:
    row = declared(merchant, None)
    assert row.number in owner.get("/app/nordwind/withdrawals/?tab=unmatched").content.decode()
    owner.post(path(row, "act/"), {"do": "match", "order": "#99999999"})
    assert fresh(row).status == Status.UNMATCHED
    owner.post(path(row, "act/"), {"do": "match", "order": order.number})
    assert fresh(row).status == Status.OPEN
    page = owner.get(path(row)).content.decode()
    assert "You may wait for the goods" in page
    with merchant_scope(merchant):
        amount, shipping = proposal_of(fresh(row))
    assert (amount, shipping) == (order.total, Decimal("4.90"))
    for _ in range(2):  # once, however often it is pressed
        owner.post(path(row, "act/"), {"do": "refund", "amount": str(amount), "shipping": "4,90"})
    with merchant_scope(merchant):
        assert money_of(order).pending == order.total
    refund_id = fresh(row).refund_id
    assert refund_id is not None
    confirm_refund(merchant, refund_id)
    drain_all()
    assert fresh(row).status == Status.COMPLETED
    pack = owner.get(path(row, "proof.json"))
    assert check(pack.content)["links"] == 4


def test_a_part_gets_its_share_of_the_discount_and_no_way_there(merchant: Merchant, order: Order) -> None:
    with merchant_scope(merchant):
        line = order.lines.get()
        row = declared(merchant, order, lines={line.pk: 1})
        assert proposal_of(row) == (Decimal("80.10"), Decimal(0))


def test_no_more_than_the_standard_way_is_refunded(merchant: Merchant, order: Order) -> None:
    with merchant_scope(merchant):
        Rules.objects.create(merchant=merchant, standard_shipping=Decimal(3), updated_at=timezone.now())
        amount, shipping = proposal_of(declared(merchant, order))
    assert (amount, shipping) == (order.total - Decimal("1.90"), Decimal(3))


def test_a_refund_that_fails_may_be_asked_for_again(
    merchant: Merchant, order: Order, owner: Client, drain_all: Drain
) -> None:
    row = declared(merchant, order)
    owner.post(path(row, "act/"), {"do": "refund", "amount": "999"})
    assert fresh(row).refund_id is None  # more than was paid
    owner.post(path(row, "act/"), {"do": "refund", "amount": "10"})
    refund_id = fresh(row).refund_id
    assert refund_id is not None
    fail_refund(merchant, refund_id)
    drain_all()
    assert (fresh(row).refund_id, fresh(row).status) == (None, Status.OPEN)


def test_exempt_goods_are_a_hint_and_no_refusal(merchant: Merchant, order: Order) -> None:
    with merchant_scope(merchant):
        set_exemptions(merchant, order.pk, {order.lines.get().pk: Exemption.CUSTOM_MADE})
    row = declared(merchant, order)
    assert (row.status, row.finding) == (Status.OPEN, "exempt")


def test_the_team_is_reminded_three_days_before_once(
    merchant: Merchant, order: Order, drain_all: Drain
) -> None:
    row = declared(merchant, order)
    assert row.due_at is not None
    assert (row.refund_due_at - row.due_at).days == 3
    assert remind_of_refunds() == 0
    with merchant_scope(merchant):
        Withdrawal.objects.update(due_at=timezone.now())
    assert remind_of_refunds() == 1
    assert remind_of_refunds() == 0


def test_what_is_set_aside_has_a_reason_and_can_be_taken_up(
    merchant: Merchant, order: Order, owner: Client
) -> None:
    row = declared(merchant, order)
    owner.post(path(row, "act/"), {"do": "aside", "reason": " "})
    assert fresh(row).status == Status.OPEN
    owner.post(path(row, "act/"), {"do": "aside", "reason": "A test"})
    assert fresh(row).status == Status.SET_ASIDE
    owner.post(path(row, "act/"), {"do": "again"})
    assert fresh(row).status == Status.OPEN


def test_the_api_declares_matches_and_completes(merchant: Merchant, order: Order, api: ApiClient) -> None:
    body = {"name": "Anna Weber", "email": "a@example.test", "contract": "by letter"}
    made = api.post("withdrawals", body)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["status"], shown["source"]) == ("unmatched", "api")
    here = f"withdrawals/{shown['id']}"
    assert api.post(f"{here}/refund", {}).json()["code"] == "withdrawal_not_open"
    assert api.post(f"{here}/match", {"order_id": "ord_" + "0" * 26}).status_code == 404
    matched = api.post(f"{here}/match", {"order_id": public_id("ord", order.pk)}).json()
    assert (matched["status"], matched["finding"]) == ("open", "in_time")
    assert api.post(f"{here}/goods", {"back": True}).json()["goods_back_at"]
    assert api.post(f"{here}/refund", {}).json()["refund_id"].startswith("rfd_")
    assert api.post(f"{here}/complete").json()["status"] == "completed"
    assert api.post(f"{here}/set-aside", {"reason": "x"}).json()["code"] == "withdrawal_completed"
    assert [row["id"] for row in api.get("withdrawals", status="completed").json()["data"]] == [shown["id"]]
    part = {**body, "order_id": public_id("ord", order.pk), "lines": [{"line": "L1", "quantity": 9}]}
    assert api.post("withdrawals", part).json()["code"] == "unknown_line"
    assert (
        api.post("withdrawals", {**body, "declared_at": "2999-01-01T00:00:00Z"}).json()["code"]
        == "invalid_time"
    )
    assert api.get(here).json()["status"] == "completed"
