"""Accounts at carriers: keys go in and never come out, are tried, and their health is shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.tracking.conftest import dhl, dhl_parcel, fresh, poll  # noqa: F401  # dhl is a fixture
from tests.tracking.dhl_server import FIXTURES, DHLServer
from tracking.account_health import healths
from tracking.accounts import read_credentials
from tracking.asking import set_account
from tracking.models import CarrierAccount, UnknownCode

PAGE = "/app/nordwind/settings/carriers/"
WRONG_KEY = (401, (FIXTURES / "unauthorized.json").read_bytes(), {})
KEY = "s3cret-key-of-ours"


def stored(merchant: Merchant) -> dict[str, str]:
    with merchant_scope(merchant):
        return read_credentials(CarrierAccount.objects.get(carrier="dhl").credentials)


def test_a_key_is_stored_encrypted_tried_at_once_and_never_shown(
    merchant: Merchant,
    owner: Client,
    dhl: DHLServer,  # noqa: F811
) -> None:
    page = owner.post(
        PAGE + "dhl/", {"api_key": f" {KEY} ", "calls_per_day": "5000"}, follow=True
    ).content.decode()
    assert "DHL answers." in page
    assert dhl.keys == [KEY]
    assert stored(merchant) == {"api_key": KEY, "calls_per_day": "5000"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM tracking_carrieraccount")
        assert KEY not in cursor.fetchone()[0]
    for url in (PAGE, PAGE + "dhl/"):
        assert KEY not in owner.get(url).content.decode()
    with merchant_scope(merchant):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.changes) == ("carrier_account.saved", {})


def test_a_wrong_key_is_said_and_kept_for_mending(
    merchant: Merchant,
    owner: Client,
    dhl: DHLServer,  # noqa: F811
) -> None:
    dhl.everything = WRONG_KEY
    page = owner.post(PAGE + "dhl/", {"api_key": KEY}, follow=True).content.decode()
    assert "The carrier refused the key." in page
    page = owner.post(PAGE + "dhl/test/", follow=True).content.decode()
    assert "The carrier refused the key." in page
    dhl.everything = None
    assert "DHL answers." in owner.post(PAGE + "dhl/test/", follow=True).content.decode()


def test_a_key_can_be_forgotten(merchant: Merchant, owner: Client, dhl: DHLServer) -> None:  # noqa: F811
    set_account(merchant, "dhl", {"api_key": KEY})
    assert "Forget the key for DHL?" in owner.get(PAGE + "dhl/remove/").content.decode()
    owner.post(PAGE + "dhl/remove/")
    with merchant_scope(merchant):
        assert not CarrierAccount.objects.exists()
    assert "none: parcels are linked, not followed" in owner.get(PAGE).content.decode()
    assert "There is no key" in owner.post(PAGE + "dhl/test/", follow=True).content.decode()


def test_the_health_is_what_really_happened_in_a_fixed_number_of_queries(
    merchant: Merchant,
    stranger: Merchant,
    owner: Client,
    dhl: DHLServer,  # noqa: F811
) -> None:
    set_account(merchant, "dhl", {"api_key": KEY, "calls_per_second": "1000", "calls_per_day": "9000"})
    set_account(stranger, "dhl", {"api_key": "theirs", "calls_per_second": "1000"})
    good, bad = dhl_parcel(merchant, "JJD-1"), dhl_parcel(merchant, "JJD-2")
    dhl_parcel(stranger, "JJD-3")
    dhl.says("JJD-1", "in_transit")
    dhl.answers["JJD-2"] = (200, b"<html>", {})
    poll()
    assert fresh(bad).poll_error.startswith("cannot_read")
    with merchant_scope(merchant), CaptureQueriesContext(connection) as queries:
        [health] = healths(merchant, ["dhl"])
    assert len(queries) == 5
    assert (health.source, health.asked, health.failing, health.failing_percent) == ("own", 2, 1, 50)
    assert (health.unread, health.calls_today, health.closed_until) == (1, 2, None)
    assert health.last_answer is not None
    assert timezone.now() - health.last_answer < timedelta(minutes=1)
    assert "Failing often" in owner.get(PAGE).content.decode()
    dhl.everything = WRONG_KEY
    dhl_parcel(merchant, "JJD-4")
    poll()
    page = owner.get(PAGE).content.decode()
    assert "Closed for now" in page
    assert "The carrier refused the key." in page
    assert good.carrier == "dhl"


def test_parcels_that_name_no_carrier_get_the_default_one(merchant: Merchant, owner: Client) -> None:
    assert owner.post(PAGE, {"default_carrier": "hermes"}).status_code == 302
    merchant.refresh_from_db()
    parcel = factories.shipment(merchant, factories.order(merchant), carrier="")
    named = factories.shipment(merchant, factories.order(merchant), carrier="UPS")
    assert (fresh(parcel).carrier, fresh(named).carrier) == ("hermes", "ups")
    assert owner.post(PAGE, {"default_carrier": "pigeon"}).status_code == 422


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"api_key": ""}, "api_key"),
        ({"api_key": "x", "calls_per_day": "0"}, "calls_per_day"),
        ({"api_key": "x" * 201}, "api_key"),
    ],
)
def test_a_key_that_is_none_is_refused(
    merchant: Merchant, owner: Client, form: dict[str, Any], field: str
) -> None:
    answer = owner.post(PAGE + "dhl/", form)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    with merchant_scope(merchant):
        assert not CarrierAccount.objects.exists()


@pytest.mark.parametrize("carrier", ["sandbox", "hermes", "nosuch"])
def test_only_carriers_that_we_ask_have_accounts(merchant: Merchant, owner: Client, carrier: str) -> None:
    for url in (f"{PAGE}{carrier}/", f"{PAGE}{carrier}/test/", f"{PAGE}{carrier}/remove/"):
        assert owner.post(url, {"api_key": "x"}).status_code == 404


def test_codes_that_we_do_not_know_are_listed_with_their_newest_parcel(
    merchant: Merchant, owner: Client
) -> None:
    assert "Codes we do not know yet" not in owner.get(PAGE).content.decode()
    parcel = dhl_parcel(merchant, "00340434000000000017")
    with merchant_scope(merchant):
        UnknownCode.objects.create(
            merchant=merchant, carrier="dhl", code="<b>beam", words="Beamed up", times=3, shipment=parcel,
            first_seen_at=timezone.now(), last_seen_at=timezone.now(),
        )  # fmt: skip
    page = owner.get(PAGE).content.decode()
    assert "Codes we do not know yet" in page
    assert "&lt;b&gt;beam" in page
    assert "Beamed up" in page
    assert f"/app/nordwind/shipments/{public_id('shp', parcel.pk)}/" in page


def test_a_carrier_asks_for_what_it_calls_its_keys(merchant: Merchant, owner: Client) -> None:
    page = owner.get(PAGE + "ups/").content.decode()
    assert 'name="client_id"' in page
    assert 'name="client_secret"' in page
    assert 'name="api_key"' not in page
    answer = owner.post(PAGE + "ups/", {"client_id": "id"})
    assert answer.status_code == 422  # the secret is missing
    with merchant_scope(merchant):
        assert not CarrierAccount.objects.exists()
