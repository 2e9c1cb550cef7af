"""A return from request to end: three states that move apart, and goods that are never in two returns."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from PIL import Image

from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_scope, platform_scope
from orders import commands as orders
from orders.models import Order
from returns import commands, queries
from returns.models import LinePart, Return, ReturnedCount, ReturnEntry
from returns.receiving import InspectedLine, ReceivedLine
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import APPROVALS, LOGISTICS, MONEY, Approval, Logistics, Money, Side
from returns.tasks import expire_returns
from tests.returns.conftest import delivered, line_ids, rules

Told = Callable[[], list[str]]


def one(order: Order, line: str = "L1", quantity: int = 1, **fields: Any) -> RequestedReturn:
    """A return of some of one line."""
    return RequestedReturn([RequestedLine(line_ids(order)[line], quantity, "too_small", **fields)])


def states(ret: Return) -> tuple[str, str, str]:
    with platform_scope("a test looks"):
        ret.refresh_from_db()
    return ret.approval_state, ret.logistics_state, ret.money_state


def return_line(ret: Return) -> Any:
    with platform_scope("a test looks"):
        return ret.lines.get()


def test_a_request_becomes_a_return_with_its_worth_and_waits_for_the_shop(
    merchant: Merchant, order: Order, told: Told
) -> None:
    ret = commands.request_return(merchant, order.id, one(order, note=" Too\r\nsmall "), by=Side.SHOPPER)
    assert ret.number == f"R-{order.lookup_number.upper()}-1"
    assert states(ret) == ("requested", "none", "none")
    line = return_line(ret)
    assert (line.quantity, line.paid, line.note, line.reason) == (
        1,
        Decimal("89.00"),
        "Too\nsmall",
        "too_small",
    )
    assert told() == ["requested"]


def test_the_way_of_a_return_moves_three_states_apart(merchant: Merchant, told: Told) -> None:
    rules(merchant, refund_trigger="inspection")
    order = delivered(merchant)
    ret = commands.request_return(merchant, order.id, one(order, quantity=2), by=Side.SHOPPER)
    commands.ask(merchant, ret.id, "Which size would fit?")
    assert states(ret) == ("asked", "none", "none")
    commands.reply(merchant, ret.id, "L")
    commands.reply(merchant, ret.id, "L")  # sent twice
    assert commands.approve(merchant, ret.id).expires_at is not None
    commands.approve(merchant, ret.id)
    assert states(ret) == ("approved", "awaiting", "none")
    commands.mark_sent(merchant, ret.id, carrier="dhl", tracking_number="R1")
    commands.mark_sent(merchant, ret.id)
    assert states(ret) == ("approved", "in_transit", "none")
    line = return_line(ret)
    commands.receive(merchant, ret.id, [ReceivedLine(line.id, 1)])
    assert states(ret) == ("approved", "partly_received", "none")
    commands.receive(merchant, ret.id)
    commands.receive(merchant, ret.id)  # told twice: nothing is left to come
    assert states(ret) == ("approved", "received", "none")
    commands.inspect(merchant, ret.id, [InspectedLine(line.id, 1, "damaged", "B", "restock")])
    assert states(ret)[:2] == ("approved", "inspected")
    line = return_line(ret)
    assert (line.received, line.accepted, line.restocked, line.settled) == (2, 1, 1, 1)
    assert line.settled_amount == Decimal("89.00")
    assert told() == ["requested", "asked", "replied", "approved", "in_transit", "received", "received",
                      "inspected", "restocked", "settled"]  # fmt: skip


@pytest.mark.parametrize("again", ["reject", "cancel"])
def test_what_is_refused_or_taken_back_can_be_returned_anew(
    merchant: Merchant, order: Order, told: Told, again: str
) -> None:
    ret = commands.request_return(merchant, order.id, one(order, quantity=2), by=Side.SHOPPER)
    with pytest.raises(Conflict, match="another return"):
        commands.request_return(merchant, order.id, one(order), by=Side.SHOPPER)
    for _ in range(2):
        if again == "reject":
            commands.reject(merchant, ret.id, "Worn")
        else:
            commands.cancel(merchant, ret.id, by=Side.SHOPPER)
    assert states(ret)[0] in ("rejected", "cancelled")
    assert ret.closed_at is not None
    later = commands.request_return(merchant, order.id, one(order, quantity=2), by=Side.SHOPPER)
    assert later.number.endswith("-2")
    assert told() == [
        "requested",
        {"reject": "rejected", "cancel": "cancelled"}[again],
        "requested",
    ]
    for late in (lambda: commands.approve(merchant, ret.id), lambda: commands.expire(merchant, ret.id),
                 lambda: commands.cancel(merchant, ret.id, by=Side.SHOPPER),
                 lambda: commands.reject(merchant, ret.id, "Again")):  # fmt: skip
        with contextlib.suppress(Conflict):
            late()
        assert taken(merchant) == 2


def taken(merchant: Merchant) -> int:
    with merchant_scope(merchant):
        return ReturnedCount.objects.get().taken


def test_a_form_that_is_sent_twice_makes_one_return(merchant: Merchant, order: Order, told: Told) -> None:
    wanted = RequestedReturn([RequestedLine(line_ids(order)["L1"])], key="form-1")
    first = commands.request_return(merchant, order.id, wanted, by=Side.SHOPPER)
    assert commands.request_return(merchant, order.id, wanted, by=Side.SHOPPER).id == first.id
    assert told() == ["requested"]


@pytest.mark.django_db(transaction=True)
def test_parallel_returns_never_take_more_than_was_bought() -> None:
    from tests import factories

    merchant = factories.merchant()
    order = delivered(merchant)  # two sweaters
    line, start = line_ids(order)["L1"], Barrier(6)
    outcomes: list[str] = []

    def ask_for_one() -> None:
        start.wait()
        try:
            commands.request_return(
                merchant, order.id, RequestedReturn([RequestedLine(line)]), by=Side.SHOPPER
            )
            outcomes.append("made")
        except Conflict as refused:
            outcomes.append(refused.code)
        connection.close()

    threads = [Thread(target=ask_for_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already_returned"] * 4 + ["made"] * 2
    with merchant_scope(merchant):
        assert Return.objects.count() == ReturnedCount.objects.get(line_id=line).taken == 2
        assert {r.sequence for r in Return.objects.all()} == {1, 2}


def test_the_database_itself_refuses_more_than_was_bought(merchant: Merchant, order: Order) -> None:
    commands.request_return(merchant, order.id, one(order, quantity=2), by=Side.SHOPPER)
    with (
        merchant_scope(merchant),
        pytest.raises(IntegrityError, match="not_more_returned"),
        transaction.atomic(),
    ):
        ReturnedCount.objects.update(taken=3)


def test_a_whole_order_comes_back_at_what_was_paid_for_its_goods(merchant: Merchant) -> None:
    order = delivered(merchant, discount=Decimal("30.70"))
    commands.request_return(merchant, order.id, one(order), by=Side.SHOPPER)
    ret = commands.request_return(merchant, order.id, RequestedReturn(), by=Side.SHOPPER)
    with merchant_scope(merchant):
        rows = ret.lines.select_related("line").order_by("line__position")
        assert [(row.line.external_id, row.quantity) for row in rows] == [
            ("L1", 1), ("L2", 1)
        ]  # fmt: skip
        assert sum(c.amount for c in ReturnedCount.objects.all()) == Decimal("276.30")
    with pytest.raises(Conflict, match="Nothing"):
        commands.request_return(merchant, order.id, RequestedReturn(), by=Side.SHOPPER)


def test_a_bundle_is_returned_by_its_parts_at_their_share(merchant: Merchant, order: Order) -> None:
    ids = line_ids(order)
    with merchant_scope(merchant):
        shoe, laces = (
            LinePart.objects.create(
                merchant=merchant, line_id=ids["L2"], external_id=title, position=place, title=title, quantity=count,
                weight=weight,
            )
            for place, (title, count, weight) in enumerate([("Shoe", 1, 90), ("Laces", 2, 5)])
        )  # fmt: skip
    wanted = RequestedReturn([RequestedLine(ids["L2"], 1, part_id=laces.id)])
    ret = commands.request_return(merchant, order.id, wanted, by=Side.SHOPPER)
    assert return_line(ret).paid == Decimal("6.45")
    rest = commands.request_return(merchant, order.id, RequestedReturn(), by=Side.SHOPPER)
    with merchant_scope(merchant):
        paid = {line.part_id: line.paid for line in rest.lines.all()}
    assert paid == {None: Decimal("178.00"), shoe.id: Decimal("116.10"), laces.id: Decimal("6.45")}


def test_some_of_it_can_be_approved_and_the_rest_is_free_again(merchant: Merchant, order: Order) -> None:
    ret = commands.request_return(merchant, order.id, one(order, quantity=2), by=Side.SHOPPER)
    line = return_line(ret)
    for wrong in ({line.id: 3}, {line.id: 0}, {ret.id: 1}):
        with pytest.raises(Unprocessable):
            commands.approve(merchant, ret.id, quantities=wrong)
    commands.approve(merchant, ret.id, quantities={line.id: 1})
    assert (return_line(ret).quantity, return_line(ret).paid) == (1, Decimal("89.00"))
    commands.request_return(merchant, order.id, one(order), by=Side.SHOPPER)


def test_a_return_expires_and_comes_all_the_same(merchant: Merchant, order: Order, told: Told) -> None:
    ret = commands.request_return(merchant, order.id, one(order, quantity=2), by=Side.TEAM)
    expire_returns()
    assert states(ret)[1] == "awaiting"
    past = timezone.now() - timedelta(seconds=1)
    with merchant_scope(merchant):
        Return.objects.update(due_at=past, expires_at=past)
    expire_returns()
    assert states(ret) == ("approved", "expired", "none")
    assert ret.closed_at is not None
    commands.receive(merchant, ret.id)
    assert states(ret)[1] == "received"
    with pytest.raises(Conflict):
        commands.request_return(merchant, order.id, one(order), by=Side.SHOPPER)
    assert told() == ["requested", "approved", "expired", "received", "settled"]


def test_an_expired_return_whose_goods_are_in_another_one_takes_nothing_twice(
    merchant: Merchant, order: Order
) -> None:
    ret = commands.request_return(merchant, order.id, one(order, quantity=2), by=Side.TEAM)
    with merchant_scope(merchant):
        Return.objects.update(expires_at=timezone.now())
    commands.expire(merchant, ret.id)
    commands.request_return(merchant, order.id, one(order, quantity=2), by=Side.SHOPPER)
    with pytest.raises(Conflict):
        commands.receive(merchant, ret.id)
    assert states(ret) == ("approved", "expired", "none")
    assert return_line(ret).received == 0


def test_a_photo_is_drawn_anew_and_a_script_is_refused(merchant: Merchant, order: Order) -> None:
    from io import BytesIO

    picture = BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "PNG")
    ret = commands.request_return(
        merchant, order.id, one(order, photos=[picture.getvalue()]), by=Side.SHOPPER
    )
    with merchant_scope(merchant):
        assert bytes(ret.photos.get().image).startswith(b"\xff\xd8")
    for photo, code in [
        (b"<svg onload='alert(1)'/>", "photo_svg"),
        (b"<?php system('id');", "photo_unknown"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "photo_unknown"),
    ]:
        with pytest.raises(Unprocessable) as refused:
            commands.request_return(merchant, order.id, one(order, "L2", photos=[photo]), by=Side.SHOPPER)
        assert refused.value.code == code
    with merchant_scope(merchant):
        assert Return.objects.count() == 1


def test_what_does_not_fit_is_refused_and_leaves_nothing(merchant: Merchant, stranger: Merchant) -> None:
    rules(merchant, resolutions=["refund"])
    order = delivered(merchant)
    foreign = delivered(stranger)
    late = timezone.now() + timedelta(days=31)
    line = line_ids(order)["L1"]
    gone = delivered(merchant)
    for wrong, error in [
        (lambda: commands.request_return(merchant, foreign.id, one(order), by=Side.SHOPPER), NotFound),
        (lambda: commands.request_return(merchant, order.id, one(foreign), by=Side.SHOPPER), Unprocessable),
        (lambda: commands.request_return(merchant, order.id, one(order, quantity=3), by=Side.SHOPPER), Unprocessable),
        (lambda: commands.request_return(merchant, order.id, one(order, quantity=0), by=Side.SHOPPER), Unprocessable),
        (lambda: commands.request_return(merchant, order.id, one(order), by=Side.SHOPPER, at=late), Unprocessable),
        (lambda: commands.request_return(merchant, order.id, one(order, resolution="gold"), by=Side.TEAM),
         Unprocessable),
        (lambda: commands.request_return(merchant, order.id, one(order, resolution="repair"), by=Side.SHOPPER),
         Unprocessable),
        (lambda: commands.request_return(
            merchant, order.id, RequestedReturn([RequestedLine(line), RequestedLine(line)]), by=Side.SHOPPER),
         Unprocessable),
        (lambda: commands.request_return(merchant, order.id, RequestedReturn(gift=True), by=Side.SHOPPER),
         Unprocessable),
        (lambda: commands.request_return(merchant, _cancelled(merchant).id, RequestedReturn(), by=Side.TEAM),
         Unprocessable),
    ]:  # fmt: skip
        with pytest.raises(error):
            wrong()
    with platform_scope("counting in a test"):
        assert Return.objects.count() == ReturnEntry.objects.count() == ReturnedCount.objects.count() == 0
    assert gone.id != order.id


def _cancelled(merchant: Merchant) -> Order:
    from tests import factories

    order = factories.order(merchant)
    orders.cancel_order(merchant, order.id)
    return order


def test_what_is_on_its_way_cannot_be_cancelled_and_nothing_is_inspected_that_never_came(
    merchant: Merchant, order: Order
) -> None:
    ret = commands.request_return(merchant, order.id, one(order), by=Side.TEAM)
    with pytest.raises(Conflict):
        commands.inspect(merchant, ret.id, [InspectedLine(return_line(ret).id, 1)])
    commands.mark_sent(merchant, ret.id)
    with pytest.raises(Conflict):
        commands.cancel(merchant, ret.id, by=Side.SHOPPER)
    commands.receive(merchant, ret.id)
    for wrong in (InspectedLine(return_line(ret).id, 2), InspectedLine(return_line(ret).id, 1, "wrong")):
        with pytest.raises(Unprocessable):
            commands.inspect(merchant, ret.id, [wrong])
    assert states(ret)[:2] == ("approved", "received")
    with merchant_scope(merchant):
        assert not ret.entries.filter(kind="inspected").exists()


def test_every_state_has_its_moves() -> None:
    assert APPROVALS.keys() == set(Approval.values)
    assert LOGISTICS.keys() == set(Logistics.values)
    assert MONEY.keys() == set(Money.values)


def test_a_return_is_found_by_its_number_and_its_parcel(
    merchant: Merchant, order: Order, django_assert_num_queries: Any
) -> None:
    ret = commands.request_return(merchant, order.id, one(order), by=Side.TEAM)
    commands.mark_sent(merchant, ret.id, tracking_number="RR1")
    for _ in range(2):
        commands.request_return(merchant, delivered(merchant).id, RequestedReturn(), by=Side.SHOPPER)
    with merchant_scope(merchant):
        for code in (ret.number.lower(), "RR1"):
            assert queries.by_code(code) == ret
        assert queries.by_code("R-0-0") is queries.by_code(" ") is None
        assert queries.open_for_customer([order.customer_id]) == {order.customer_id}
        with django_assert_num_queries(4):
            assert len(queries.returns_with_lines().filter(queries.TABS["requested"])) == 2
        for name, count in (("requested", 2), ("in_transit", 1)):
            assert Return.objects.filter(queries.TABS[name]).count() == count
        with django_assert_num_queries(9):
            assert [(r.piece.left, r.possible) for r in queries.returnable_of(merchant, order)] == [
                (1, True),
                (1, True),
            ]
