"""Looking now: on request, not too often, and only where somebody can be asked."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.api_client import ApiClient
from tests.tracking.conftest import dhl_parcel, fresh, poll
from tests.tracking.dhl_server import DHLServer
from tracking.accounts import accesses, read_credentials
from tracking.asking import set_account
from tracking.carriers.dhl import DHL
from tracking.models import CarrierAccount, Shipment


def path(parcel: Shipment) -> str:
    return f"shipments/{public_id('shp', parcel.pk)}/refresh"


def test_a_person_can_have_the_carrier_asked_now(dhl: DHLServer, api: ApiClient, with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    poll()
    with merchant_scope(with_key):
        Shipment.objects.update(polled_at=timezone.now() - timedelta(minutes=6))
    dhl.says("JJD-1", "in_transit")
    answer = api.post(path(parcel))
    assert (answer.status_code, answer.json()["status"]) == (202, "info_received")
    assert poll() == 1
    assert fresh(parcel).status == "out_for_delivery"


def test_not_twice_in_five_minutes(dhl: DHLServer, api: ApiClient, with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    poll()
    due_at = fresh(parcel).due_at
    answer = api.post(path(parcel))
    assert answer.status_code == 429
    assert answer.json()["code"] == "refreshed_just_now"
    assert 290 <= int(answer["Retry-After"]) <= 300
    assert fresh(parcel).due_at == due_at
    assert poll() == 0
    assert dhl.asked["JJD-1"] == 1


def test_asking_twice_before_the_look_is_one_look(dhl: DHLServer, api: ApiClient, with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    assert [api.post(path(parcel)).status_code for _ in range(3)] == [202] * 3
    poll()
    assert dhl.asked["JJD-1"] == 1


def test_a_parcel_whose_carrier_cannot_be_asked_says_so(api: ApiClient, merchant: Merchant) -> None:
    order = factories.order(merchant, quantity=2)
    for parcel in (
        factories.shipment(merchant, order, quantity=1, carrier="Hermes"),
        factories.shipment(merchant, order, quantity=1, carrier="DHL", tracking_number=""),
    ):
        answer = api.post(path(parcel))
        assert (answer.status_code, answer.json()["code"]) == (422, "carrier_not_asked")
        assert fresh(parcel).due_at is None


def test_a_strangers_parcel_is_not_there(
    dhl: DHLServer, strangers_api: ApiClient, with_key: Merchant
) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    poll()
    due_at = fresh(parcel).due_at
    assert strangers_api.post(path(parcel)).status_code == 404
    assert strangers_api.post("shipments/nonsense/refresh").status_code == 404
    assert fresh(parcel).due_at == due_at


def test_a_delivered_parcel_can_be_looked_at_again(
    dhl: DHLServer, api: ApiClient, with_key: Merchant
) -> None:
    dhl.says("1234567890", "delivered", ended=timedelta(days=5))
    parcel = dhl_parcel(with_key, "1234567890", placed=timedelta(days=12))
    poll()
    with merchant_scope(with_key):
        Shipment.objects.update(polled_at=timezone.now() - timedelta(minutes=6))
    assert fresh(parcel).due_at is None
    assert api.post(path(parcel)).status_code == 202
    assert poll() == 1
    assert (fresh(parcel).due_at, dhl.asked["1234567890"]) == (None, 2)


def test_credentials_are_stored_encrypted_and_never_shown(merchant: Merchant) -> None:
    set_account(merchant, "dhl", {"api_key": "top-secret"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM tracking_carrieraccount")
        assert "top-secret" not in cursor.fetchone()[0]
    access = accesses([(merchant.id, "dhl")])[merchant.id, "dhl"]
    assert access.account.credentials["api_key"] == "top-secret"
    assert "top-secret" not in repr(access)


def test_credentials_that_cannot_be_read_any_more_are_none(merchant: Merchant, settings: Any) -> None:
    settings.DHL_API_KEY = ""
    set_account(merchant, "dhl", {"api_key": "k"})
    with merchant_scope(merchant):
        CarrierAccount.objects.update(credentials="[1, 2]")
    assert accesses([(merchant.id, "dhl")]) == {}
    assert [read_credentials(text) for text in ("", "{", "null", '{"a": 1}')] == [{}, {}, {}, {"a": "1"}]


def test_a_pace_that_makes_no_sense_is_the_carriers_own(merchant: Merchant) -> None:
    for nonsense in ("", "0", "-3", "nan", "inf", "many", "1e400"):
        set_account(
            merchant, "dhl", {"api_key": "k", "calls_per_second": nonsense, "calls_per_day": nonsense}
        )
        pace = accesses([(merchant.id, "dhl")])[merchant.id, "dhl"].pace(DHL.poll)
        assert (pace.calls_per_second, pace.calls_per_day) == (1.0, 250), nonsense
