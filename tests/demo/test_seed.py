"""The demo shop's past: every state, the same for the same seed, and only what the product itself would store."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from cases.models import Case
from demo import prepare, seed
from demo.seed.plan import DAYS, numbered, plan_orders
from demo.seed.showcase import PREFIX, plan_showcase
from events.drain import lagging_shards
from events.models import Fact, ParkedFact
from merchants.models import Membership, Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from notifications.campaigns.models import Campaign, CampaignState
from notifications.campaigns.queries import report
from notifications.models import Message, MessageState
from orders.models import Customer, Order, OrderLine, Stage
from orders.queries import portal_path
from returns.claims.models import Claim
from returns.models import Return
from returns.withdrawal.models import Withdrawal
from tests.api_client import ApiClient
from tracking.models import Scan, Shipment, ShipmentLine
from tracking.progress import stage_of
from tracking.resolve import ScanFacts, resolve
from tracking.statuses import Status
from tracking.watch.models import Reason, WatchItem

NOW = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)
ORDERS = 72


@pytest.fixture
def shop(db: None) -> Iterator[Merchant]:
    """A small demo shop, with its scope open."""
    merchant = seed.make_merchant()
    seed.fill(merchant, orders=ORDERS)
    with merchant_scope(merchant):
        yield merchant


def test_every_state_is_there(shop: Merchant) -> None:
    assert Order.objects.count() == ORDERS
    assert set(Shipment.objects.values_list("status", flat=True)) == {status.value for status in Status}
    assert set(Order.objects.values_list("stage", flat=True)) == {stage.value for stage in Stage}
    states = set(Message.objects.values_list("state", flat=True))
    assert MessageState.SENT in states
    assert states <= {MessageState.SENT, MessageState.SKIPPED, MessageState.FAILED}


def test_the_same_seed_and_time_give_the_same_shop() -> None:
    one, again, other = (numbered(plan_orders(Random(number), 200, NOW)) for number in (7, 7, 8))
    assert one == again
    assert one != other
    assert len({order.shopper.email for order in one if order.shopper.email}) > 100


def test_orders_are_numbered_by_age_and_lie_in_the_last_four_months() -> None:
    orders = numbered(plan_orders(Random(1), 300, NOW))
    times = [order.placed_at for order in orders]
    assert times == sorted(times)
    assert NOW - timedelta(days=DAYS + 2) < times[0]
    assert times[-1] < NOW
    assert [order.number for order in orders[:2]] == ["#10001", "#10002"]


def test_parcels_are_what_their_scans_add_up_to(shop: Merchant) -> None:
    for shipment in Shipment.objects.exclude(cancelled_at__isnull=False).prefetch_related("scans"):
        scans = [
            ScanFacts(scan.occurred_at, scan.status, scan.substatus, bytes(scan.key).hex())
            for scan in shipment.scans.all()
        ]
        if scans:
            state = resolve(scans, now=timezone.now())
            assert (shipment.status, shipment.substatus) == (state.status, state.substatus)
            assert (shipment.delivered_at, shipment.last_scan_at) == (state.delivered_at, state.last_scan_at)
            assert max(scan.occurred_at for scan in scans) <= timezone.now()


def test_stages_quantities_and_sums_hold(shop: Merchant) -> None:
    shipped: Counter[object] = Counter()
    for line_id, quantity in ShipmentLine.objects.values_list("line_id").annotate(Sum("quantity")):
        shipped[line_id] = quantity
    for order in Order.objects.prefetch_related("lines", "shipments"):
        lines = list(order.lines.all())
        assert all(line.shipped_quantity == shipped[line.id] for line in lines)
        subtotal = sum((line.unit_price * line.quantity for line in lines), Decimal(0))
        assert order.total == subtotal + order.shipping - order.discount
        if order.cancelled_at is None:
            left = sum(line.quantity - line.shipped_quantity for line in lines)
            assert order.stage == stage_of([parcel.status for parcel in order.shipments.all()], left)
        else:
            assert order.stage == Stage.CANCELLED


def test_the_log_tells_it_in_order_and_every_reader_has_read_it(shop: Merchant) -> None:
    facts = list(Fact.objects.order_by("position").values_list("recorded_at", "type", "data"))
    assert all(one[0] <= two[0] for one, two in itertools.pairwise(facts))
    assert {type_ for _, type_, _ in facts} >= {
        "order.placed", "order.cancelled", "shipment.shipped", "shipment.delivered", "shipment.delayed",
        "shipment.expired", "message.sent",
    }  # fmt: skip
    assert Fact.objects.filter(type="order.placed").count() == ORDERS
    assert lagging_shards() == []
    assert not ParkedFact.objects.exists()


def test_history_tells_nobody_anything(shop: Merchant) -> None:
    messages = Message.objects.count()
    # The watch-list tells the team and the shop's backend; no shopper hears of it.
    told = Fact.objects.exclude(type__startswith="message.").exclude(type__startswith="watch.")
    assert not [fact for fact in told if fact.data.get("notify") is not False]
    assert not Message.objects.filter(due_at__isnull=False).exists()
    assert not Shipment.objects.filter(due_at__isnull=False).exists()
    assert Message.objects.count() == messages


def test_the_watch_list_has_work_of_every_reason_of_a_believable_age(shop: Merchant) -> None:
    found = list(WatchItem.objects.filter(state="open").select_related("order"))
    assert {item.reason for item in found} == set(Reason.values)
    now = timezone.now()
    assert all(timedelta(0) < now - item.since < timedelta(days=36) for item in found)
    assert all(item.value > 0 for item in found)
    assert any(item.assignee for item in found) is bool(Membership.objects.filter(merchant=shop))
    assert any(item.note for item in found)
    assert any(item.snoozed_until for item in found)
    assert Case.objects.get().status == "open"


def test_messages_say_what_they_would_have_said(shop: Merchant) -> None:
    sent = Message.objects.filter(state=MessageState.SENT)
    assert not sent.filter(html="").exists()
    assert set(sent.values_list("locale", flat=True)) == {"de", "en"}
    # A request for a review is about an order, and no single thing that happened to it.
    assert set(sent.filter(fact_position=None).values_list("touchpoint", flat=True)) <= {"review_request"}
    for message in sent.select_related("order"):
        assert message.order.number in message.text


def test_an_order_is_found_by_name_and_tracking_number(shop: Merchant) -> None:
    parcel = Shipment.objects.exclude(tracking_number="").select_related("order").first()
    assert parcel is not None
    for word in (parcel.tracking_number.lower(), parcel.order.lookup_number):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM orders_order WHERE id = %s AND search @@ %s::tsquery",
                [parcel.order_id, f"'{word}'"],
            )
            assert cursor.fetchone() == (1,)


def test_the_api_shows_the_seeded_orders_as_its_own(shop: Merchant) -> None:
    api = ApiClient(create_api_key(shop, name="test")[1])
    orders = api.get("orders", limit=ORDERS).json()["data"]
    assert len(orders) == ORDERS
    shipment = api.get("shipments", limit=1).json()["data"][0]
    assert api.get(f"shipments/{shipment['id']}").status_code == 200


def test_the_showcase_has_a_page_for_each_state(shop: Merchant, client: object) -> None:
    for name in prepare.SHOWN:
        order = Order.objects.get(external_id__startswith=f"{PREFIX}{name}-2")
        response = client.get(portal_path(shop, order))  # type: ignore[attr-defined]
        assert response.status_code == 200, name
        assert order.number in response.content.decode(), name


def test_the_showcases_shoppers_have_reported_waited_and_wished(shop: Merchant) -> None:
    assert seed.act_as_shoppers(shop) == 3
    assert sorted(Case.objects.values_list("kind", "status")) == [
        ("damaged", "answered"), ("not_received", "open"), ("not_received", "waiting"),
    ]  # fmt: skip
    assert Shipment.objects.get(wish__isnull=False).wish["kind"] == "safe_place"
    assert seed.act_as_shoppers(shop) == 3  # once more
    assert Case.objects.count() == 3


def test_the_demos_customers_are_looked_after(shop: Merchant) -> None:
    assert seed.keep_customers(shop) > 20
    campaign = Campaign.objects.get(state=CampaignState.DONE)
    found = report(shop, campaign)
    assert (found.waiting, found.sent > 10) == (0, True)
    assert set(found.skipped) <= {"no_basis", "unsubscribed"}
    subjects = set(Message.objects.filter(touchpoint="campaign").values_list("subject", flat=True))
    assert {"Warmes für den ersten Sturm", "Warm things for the first storm"} <= subjects
    assert Campaign.objects.get(state=CampaignState.SCHEDULED).due_at > timezone.now()
    going = Campaign.objects.get(state=CampaignState.SENDING)
    assert going.planned == going.audience


def test_shoppers_of_the_demo_bring_things_back_in_every_state(shop: Merchant) -> None:
    assert seed.bring_back(shop) == 11
    states = Return.objects.values_list("approval_state", "logistics_state", "money_state")
    approvals, logistics, money = (set(column) for column in zip(*states, strict=True))
    assert approvals == {"requested", "review", "asked", "approved", "rejected", "cancelled"}
    assert logistics >= {"none", "awaiting", "in_transit", "received", "inspected"}
    assert money >= {"none", "pending", "done"}
    assert not ParkedFact.objects.exists()


def test_shoppers_of_the_demo_withdraw_and_claim(shop: Merchant) -> None:
    made = seed.leave_and_claim(shop)
    assert sorted(Withdrawal.objects.values_list("status", flat=True)) == ["completed", "open", "unmatched"]
    assert made == 3 + Claim.objects.count() > 3
    assert not ParkedFact.objects.exists()


def test_a_delayed_order_shows_the_promise_that_slipped(shop: Merchant) -> None:
    parcel = Shipment.objects.get(order__external_id__startswith=f"{PREFIX}delayed-2")
    assert parcel.promised_to.date() < parcel.eta_to.date()
    assert parcel.eta_to > timezone.now()


def test_a_showcase_of_another_day_stands_beside_the_old_one(shop: Merchant) -> None:
    before = prepare.portal_urls(shop)
    stored = seed.refresh_showcase(shop, now=timezone.now() + timedelta(hours=20))
    assert stored.orders > 15
    after = prepare.portal_urls(shop)
    assert list(after) == list(before)
    assert not set(after.values()) & set(before.values())


def test_every_shopper_is_made_up() -> None:
    orders = plan_orders(Random(1), 300, NOW)
    assert all(order.shopper.email.endswith(".example") for order in orders if order.shopper.email)


def test_forgetting_a_merchant_leaves_nothing_of_it_and_all_of_another(
    shop: Merchant, stranger: Merchant
) -> None:
    with merchant_scope(stranger):
        seed.fill(stranger, orders=40)
    seed.forget_merchant(shop)
    assert not Merchant.objects.filter(pk=shop.pk).exists()
    for model in (Order, OrderLine, Customer, Shipment, Scan, Message, Fact):
        assert not model.objects.exists()  # In the forgotten merchant's scope.
    with merchant_scope(stranger):
        assert Order.objects.count() == 40
        assert Fact.objects.exists()


def test_access_is_checked_before_it_is_used_again(shop: Merchant) -> None:
    access = seed.give_access(shop)
    assert seed.still_valid(shop, access)
    assert not seed.still_valid(
        shop, seed.Access(access.user, "wrong", access.api_key, access.shopify_secret)
    )
    assert ApiClient(access.api_key).get("orders").status_code == 200
    newer = seed.give_access(shop)
    assert not seed.still_valid(shop, access)
    assert seed.still_valid(shop, newer)


def test_the_showcase_is_at_the_step_it_is_named_after() -> None:
    from tracking.sandbox_parcels import origin_of

    orders = plan_showcase(
        Random(3), NOW, origin_of(Merchant(postal_address="Am Kai 1\n20457 Hamburg", country="DE"))
    )
    assert len({order.external_id for order in orders}) == len(orders)
    assert all(order.placed_at < NOW for order in orders)
