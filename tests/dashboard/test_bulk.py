"""Work on many orders: asked first, done by a worker one by one, and reported."""

import csv
import io

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import bulk
from dashboard.models import BulkJob
from events import due
from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from orders.models import Order
from tests import factories
from tests.dashboard.scene import message

START = "/app/nordwind/orders/many/"


def key(order: Order) -> str:
    return public_id("ord", order.id)[4:]


def run_job(client: Client, orders: list[Order], action: str, **fields: str) -> str:
    """Choose, confirm, let a worker do it. Returns the report's page."""
    body = {"o": [key(order) for order in orders], "action": action, **fields}
    asked = client.post(START, body)
    assert asked.status_code == 200, asked["Location"]
    answer = client.post(START, {**body, "keys": ",".join(map(key, orders)), "confirmed": "1"})
    due.run(bulk.BULK)
    return client.get(answer["Location"]).content.decode()


@pytest.fixture
def orders(merchant: Merchant) -> list[Order]:
    return [factories.order(merchant) for _ in range(3)]


def reload(merchant: Merchant, orders: list[Order]) -> list[Order]:
    with merchant_scope(merchant):
        return [Order.objects.get(pk=order.pk) for order in orders]


def test_nothing_happens_before_it_is_confirmed(
    orders: list[Order], merchant: Merchant, owner: Client
) -> None:
    page = owner.post(START, {"o": [key(orders[0])], "action": "cancel"}).content.decode()
    assert "Cancel 1 order?" in page
    assert "Each customer is told by e-mail." in page
    with merchant_scope(merchant):
        assert not BulkJob.objects.exists()
    assert [order.stage for order in reload(merchant, orders)] == ["to_ship"] * 3


def test_orders_are_cancelled_and_what_could_not_be_is_named(
    orders: list[Order], merchant: Merchant, owner: Client
) -> None:
    factories.scan(merchant, factories.shipment(merchant, orders[0]), "delivered", timezone.now())
    page = run_job(owner, orders, "cancel")
    assert [order.stage for order in reload(merchant, orders)] == ["delivered", "cancelled", "cancelled"]
    assert "3 of 3 looked at, 2 changed." in page
    assert orders[0].number in page
    assert "It was delivered: it cannot be cancelled." in page


def test_tags_come_and_go(orders: list[Order], merchant: Merchant, owner: Client) -> None:
    run_job(owner, orders, "add_tag", tag="VIP")
    assert [order.tags for order in reload(merchant, orders)] == [["VIP"]] * 3
    assert owner.get("/app/nordwind/orders/?tag=VIP").content.decode().count("<a href=ord_") == 3
    page = run_job(owner, orders[:1], "remove_tag", tag="VIP")
    assert [order.tags for order in reload(merchant, orders)] == [[], ["VIP"], ["VIP"]]
    assert "Done." in page


def test_a_failed_message_goes_out_again(orders: list[Order], merchant: Merchant, owner: Client) -> None:
    with merchant_scope(merchant):
        failed = message(merchant, orders[0], state="failed")
        sent = message(merchant, orders[1], state="sent")
    page = run_job(owner, orders, "resend")
    with merchant_scope(merchant):
        assert Message.objects.get(pk=failed.pk).state == "planned"
        assert Message.objects.get(pk=sent.pk).state == "sent"
    assert page.count("No message of it failed.") == 2


def test_carriers_are_asked_about_parcels_on_their_way(
    orders: list[Order], merchant: Merchant, owner: Client
) -> None:
    factories.shipment(merchant, orders[0], carrier="DHL", tracking_number="JJD1")
    factories.shipment(merchant, orders[1], carrier="Kurier Krause", tracking_number="K1")
    page = run_job(owner, orders, "refresh")
    assert "3 of 3 looked at, 1 changed." in page
    assert "Its carrier cannot be asked." in page
    assert "No parcel of it is on its way." in page


def test_all_of_a_list_means_all_that_it_shows(
    orders: list[Order], merchant: Merchant, owner: Client
) -> None:
    body = {"all": "1", "query": f"q={orders[1].email}", "action": "add_tag", "tag": "x"}
    page = owner.post(START, body).content.decode()
    assert "Tag 1 order “x”?" in page
    assert key(orders[1]) in page
    assert key(orders[0]) not in page


def test_a_large_job_goes_on_slice_by_slice_and_after_a_dead_worker(
    merchant: Merchant, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_SLICE", 2)
    orders = [factories.order(merchant) for _ in range(5)]
    job = bulk.start_job(merchant, "add_tag", [order.id for order in orders], argument="x")
    assert bulk.work_off() == 1
    with merchant_scope(merchant):
        job.refresh_from_db()
        assert (job.position, job.finished_at) == (2, None)
    due.run(bulk.BULK)
    with merchant_scope(merchant):
        job.refresh_from_db()
    assert (job.position, job.changed, job.due_at) == (5, 5, None)
    assert job.finished_at is not None


def test_one_broken_order_does_not_stop_the_others(
    orders: list[Order], merchant: Merchant, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = bulk.change_tags

    def sometimes(owner_: Merchant, order_id: object, **more: object) -> object:
        if order_id == orders[1].id:
            raise RuntimeError("a fault of ours")
        return real(owner_, order_id, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk, "change_tags", sometimes)
    page = run_job(owner, orders, "add_tag", tag="x")
    assert [order.tags for order in reload(merchant, orders)] == [["x"], [], ["x"]]
    assert "Something went wrong." in page
    assert "a fault of ours" not in page


@pytest.mark.parametrize(
    "body", [{}, {"action": "cancel"}, {"action": "explode"}, {"action": "add_tag", "tag": " , "}]
)
def test_what_is_not_meant_goes_back_to_the_list(
    body: dict[str, str], orders: list[Order], merchant: Merchant, owner: Client
) -> None:
    chosen = {} if body.get("action") == "cancel" else {"o": [key(orders[0])]}
    answer = owner.post(START, {**chosen, **body, "query": "tab=ship"})
    assert answer["Location"] == "/app/nordwind/orders/?tab=ship"
    with merchant_scope(merchant):
        assert not BulkJob.objects.exists()


def test_who_did_it_stands_in_the_audit_log(orders: list[Order], merchant: Merchant, owner: Client) -> None:
    run_job(owner, orders, "cancel")
    with merchant_scope(merchant):
        actors = set(AuditEntry.objects.filter(action="order.cancelled").values_list("actor", flat=True))
    assert actors == {"owner@nordwind.test"}


def test_the_progress_is_a_fragment_of_its_own(
    orders: list[Order], merchant: Merchant, owner: Client
) -> None:
    job = bulk.start_job(merchant, "add_tag", [orders[0].id], argument="x")
    path = f"{START}{public_id('blk', job.id)}/"
    fragment = owner.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert 'hx-trigger="every 1s"' in fragment
    due.run(bulk.BULK)
    assert "hx-trigger" not in owner.get(path, headers={"HX-Request": "true"}).content.decode()


def test_chosen_orders_come_as_csv_without_formulas(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant, number="=1+1")
    other = factories.order(merchant)
    answer = owner.post(f"{START}export/", {"o": [key(order)]})
    header, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert len(rows) == 1
    assert dict(zip(header, rows[0], strict=True))["number"] == "'=1+1"
    assert other.number not in answer.content.decode()
