"""Our own dates in the life of a parcel: fitted by a worker, put on parcels with each scan, told with a reason."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

import tracking.tasks  # noqa: F401  # declares the due work
from events import due
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.api_client import ApiClient
from tests.processes import environment, run_python
from tests.tracking.conftest import data_of, facts_of, fresh
from tracking.answers import apply_tracking
from tracking.carriers.base import TrackingResult
from tracking.commands import record_scans
from tracking.eta.choice import Said, ToldNow, ours
from tracking.eta.learning import ETA, LANES_ONLY, TOO_LITTLE, fit_now, make_rows
from tracking.eta.models import EtaModel
from tracking.models import Scan, Shipment
from tracking.schemas import ScanIn
from tracking.statuses import Status

_NOON = datetime(2026, 3, 10, 11, tzinfo=UTC)  # a Tuesday, noon in Berlin


def history(owner: Merchant, count: int = 60, days: float = 4.0) -> None:
    """Delivered parcels, each about so many days on its way."""
    chance = random.Random(1)
    now = timezone.now()
    with merchant_scope(owner):
        orders = [factories.order(owner, placed_at=now - timedelta(days=30)) for _ in range(2)]
        rows = []
        for number in range(count):
            shipped = now - timedelta(days=8 + number % 30)
            delivered = shipped + timedelta(days=days * chance.uniform(0.8, 1.2))
            rows.append(Shipment(
                merchant=owner, order=orders[number % 2], external_id=f"h{number}", number=number + 1, carrier="ups",
                status=Status.DELIVERED, status_at=delivered, shipped_at=shipped, delivered_at=delivered,
                last_scan_at=delivered, created_at=shipped, updated_at=delivered,
            ))  # fmt: skip
        Shipment.objects.bulk_create(rows)
        Scan.objects.bulk_create(
            Scan(merchant=owner, shipment=row, key=number.to_bytes(16, "big"), status=Status.IN_TRANSIT,
                 source="carrier", occurred_at=row.shipped_at + timedelta(days=1), received_at=row.shipped_at)
            for number, row in enumerate(rows)
        )  # fmt: skip


def travelling(owner: Merchant, **fields: Any) -> Shipment:
    order = factories.order(owner, placed_at=timezone.now() - timedelta(hours=30))
    return factories.shipment(
        owner, order, carrier="UPS", tracking_number="1Z1",
        shipped_at=timezone.now() - timedelta(hours=26), **fields,
    )  # fmt: skip


def scan(owner: Merchant, parcel: Shipment, status: Status = Status.IN_TRANSIT, **ago: float) -> None:
    at = timezone.now() - timedelta(**(ago or {"minutes": 1}))
    record_scans(owner, [ScanIn(shipment_id=public_id("shp", parcel.id), status=status, occurred_at=at)])


@pytest.fixture
def fitted(merchant: Merchant) -> Iterator[Merchant]:
    """Nordwind with a model of its own: parcels come four days after the hand-over."""
    history(merchant)
    fit_now(merchant, timezone.now())
    return merchant


def test_a_parcel_on_its_way_gets_our_window(fitted: Merchant) -> None:
    parcel = travelling(fitted)
    assert parcel.eta_source == "model"
    assert parcel.shipped_at is not None
    assert parcel.eta_p50 is not None
    assert abs((parcel.eta_p50 - parcel.shipped_at) / timedelta(days=1) - 4) < 0.6
    assert parcel.eta_fitted_at == fitted.eta_fitted_at
    assert parcel.promised_to is not None  # by the rule, as before


def test_each_scan_brings_another_prediction_and_a_narrower_window_is_told(fitted: Merchant) -> None:
    parcel = travelling(fitted)
    before = parcel.eta_p50
    scan(fitted, parcel, hours=1)
    after = fresh(parcel)
    assert after.eta_p50 != before
    assert after.eta_source == "model"
    for changed in data_of(parcel, "shipment.eta_changed"):
        assert changed["source"] == "model"
        assert changed["p10"] <= changed["p50"] <= changed["p90"]


def test_a_model_alone_tells_nobody_of_a_delay(fitted: Merchant) -> None:
    parcel = travelling(fitted)
    with merchant_scope(fitted):
        Shipment.objects.filter(pk=parcel.pk).update(
            eta_from=parcel.shipped_at, eta_to=timezone.now() + timedelta(hours=1)
        )
    scan(fitted, parcel)
    assert fresh(parcel).eta_to > timezone.now() + timedelta(days=1)
    assert "shipment.eta_changed" in facts_of(parcel)
    assert "shipment.delayed" not in facts_of(parcel)


def test_the_carriers_word_counts_until_its_time_is_over(fitted: Merchant) -> None:
    parcel = travelling(fitted)
    by = timezone.now() + timedelta(days=2)
    apply_tracking(fitted, parcel.pk, TrackingResult("1Z1", eta_from=by, eta_to=by), source="ups")
    scan(fitted, parcel, hours=2)
    assert fresh(parcel).eta_source == "carrier"
    with merchant_scope(fitted):
        Shipment.objects.filter(pk=parcel.pk).update(
            eta_from=by - timedelta(days=3), eta_to=by - timedelta(days=3)
        )
    scan(fitted, parcel, hours=1)
    late = fresh(parcel)
    assert late.eta_source == "model"
    assert late.eta_to > timezone.now()
    over = by - timedelta(days=3)
    apply_tracking(fitted, parcel.pk, TrackingResult("1Z1", eta_from=over, eta_to=over), source="ups")
    assert fresh(parcel).eta_source == "model"  # said again, it is still over


def test_what_is_delivered_has_no_prediction(fitted: Merchant) -> None:
    parcel = travelling(fitted)
    scan(fitted, parcel, Status.DELIVERED)
    assert fresh(parcel).eta_p50 is None


def test_a_merchant_without_a_model_pays_nothing(merchant: Merchant, django_assert_num_queries: Any) -> None:
    from tracking.eta.book import model_of

    with django_assert_num_queries(0):
        assert model_of(merchant) is None
    assert travelling(merchant).eta_source == "rule"


def _told(source: str, start: int, end: int) -> ToldNow:
    return ToldNow(_NOON + timedelta(days=start), _NOON + timedelta(days=end), source)


def _said(first: float, middle: float, last: float) -> Said:
    return Said(*(_NOON + timedelta(days=days) for days in (first, middle, last)))


@pytest.mark.parametrize(
    ("told", "said", "shipped", "wanted"),
    [
        (_told("rule", 1, 3), (1, 2, 4), False, (date(2026, 3, 11), date(2026, 3, 14))),  # ours before a rule
        (_told("shop", 1, 3), (1, 2, 4), False, None),  # a promise holds until the hand-over
        (_told("shop", 1, 3), (1, 2, 4), True, (date(2026, 3, 11), date(2026, 3, 14))),
        (_told("shop", -4, -1), (1, 2, 4), False, (date(2026, 3, 11), date(2026, 3, 14))),  # or until it is over
        (_told("carrier", 1, 1), (2, 3, 4), True, None),  # the carrier's word
        (_told("carrier", -2, -1), (0, 1, 2), True, (date(2026, 3, 10), date(2026, 3, 12))),  # is over
        (_told("carrier", -2, -1), (-3, -2, -1), True, None),  # and ours as well: nothing that is past is told
        (_told("rule", 1, 3), (-2, 0.5, 1), True, (date(2026, 3, 10), date(2026, 3, 11))),  # not before today
        (ToldNow(None, None, ""), (2, 2.1, 2.2), True, (date(2026, 3, 12), date(2026, 3, 12))),  # a single day
    ],
)  # fmt: skip
def test_whose_date_is_told(
    told: ToldNow, said: tuple[float, float, float], shipped: bool, wanted: tuple[date, date] | None
) -> None:
    berlin = Merchant(timezone="Europe/Berlin")
    window = ours(berlin, told, _said(*said), _NOON, shipped=shipped)
    zone = ZoneInfo("Europe/Berlin")
    found = window and (window.start.astimezone(zone).date(), window.end.astimezone(zone).date())
    assert found == wanted
    assert window is None or window.source == "model"


def test_an_end_that_moves_by_a_day_and_back_is_no_news() -> None:
    berlin = Merchant(timezone="Europe/Berlin")
    first = ours(berlin, ToldNow(None, None, ""), _said(1, 2, 3), _NOON, shipped=True)
    assert first is not None
    told = ToldNow(first.start, first.end, "model")
    assert ours(berlin, told, _said(1, 2, 4), _NOON, shipped=True) is None
    assert ours(berlin, told, _said(1, 2, 5), _NOON, shipped=True) is not None
    assert (
        ours(berlin, told, _said(1, 3.9, 4), _NOON, shipped=True) is not None
    )  # most come later than was told
    assert ours(berlin, told, _said(2, 2, 3), _NOON, shipped=True) is not None  # narrower


@pytest.mark.django_db(transaction=True)
def test_a_worker_fits_in_a_process_that_ends(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    history(merchant)
    make_rows()
    assert due.run(ETA) == 1
    merchant.refresh_from_db()
    with merchant_scope(merchant):
        row = EtaModel.objects.get()
    assert row.data is not None
    assert row.fitted_at == merchant.eta_fitted_at
    assert timedelta(hours=20) < row.due_at - timezone.now() < timedelta(hours=28)
    assert row.note == LANES_ONLY  # 60 parcels are no ground for trees, and it says so
    assert travelling(merchant).eta_source == "model"


def test_with_too_little_history_there_is_no_model_and_it_says_so(merchant: Merchant) -> None:
    history(merchant, count=10)
    make_rows()
    assert due.run(ETA) == 1
    with merchant_scope(merchant):
        row = EtaModel.objects.get()
    assert (row.note, row.fitted_at) == (TOO_LITTLE, None)
    assert row.due_at > timezone.now() + timedelta(hours=23)
    assert travelling(merchant).eta_source == "rule"


def test_only_who_agreed_lends_delivery_times(merchant: Merchant, stranger: Merchant) -> None:
    history(stranger)
    now = timezone.now()
    assert fit_now(merchant, now).fitted_at is None
    merchant.shares_delivery_times = True
    merchant.save()
    assert fit_now(merchant, now).fitted_at is None  # the other one did not agree
    stranger.shares_delivery_times = True
    stranger.save()
    assert fit_now(merchant, now).fitted_at == now


def test_neither_web_nor_worker_load_what_fits() -> None:
    script = """
import sys
import config.urls, config.celery, config.wsgi, tracking.tasks, tracking.eta.predicting, tracking.eta.history
from celery import current_app
current_app.loader.import_default_modules()
from tracking.eta.cases import Case, Stage
from tracking.eta.model import Model
assert Model().predict(Case(Stage.PURCHASE, 1.0, 1.0)) is None
print(sorted({"sklearn", "numpy", "pyarrow", "scipy"} & set(sys.modules)))
"""
    ran = run_python(script)
    assert ran.stdout.strip() == "[]", ran.stderr


def test_the_api_tells_the_date_with_its_source_and_confidence(fitted: Merchant, api: ApiClient) -> None:
    parcel = travelling(fitted)
    told = api.get(f"shipments/{public_id('shp', parcel.id)}").json()["eta"]
    assert (told["source"], told["confidence"]) == ("model", 0.8)
    assert told["p10"] <= told["p50"] <= told["p90"]
    assert told["from"] < told["to"]
    scan(fitted, parcel, Status.DELIVERED)
    assert api.get(f"shipments/{public_id('shp', parcel.id)}").json()["eta"] is None
