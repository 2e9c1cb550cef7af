"""A claim from cover to decision: parked, opened, paused and closed by the clock, and its money once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from events.models import Fact
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from orders.schemas import LineIn
from returns.claims import commands
from returns.claims.clock import Parcel, span_of
from returns.claims.models import Claim, Cover, Exclusion, Kind, Payer, Protection, Resolution, Status
from returns.claims.pool import balances, cover, lanes
from returns.claims.steps import MOVES, Asked
from returns.claims.tasks import wake_claims
from returns.money.commands import money_of
from tests import factories
from tracking.models import Shipment

Drain = Callable[[], int]
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
PHOTO = (b"\xff\xd8jpeg",)


@pytest.fixture
def order(merchant: Merchant) -> Order:
    made = factories.order(merchant, quantity=2, discount=Decimal("17.80"))
    cover(merchant, made.pk, premium=Decimal("1.90"))
    return made


def sent(
    merchant: Merchant, order: Order, days_ago: int, *, delivered: bool = False, **fields: Any
) -> Shipment:
    parcel = factories.shipment(merchant, order, **fields)
    status = "delivered" if delivered else "in_transit"
    factories.scan(merchant, parcel, status, timezone.now() - days_ago * DAY)
    with merchant_scope(merchant):
        Shipment.objects.filter(pk=parcel.pk).update(eta_to=None)
    return parcel


def fresh(claim: Claim) -> Claim:
    with platform_scope("reading in a test"):
        return Claim.objects.get(pk=claim.pk)


def told(drain_all: Drain) -> list[str]:
    drain_all()
    with platform_scope("reading in a test"):
        return [f.type for f in Fact.objects.order_by("position") if f.type.startswith(("claim.", "cover."))]


@pytest.mark.parametrize(
    ("kind", "fields", "days", "says"),
    [
        ("lost", {"last_scan_at": NOW}, 6, "early"),
        ("lost", {"last_scan_at": NOW}, 7, "open"),
        ("lost", {"last_scan_at": NOW}, 31, "too_late"),
        ("lost", {"last_scan_at": NOW, "abroad": True}, 19, "early"),
        ("lost", {"last_scan_at": NOW, "abroad": True}, 20, "open"),
        ("lost", {"last_scan_at": NOW, "eta_to": NOW}, 2, "open"),
        ("lost", {"last_scan_at": NOW, "returning": True}, 9, "returned_to_sender"),
        ("lost", {"delivered_at": NOW}, 9, "other"),
        ("lost", {}, 9, "early"),
        ("stolen", {"delivered_at": NOW}, 4, "early"),
        ("stolen", {"delivered_at": NOW}, 5, "open"),
        ("stolen", {"delivered_at": NOW}, 31, "too_late"),
        ("stolen", {"last_scan_at": NOW}, 9, "early"),
        ("damaged", {"delivered_at": NOW}, 0, "open"),
        ("damaged", {"delivered_at": NOW}, 31, "too_late"),
    ],
)
def test_the_clocks(kind: str, fields: dict[str, Any], days: int, says: str) -> None:
    known = {"abroad": False, "returning": False, "shipped_at": None, "last_scan_at": None, "eta_to": None,
             "delivered_at": None, **fields}  # fmt: skip
    assert span_of(kind, Parcel(**known)).says(NOW + days * DAY) == says


def test_an_order_with_a_premium_line_is_covered_and_the_premium_is_in_the_pool(
    merchant: Merchant, drain_all: Drain
) -> None:
    with merchant_scope(merchant):
        Protection.objects.create(merchant=merchant, premium_skus=["SAFE"], updated_at=timezone.now())
    premium = LineIn(title="Protection", quantity=1, unit_price=Decimal("2.50"), external_id="P", sku="SAFE",
                     requires_shipping=False)  # fmt: skip
    goods = LineIn(title="Mug", quantity=1, unit_price=Decimal(20), external_id="L1")
    covered = factories.order(merchant, lines=[goods, premium])
    factories.order(merchant)
    drain_all()
    with merchant_scope(merchant):
        [row] = Cover.objects.all()
        assert (row.order_id, row.premium, row.source) == (covered.pk, Decimal("2.50"), "line")
        assert [(b.premiums, b.left, b.loss_percent) for b in balances()] == [
            (Decimal("2.50"), Decimal("2.50"), 0)
        ]


def test_the_price_is_flat_below_a_limit_and_a_share_above(merchant: Merchant) -> None:
    for quantity, premium in ((1, "1.90"), (2, "3.56")):
        made = factories.order(merchant, quantity=quantity)
        assert cover(merchant, made.pk).premium == Decimal(premium)
        assert cover(merchant, made.pk, premium=Decimal(9)).premium == Decimal(premium)


def test_too_early_it_is_parked_opens_by_itself_and_is_refunded_once(
    merchant: Merchant, order: Order, drain_all: Drain
) -> None:
    parcel = sent(merchant, order, 3, quantity=1)
    claim = commands.claim(merchant, order.pk, parcel.pk, Asked(Kind.LOST, text="Where is it?"))
    # Only what is in the missing parcel, less its share of the discount.
    assert (claim.status, claim.value) == (Status.PARKED, Decimal("80.10"))
    assert commands.claim(merchant, order.pk, parcel.pk, Asked(Kind.LOST)).pk == claim.pk
    assert wake_claims() == 0
    with merchant_scope(merchant):
        Shipment.objects.update(last_scan_at=timezone.now() - 8 * DAY)
        Claim.objects.update(due_at=timezone.now())
    assert wake_claims() == 1
    assert fresh(claim).status == Status.OPEN
    for _ in range(2):
        commands.approve(merchant, claim.pk, Resolution.REFUND)
    with merchant_scope(merchant):
        assert money_of(order).pending == Decimal("80.10")
        [pool] = balances()
        assert (pool.premiums, pool.payouts, pool.left) == (
            Decimal("1.90"),
            Decimal("80.10"),
            Decimal("-78.20"),
        )
        [lane] = lanes()
        assert (lane.carrier, lane.country, lane.claims, lane.loss_percent) == ("sandbox", "DE", 1, 4216)
    assert told(drain_all) == ["cover.added", "claim.parked", "claim.opened", "claim.approved"]
    with pytest.raises(Conflict):
        commands.claim(merchant, order.pk, parcel.pk, Asked(Kind.LOST))


def test_a_new_scan_pauses_it(merchant: Merchant, order: Order, drain_all: Drain) -> None:
    parcel = sent(merchant, order, 9)
    drain_all()
    claim = commands.claim(merchant, order.pk, parcel.pk, Asked(Kind.LOST))
    assert claim.status == Status.OPEN
    factories.scan(merchant, parcel, "out_for_delivery", timezone.now())
    drain_all()
    assert fresh(claim).status == Status.PAUSED
    commands.reply(merchant, claim.pk, "It did not come.")
    assert fresh(claim).status == Status.OPEN


def test_ten_days_of_silence_close_it_and_a_reply_opens_it_again(merchant: Merchant, order: Order) -> None:
    parcel = sent(merchant, order, 9)
    claim = commands.claim(merchant, order.pk, parcel.pk, Asked(Kind.LOST))
    asked = commands.ask(merchant, claim.pk, "Did you ask the neighbours?")
    assert asked.due_at is not None
    assert 9 < (asked.due_at - timezone.now()) / DAY <= 10
    with merchant_scope(merchant):
        Claim.objects.update(due_at=timezone.now())
    assert wake_claims() == 1
    assert fresh(claim).status == Status.CLOSED
    commands.reply(merchant, claim.pk, "Yes.")
    assert (fresh(claim).status, fresh(claim).due_at) == (Status.OPEN, None)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Asked(Kind.DAMAGED), "photo_missing"),
        (Asked(Kind.LOST), "parcel_delivered"),
    ],
)
def test_what_cannot_be_claimed_is_not(merchant: Merchant, order: Order, asked: Asked, code: str) -> None:
    parcel = sent(merchant, order, 2, delivered=True)
    with pytest.raises(Unprocessable) as refused:
        commands.claim(merchant, order.pk, parcel.pk, asked)
    assert refused.value.code == code
    with merchant_scope(merchant):
        assert not Claim.objects.exists()


def test_an_order_without_cover_or_with_a_chargeback_claims_nothing(merchant: Merchant, order: Order) -> None:
    bare = factories.order(merchant)
    parcel = sent(merchant, bare, 9)
    with pytest.raises(Unprocessable, match="not protected"):
        commands.claim(merchant, bare.pk, parcel.pk, Asked(Kind.LOST))
    with merchant_scope(merchant):
        Order.objects.filter(pk=order.pk).update(tags=["Chargeback"])
    with pytest.raises(Unprocessable) as refused:
        commands.claim(merchant, order.pk, sent(merchant, order, 9).pk, Asked(Kind.LOST))
    assert refused.value.code == Exclusion.CHARGEBACK


def test_the_rule_decides_up_to_its_value(merchant: Merchant, order: Order) -> None:
    with merchant_scope(merchant):
        Protection.objects.create(merchant=merchant, auto_approve_up_to=Decimal(200), auto_resolution="credit",
                                  updated_at=timezone.now())  # fmt: skip
    parcel = sent(merchant, order, 1, delivered=True)
    claim = commands.claim(merchant, order.pk, parcel.pk, Asked(Kind.DAMAGED, photos=PHOTO))
    assert (claim.status, claim.resolution, claim.decided_by) == (Status.APPROVED, "credit", "rule")


def test_a_reshipment_that_the_shop_bears_leaves_money_and_pool_alone(
    merchant: Merchant, order: Order
) -> None:
    parcel = sent(merchant, order, 1, delivered=True)
    claim = commands.claim(merchant, order.pk, parcel.pk, Asked(Kind.DAMAGED, photos=PHOTO))
    commands.approve(merchant, claim.pk, Resolution.RESHIP, payer=Payer.MERCHANT)
    with merchant_scope(merchant):
        assert money_of(order).pending == 0
        assert [b.payouts for b in balances()] == [0]


def test_a_declined_one_says_why_and_a_reply_opens_it(merchant: Merchant, order: Order) -> None:
    parcel = sent(merchant, order, 1, delivered=True)
    claim = commands.claim(merchant, order.pk, parcel.pk, Asked(Kind.DAMAGED, photos=PHOTO))
    commands.decline(merchant, claim.pk, Exclusion.DEFECT, "It was so before.")
    assert (fresh(claim).status, fresh(claim).exclusion) == (Status.DECLINED, "defect")
    with pytest.raises(Conflict):
        commands.ask(merchant, claim.pk, "?")
    commands.reply(merchant, claim.pk, "No.")
    assert fresh(claim).status == Status.OPEN


def test_every_status_has_its_moves() -> None:
    assert set(MOVES) == set(Status.values)
