"""The carriers' page: figures where there are enough parcels, and words where there are not."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analytics.models import CarrierTally
from merchants.models import Merchant
from merchants.scope import merchant_scope

URL = "/app/nordwind/reports/carriers"


def tally(owner: Merchant, carrier: str, **numbers: int) -> None:
    """So many of each measure for a carrier's parcels to Germany that ended yesterday."""
    day = timezone.localdate() - timedelta(days=1)
    with merchant_scope(owner):
        for measure, number in numbers.items():
            CarrierTally.objects.create(
                merchant=owner, day=day, carrier=carrier, service="=Parcel", country="DE", measure=measure,
                bin=125 if measure in ("transit", "latency") else 0, number=number,
            )  # fmt: skip


@pytest.fixture
def carriers(merchant: Merchant) -> None:
    tally(merchant, "dhl", ended=200, delivered=190, promised=190, promise_kept=171, transit=190, latency=900)
    tally(merchant, "ups", ended=12, delivered=12, promised=12, promise_kept=12)


def test_shares_are_shown_only_of_enough_parcels(merchant: Merchant, carriers: None, owner: Client) -> None:
    page = owner.get(f"{URL}/").content.decode()
    assert "90.0 %" in page
    assert "12 parcels: too few to judge" in page
    assert "100.0 %" not in page


def test_it_costs_the_same_for_any_number_of_rows(merchant: Merchant, carriers: None, owner: Client) -> None:
    owner.get(f"{URL}/")
    with CaptureQueriesContext(connection) as captured:
        owner.get(f"{URL}/", {"country": "DE", "by": "service", "days": "365"})
    assert len(captured) <= 8


def test_the_csv_has_the_same_and_no_formula(
    merchant: Merchant, carriers: None, owner: Client, desk: Callable[..., Client]
) -> None:
    rows = list(csv.DictReader(io.StringIO(owner.get(f"{URL}.csv", {"by": "service"}).content.decode())))
    assert [(row["carrier"], row["service"], row["parcels"]) for row in rows] == [
        ("dhl", "'=Parcel", "200"), ("ups", "'=Parcel", "12"),
    ]  # fmt: skip
    assert rows[0]["on_time"] == "0.9"
    assert desk(merchant, "analyst").get(f"{URL}.csv").status_code == 200
