"""The team handles returns: the queue, a decision, what came, what was found, the money."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from returns import commands
from returns.models import Return
from returns.queries import entries_of
from returns.requesting import RequestedLine, RequestedReturn
from tests.returns.conftest import delivered, line_ids

Desk = Callable[..., Client]


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return delivered(merchant)


@pytest.fixture
def client(desk: Desk, merchant: Merchant) -> Client:
    return desk(merchant, "owner")


def asked(order: Order, external_id: str = "L2", quantity: int = 1, **fields: Any) -> Return:
    line = RequestedLine(line_ids(order)[external_id], quantity, "too_small", **fields)
    return commands.request_return(
        order.merchant, order.id, RequestedReturn((line,), method="own"), by="shopper"
    )


def fresh(ret: Return) -> Return:
    with platform_scope("a test looks"):
        return Return.objects.prefetch_related("lines").get(pk=ret.pk)


def path(ret: Return, rest: str = "") -> str:
    return f"/app/nordwind/returns/{public_id('ret', ret.id)}/{rest}"


def test_the_queue_shows_what_waits_and_its_queries_do_not_grow(
    order: Order, client: Client, django_assert_num_queries: Any
) -> None:
    first = asked(order)
    page = client.get("/app/nordwind/returns/").content.decode()
    assert first.number in page
    assert "1 × Loafer" in page
    with django_assert_num_queries(9) as alone:
        client.get("/app/nordwind/returns/?tab=all")
    asked(order, "L1"), asked(order, "L1")
    with django_assert_num_queries(len(alone)):
        client.get("/app/nordwind/returns/?tab=all")
    assert first.number not in client.get("/app/nordwind/returns/?tab=closed").content.decode()


def test_a_scanned_number_leads_to_the_return(order: Order, client: Client) -> None:
    ret = asked(order)
    assert client.get("/app/nordwind/returns/", {"code": ret.number.lower()})["Location"] == path(ret)
    assert (
        "no return with this number" in client.get("/app/nordwind/returns/", {"code": "R-0"}).content.decode()
    )


def test_a_return_goes_its_whole_way_at_the_desk(order: Order, client: Client) -> None:
    ret = asked(order)
    [line] = fresh(ret).lines.all()
    assert client.post(path(ret, "act/"), {"do": "approve"}).status_code == 302
    assert "It is here" in client.get(path(ret)).content.decode()
    client.post(path(ret, "act/"), {"do": "receive", f"came-{line.pk}": "1"})
    assert fresh(ret).logistics_state == "received"
    client.post(
        path(ret, "act/"),
        {
            "do": "inspect",
            f"accepted-{line.pk}": "1",
            f"condition-{line.pk}": "good",
            f"disposition-{line.pk}": "restock",
        },
    )  # fmt: skip
    client.post(path(ret, "act/"), {"do": "restock"})
    done = fresh(ret)
    assert (done.logistics_state, done.money_state) == ("inspected", "pending")
    assert done.lines.all()[0].restocked == 1
    page = client.get(path(ret)).content.decode()
    assert "Put back into stock" in page
    assert "Asked of the shop" in page


def test_only_a_part_is_approved(order: Order, client: Client) -> None:
    ret = asked(order, "L1", 2)
    [line] = fresh(ret).lines.all()
    client.post(path(ret, "act/"), {"do": "approve", "part": "1", f"approve-{line.pk}": "1"})
    assert (fresh(ret).approval_state, fresh(ret).lines.all()[0].quantity) == ("approved", 1)


def test_to_refuse_takes_a_reason_and_loses_nothing(order: Order, client: Client) -> None:
    ret = asked(order)
    answer = client.post(path(ret, "act/"), {"do": "reject", "text": " "})
    assert answer.status_code == 422
    assert "Please say why" in answer.content.decode()
    assert fresh(ret).approval_state == "requested"
    client.post(path(ret, "act/"), {"do": "reject", "text": "It was worn."})
    assert fresh(ret).approval_state == "rejected"


def test_several_are_approved_at_once_and_those_that_were_decided_are_told(
    order: Order, client: Client
) -> None:
    first, second = asked(order), asked(order, "L1")
    commands.reject(order.merchant, second.id, "No.")
    chosen = [public_id("ret", first.id), public_id("ret", second.id), "nonsense"]
    answer = client.post("/app/nordwind/returns/approve/", {"chosen": chosen}, follow=True)
    assert (fresh(first).approval_state, fresh(second).approval_state) == ("approved", "rejected")
    assert "1 return is approved." in answer.content.decode()
    assert "Some were decided already." in answer.content.decode()


def test_a_note_stays_with_the_team(order: Order, client: Client, merchant: Merchant) -> None:
    ret = asked(order)
    client.post(path(ret, "act/"), {"do": "note", "text": "She called twice."})
    assert "She called twice." in client.get(path(ret)).content.decode()
    with merchant_scope(merchant):
        assert all("twice" not in entry.text for entry in entries_of(fresh(ret), for_shopper=True))
