"""Accesses to makers of return labels: keys go in and never come out, are tried, and rules find their addresses."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from returns.label_models import LabelAccount
from returns.logistics.accounts import keys_of
from returns.policy.commands import save_policy
from returns.policy.model import Outcome, Policy
from tests.tracking.carrier_server import CarrierServer, Reply, carrier_server

PAGE = "/app/nordwind/settings/labels/"
KEY = "s3cret-key-of-ours"
HOME = {
    "company": "Nordwind",
    "street": "Hafenstr.",
    "house": "1",
    "postcode": "20457",
    "city": "Hamburg",
    "country": "DE",
}
SHIPPO = {
    "token": KEY, "countries": "de, AT", "weight_grams": "800", "length_cm": "40", "width_cm": "30", "height_cm": "15",
    "carrier": "", "service": "", **{f"address-{name}": value for name, value in HOME.items()},
    "to-TOTAL_FORMS": "1", "to-INITIAL_FORMS": "0", "to-0-country": "DE",
}  # fmt: skip


@pytest.fixture
def maker(settings: Any) -> Any:
    with carrier_server() as server:
        settings.LABEL_URLS = {"shippo": f"http://{server.host}", "dhl_returns": f"http://{server.host}"}
        settings.OUTBOUND_ALLOW = [server.host]
        server.on("/shipments/", Reply(b'{"results": []}'))
        server.on("/locations", Reply(b"[]"))
        yield server


def stored(merchant: Merchant, maker: str = "shippo") -> LabelAccount:
    with merchant_scope(merchant):
        return LabelAccount.objects.get(maker=maker)


def test_a_key_is_stored_encrypted_tried_without_making_a_label_and_never_shown(
    merchant: Merchant, owner: Client, maker: CarrierServer
) -> None:
    page = owner.post(PAGE + "shippo/", SHIPPO, follow=True).content.decode()
    assert "Shippo knows you." in page
    [asked] = maker.asked
    assert (asked.method, asked.headers["Authorization"]) == ("GET", f"ShippoToken {KEY}")
    account = stored(merchant)
    assert (keys_of(account), account.countries) == ({"token": KEY}, ["AT", "DE"])
    assert account.settings == {"weight_grams": 800, "length_cm": 40, "width_cm": 30, "height_cm": 15,
                                "address": HOME, "destinations": {}}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM returns_labelaccount")
        assert KEY not in cursor.fetchone()[0]
    for url in (PAGE, PAGE + "shippo/"):
        assert KEY not in owner.get(url).content.decode()
    with merchant_scope(merchant):
        entry = AuditEntry.objects.get()
    assert (entry.action, KEY in str(entry.changes)) == ("label_account.saved", False)


def test_an_empty_key_stays_and_destinations_of_the_rules_are_asked_for_and_kept(
    merchant: Merchant, owner: Client, maker: CarrierServer
) -> None:
    save_policy(merchant, Policy(standard=Outcome(destination="Workshop")))
    owner.post(PAGE + "shippo/", SHIPPO)
    assert "no address here: Workshop" in owner.get(PAGE).content.decode()
    workshop = {**HOME, "destination": "Workshop", "city": "Kiel"}
    added = {**SHIPPO, "token": "", **{f"to-0-{name}": value for name, value in workshop.items()}}
    assert owner.post(PAGE + "shippo/", added).status_code == 302
    account = stored(merchant)
    assert keys_of(account) == {"token": KEY}
    assert account.settings["destinations"] == {"Workshop": {**HOME, "city": "Kiel"}}
    assert "no address here" not in owner.get(PAGE).content.decode()
    again = {**added, "to-TOTAL_FORMS": "2", "to-INITIAL_FORMS": "1", "to-1-country": "DE"}
    owner.post(PAGE + "shippo/", again)  # an unchanged one stays
    assert list(stored(merchant).settings["destinations"]) == ["Workshop"]
    owner.post(PAGE + "shippo/", {**again, "to-0-DELETE": "on"})
    assert stored(merchant).settings["destinations"] == {}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"countries": "XX"}, "XX is no country"), ({"token": ""}, "required"), ({"address-city": ""}, "addresses below"),
     ({"address-company": ""}, "A company or a name"), ({"weight_grams": "0"}, "greater than"),
     ({"to-0-destination": "Workshop"}, "addresses below"), ({"to-TOTAL_FORMS": "many"}, "addresses below")],
)  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_stored(
    merchant: Merchant, owner: Client, maker: CarrierServer, wrong: dict[str, str], said: str
) -> None:
    answer = owner.post(PAGE + "shippo/", {**SHIPPO, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    with merchant_scope(merchant):
        assert LabelAccount.objects.count() == 0
    assert maker.asked == []


def test_dhl_has_receivers_and_a_refused_access_is_said_and_can_be_forgotten(
    merchant: Merchant, owner: Client, maker: CarrierServer
) -> None:
    form = {"api_key": KEY, "username": "u", "password": "p", "countries": "DE", "weight_grams": "1000"}
    wrong = owner.post(PAGE + "dhl_returns/", {**form, "receivers": "Germany = ret1"})
    assert "This line is not understood: Germany = ret1" in wrong.content.decode()
    maker.on("/locations", Reply(b"{}", 401))
    page = owner.post(
        PAGE + "dhl_returns/", {**form, "receivers": "de = ret1\nWorkshop/DE = ret2"}, follow=True
    )
    assert "The access was refused" in page.content.decode()
    assert stored(merchant, "dhl_returns").settings["receivers"] == {"DE": "ret1", "Workshop/DE": "ret2"}
    assert owner.post(PAGE + "dhl_returns/remove/").status_code == 302
    with merchant_scope(merchant):
        assert LabelAccount.objects.count() == 0
        assert AuditEntry.objects.order_by("-occurred_at", "-id")[0].action == "label_account.removed"
