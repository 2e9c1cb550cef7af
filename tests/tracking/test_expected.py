"""When an order will be there that nothing is in a parcel of yet: one answer, wherever one asks."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from analytics.scorecards.models import CarrierTally, Measure
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.about_shop import format_locale
from notifications.context import context_of, load
from notifications.rendering import delivery_window
from orders.models import Order
from orders.queries import portal_path
from orders.schemas import AddressIn, PromiseIn
from tests import factories
from tests.api_client import ApiClient
from tests.dashboard import scene
from tests.tracking.conftest import fresh
from tracking.answers import apply_tracking
from tracking.carriers.base import TrackingResult
from tracking.eta.expected import EtaReason, expected
from tracking.eta.history import purchase_case
from tracking.eta.learning import fit_now
from tracking.models import Shipment
from tracking.statuses import Status

DAYS = 9  # from purchase to delivery in these tests: the rule says four at most


@pytest.fixture
def fitted(merchant: Merchant) -> Merchant:
    """Nordwind with a model of its own: what is bought is there nine days later."""
    now = timezone.now()
    with merchant_scope(merchant):
        for number in range(15):
            order = factories.order(merchant, placed_at=now - timedelta(days=14 + number))
            shipped, delivered = order.placed_at + timedelta(days=4), order.placed_at + timedelta(days=DAYS)
            Shipment.objects.bulk_create(
                Shipment(
                    merchant=merchant, order=order, external_id=str(place), number=place, carrier="ups",
                    status=Status.DELIVERED, status_at=delivered, shipped_at=shipped, delivered_at=delivered,
                    last_scan_at=delivered, created_at=shipped, updated_at=delivered,
                )
                for place in (1, 2, 3)
            )  # fmt: skip
    fit_now(merchant, now)
    return merchant


def promising(merchant: Merchant, days: int) -> Order:
    day = (timezone.now() + timedelta(days=days)).date()
    return factories.order(merchant, delivery=PromiseIn(earliest=day, latest=day))


def test_a_promise_counts_until_it_is_over_then_our_model_then_the_rule(fitted: Merchant) -> None:
    now = timezone.now()
    promised = promising(fitted, 2)
    found = expected(fitted, promised, now)
    assert (found.reason, found.window) == (EtaReason.PROMISE, found.promised)
    assert found.said is not None  # ours is told beside
    assert expected(fitted, promised, now + timedelta(days=4)).reason == EtaReason.NO_PROMISE
    ours = expected(fitted, factories.order(fitted), now)
    assert ours.reason == EtaReason.NO_PROMISE
    assert ours.window is not None
    assert ours.said is not None
    assert abs((ours.said.p50 - now) / timedelta(days=1) - DAYS) < 1
    assert ours.window.end.date() >= ours.said.p90.date() - timedelta(days=1)
    long_ago = expected(fitted, factories.order(fitted), now + timedelta(days=60))
    assert (long_ago.window, long_ago.reason) == (None, EtaReason.OVER)
    fitted.eta_fitted_at = None
    assert expected(fitted, factories.order(fitted), now).reason == EtaReason.RULE


def test_page_mail_and_api_tell_the_same_days(
    fitted: Merchant, client: Client, api: ApiClient, django_assert_num_queries: Any
) -> None:
    order = factories.order(fitted)
    window = expected(fitted, order, timezone.now()).window
    assert window is not None
    zone = ZoneInfo(fitted.timezone)
    first, last = window.start.astimezone(zone), window.end.astimezone(zone)
    told = api.get(f"orders/{public_id('ord', order.id)}/eta").json()
    assert (told["reason"], told["eta"]["source"], told["eta"]["confidence"]) == ("no_promise", "model", 0.8)
    assert datetime.fromisoformat(told["eta"]["to"]) == window.end
    assert told["rule"]["to"] < told["eta"]["to"]
    with merchant_scope(fitted):
        mail = scene.message(fitted, order, touchpoint="order_confirmation", locale="en")
        assert context_of(mail, load(fitted, [mail]))["shipment"]["eta"] == delivery_window(
            first, last, format_locale("en")
        )
    page = client.get(portal_path(fitted, order)).content.decode()
    assert f'datetime="{first.date().isoformat()}"' in page
    from tracking.eta.api import show_order_eta

    with merchant_scope(fitted), django_assert_num_queries(2):
        show_order_eta(fitted, order.id)


def test_parcels_have_dates_of_their_own_with_the_carriers_beside(fitted: Merchant, api: ApiClient) -> None:
    order = factories.order(fitted, placed_at=timezone.now() - timedelta(days=2))
    parcel = factories.shipment(fitted, order, carrier="UPS", tracking_number="1Z1")

    def told() -> tuple[Any, str, Any]:
        answer = api.get(f"orders/{public_id('ord', order.id)}/eta").json()
        assert (answer["eta"], answer["reason"]) == (None, "in_parcels")
        (one,) = answer["shipments"]
        return one["eta"] and one["eta"]["source"], one["reason"], one["carrier"]

    assert told() == ("model", "handed_over", None)
    assert apply_window(fitted, parcel, timezone.now() + timedelta(days=1))
    source, reason, carrier = told()
    assert (source, reason) == ("carrier", "carrier")
    apply_window(fitted, parcel, timezone.now() - timedelta(hours=30))
    factories.scan(fitted, parcel, "in_transit", timezone.now() - timedelta(hours=1))
    source, reason, later = told()
    assert (source, reason) == ("model", "carrier_over")
    assert carrier is not None
    assert later["to"] < carrier["to"]
    factories.scan(fitted, parcel, "delivered", timezone.now())
    assert told()[:2] == (None, "not_awaited")


def test_a_carrier_that_missed_its_own_day_is_counted_so_though_ours_took_its_place(
    fitted: Merchant, drain_all: Callable[[], int]
) -> None:
    parcel = factories.shipment(fitted, factories.order(fitted), carrier="UPS", tracking_number="1Z1")
    apply_window(fitted, parcel, timezone.now() - timedelta(days=2))
    factories.scan(fitted, parcel, "in_transit", timezone.now() - timedelta(hours=1))
    assert fresh(parcel).eta_source == "model"
    factories.scan(fitted, parcel, "delivered", timezone.now())
    drain_all()
    with merchant_scope(fitted):
        seen = set(CarrierTally.objects.filter(number__gt=0).values_list("measure", flat=True))
    assert Measure.DATED in seen
    assert Measure.DATE_KEPT not in seen


def apply_window(merchant: Merchant, parcel: Shipment, by: datetime) -> bool:
    apply_tracking(merchant, parcel.pk, TrackingResult("1Z1", eta_from=by, eta_to=by), source="ups")
    return fresh(parcel).eta_source == "carrier"


def test_a_foreign_order_has_no_date(merchant: Merchant, stranger: Merchant, api: ApiClient) -> None:
    theirs = factories.order(stranger)
    assert api.get(f"orders/{public_id('ord', theirs.id)}/eta").status_code == 404


def test_a_purchase_is_predicted_from_what_is_known_then(merchant: Merchant) -> None:
    merchant.keeps_holidays, merchant.region = True, "BY"
    day = date(2026, 5, 29)  # the Friday before Corpus Christi week
    placed = datetime(day.year, day.month, day.day, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    order = factories.order(
        merchant, placed_at=placed, shipping_address=AddressIn(postcode="20457", country="DE")
    )
    case = purchase_case(merchant, order)
    assert case.carrier == case.service == ""
    assert (case.origin_days_off, case.days_off) == (1.0, 0.0)
    assert 3 < case.promise < 7  # the rule's last day, from the moment of the purchase
    merchant.keeps_holidays = False
    assert (
        purchase_case(merchant, order).days_off != purchase_case(merchant, order).days_off
    )  # nan: not known
