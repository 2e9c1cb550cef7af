"""What is learned from a merchant's own parcels, and what comes of it for the next look."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.utils import timezone

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from tests import factories
from tests.tracking.conftest import FAST, dhl_parcel, fresh
from tests.tracking.dhl_server import DHLServer
from tracking import polling
from tracking.asking import set_account
from tracking.models import CarrierGate, Shipment
from tracking.rates import book, budget
from tracking.rates.counting import Counts
from tracking.rates.models import CarrierScanCounts, ScanCounts, ScanLesson

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    book.put_away()
    monkeypatch.setattr(budget, "_made_at", -1e9)


def travelled(owner: Merchant, number: str, *hours: float, service: str = "") -> Shipment:
    """A parcel that was picked up two days ago and scanned again so many hours later; then delivered."""
    begun = timezone.now() - timedelta(hours=48)
    parcel = dhl_parcel(owner, number, shipped_at=begun, service=service)
    factories.scan(owner, parcel, "in_transit", begun)
    for index, hour in enumerate(hours):
        factories.scan(owner, parcel, "in_transit", begun + timedelta(hours=hour), raw_code=str(index))
    factories.scan(owner, parcel, "delivered", begun + timedelta(hours=40))
    return parcel


def learn() -> int:
    """Have every merchant counted whose day has come."""
    return due.run("tracking.scan_rates")


def rows() -> dict[tuple[UUID, str, str], dict[str, Any]]:
    with platform_scope("what was learned"):
        return {(row.merchant_id, row.context, row.service): row.counts for row in ScanCounts.objects.all()}


def sums() -> dict[str, Counts]:
    return {row.context: Counts(**row.counts) for row in CarrierScanCounts.objects.all()}


def test_scans_are_counted_once_a_day_by_context_and_service(merchant: Merchant, stranger: Merchant) -> None:
    travelled(merchant, "N-1", 5, 9)
    travelled(merchant, "N-2", 7, service="Express")
    travelled(stranger, "S-1", 3)
    assert learn() == 2
    counted = {key: Counts(**counts) for key, counts in rows().items()}
    assert {key: counts.scans for key, counts in counted.items()} == {
        (merchant.id, "in_transit", ""): 3,
        (merchant.id, "in_transit", "Express"): 2,
        (stranger.id, "in_transit", ""): 2,
    }
    assert sum(counted[merchant.id, "in_transit", ""].week_minutes) == 40 * 60
    assert sums()["in_transit"].scans == 7
    assert learn() == 0  # They had their day.
    with platform_scope("their lessons"):
        assert all(row.due_at > timezone.now() + timedelta(hours=21) for row in ScanLesson.objects.all())


def test_learning_anew_ends_equal_to_what_stood_there(merchant: Merchant, stranger: Merchant) -> None:
    travelled(merchant, "N-1", 5, 9)
    travelled(stranger, "S-1", 3)
    learn()
    before, before_sums = rows(), {context: asdict(counts) for context, counts in sums().items()}
    with platform_scope("their day has come again"):
        ScanLesson.objects.update(due_at=timezone.now())
    learn()
    assert (rows(), {context: asdict(counts) for context, counts in sums().items()}) == (before, before_sums)
    call_command("learn_scan_rates", verbosity=0)
    assert (rows(), {context: asdict(counts) for context, counts in sums().items()}) == (before, before_sums)


def test_a_sandbox_is_not_learned_from(merchant: Merchant) -> None:
    factories.merchant("nordwind-test", "Nordwind", sandbox_of=merchant)
    budget.make_lessons()
    with platform_scope("all lessons"):
        assert [row.merchant_id for row in ScanLesson.objects.all()] == [merchant.id]


def test_a_new_merchant_begins_with_what_others_saw_of_the_carrier(
    merchant: Merchant, stranger: Merchant
) -> None:
    for index in range(8):
        travelled(merchant, f"N-{index}", *range(1, 40))  # Scanned every hour.
    learn()
    assumed = book.prior("in_transit").base
    others = book.read_book(stranger, "dhl").rate("in_transit", "")
    mine = book.read_book(merchant, "dhl").rate("in_transit", "")
    assert assumed * 3 < others.base <= mine.base
    assert book.read_book(stranger, "ups").rate("in_transit", "").base == pytest.approx(assumed)


def test_looks_that_do_not_fit_into_the_calls_of_a_day_become_rarer(merchant: Merchant) -> None:
    set_account(merchant, "dhl", {**FAST, "calls_per_day": "10"})
    for index in range(30):
        parcel = dhl_parcel(merchant, f"N-{index}")
        factories.scan(merchant, parcel, "in_transit", timezone.now() - timedelta(hours=1))
    learn()
    [gate] = CarrierGate.objects.all()
    assert gate.price > 5 * book.FREE_PRICE
    parcel, now = fresh(parcel), timezone.now()
    usual = polling.next_poll(merchant, parcel, now)
    book.put_away()
    rare = polling.next_poll(merchant, parcel, now)
    assert usual is not None
    assert rare is not None
    assert rare - now > 2 * (usual - now)
    # A larger allowance makes them cheap again.
    set_account(merchant, "dhl", {**FAST, "calls_per_day": "100000"})
    budget.set_price(merchant, "dhl", timezone.now())
    assert book.read_book(merchant, "dhl").price == book.FREE_PRICE


def test_merchants_who_share_an_access_share_its_price(
    dhl: DHLServer, settings: Any, merchant: Merchant, stranger: Merchant
) -> None:
    settings.DHL_API_KEY = "everybodys-key"
    for owner in (merchant, stranger):
        with merchant_scope(owner):
            ScanLesson.objects.create(merchant=owner, looks={"dhl": 1000.0})
    budget.set_price(merchant, "dhl", timezone.now())
    shared = book.read_book(stranger, "dhl").price
    assert shared == pytest.approx(2000 / (0.8 * 250))
    set_account(stranger, "dhl", {"api_key": "her-own"})
    budget.set_price(merchant, "dhl", timezone.now())
    assert book.read_book(merchant, "dhl").price == pytest.approx(shared / 2)


def test_a_parcel_whose_carrier_pushes_is_only_looked_at_now_and_then(merchant: Merchant) -> None:
    parcel = fresh(dhl_parcel(merchant, "N-1"))
    factories.scan(merchant, parcel, "in_transit", timezone.now())
    parcel, now = fresh(parcel), timezone.now()
    often = polling.next_poll(merchant, parcel, now)
    parcel.push_until = now + timedelta(days=5)
    seldom = polling.next_poll(merchant, parcel, now)
    assert often is not None
    assert seldom is not None
    assert seldom - now >= timedelta(hours=24) > often - now
    parcel.push_until = now - timedelta(hours=1)  # The subscription has died.
    assert polling.next_poll(merchant, parcel, now) == often


def test_the_book_of_a_merchant_is_read_once_and_then_at_hand(
    merchant: Merchant, django_assert_num_queries: Any
) -> None:
    """The sums, its own counts and its account; the price too, if it has one."""
    with django_assert_num_queries(3):
        book.book_of(merchant, "dhl")
    with django_assert_num_queries(0):
        book.book_of(merchant, "dhl")
