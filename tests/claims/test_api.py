"""Claims, the protection's rules and its pool over the API; branches and label accounts beside them."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from returns.claims.pool import cover
from returns.models import LabelAccount
from returns.withdrawal.commands import declare
from returns.withdrawal.models import Source
from returns.withdrawal.steps import Declaration
from tests import factories
from tests.api_client import ApiClient
from tests.portal.test_problems import photo
from tests.returns.conftest import LINES


def delivered(merchant: Merchant, days: int) -> tuple[Order, str]:
    """A protected order that was delivered so many days ago, and the id of its parcel."""
    then = timezone.now() - timedelta(days=days)
    order = factories.order(merchant, lines=LINES, placed_at=then - timedelta(days=2))
    parcel = factories.shipment(merchant, order)
    factories.scan(merchant, parcel, "delivered", then)
    cover(merchant, order.pk)
    return order, public_id("shp", parcel.pk)


def test_a_claim_is_made_answered_decided_and_paid_out_of_the_pool(
    merchant: Merchant, api: ApiClient, strangers_api: ApiClient
) -> None:
    order, parcel = delivered(merchant, 6)
    body: dict[str, Any] = {"order_id": public_id("ord", order.pk), "shipment_id": parcel, "kind": "damaged"}
    assert api.post("claims", body).json()["code"] == "photo_missing"
    script = b64encode(b"<svg onload=alert(1)>").decode()
    assert api.post("claims", {**body, "photos": [script]}).json()["code"] == "photo_svg"
    for text in ("not base64!", "kein Foto: ß"):
        assert api.post("claims", {**body, "photos": [text]}).json()["code"] == "photo_broken"
    assert api.post("claims", {**body, "lines": [{"line": "nope"}]}).json()["code"] == "unknown_line"
    assert api.post("claims", {**body, "kind": "lost"}).json()["code"] == "parcel_delivered"
    assert strangers_api.post("claims", body).status_code == 404
    full = {**body, "lines": [{"line": "L2"}], "photos": [b64encode(photo()).decode()], "text": "A scratch."}
    made = api.post("claims", full, idempotency_key="c1")
    assert made.status_code == 201
    claim = made.json()
    assert (claim["status"], claim["value"], claim["kind"]) == ("open", "129.0000", "damaged")
    assert api.post("claims", full, idempotency_key="c1").json()["id"] == claim["id"]
    here = f"claims/{claim['id']}"
    assert api.post(f"{here}/ask", {"text": "Which side?"}).json()["status"] == "needs_more"
    assert strangers_api.post(f"{here}/reply", {"text": "x"}).status_code == 404
    assert api.post(f"{here}/reply", {"text": "The left one."}).json()["status"] == "open"
    assert api.post(f"{here}/approve", {"resolution": "refund"}).json()["status"] == "approved"
    [pool] = api.get("protection/pool").json()["pools"]
    assert (pool["payouts"], pool["loss_percent"]) == ("129.0000", 2101)
    assert strangers_api.get("protection/pool").json() == {"pools": [], "lanes": []}


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "1E+30", "0.00001"])
def test_an_amount_that_is_none_is_refused_and_is_no_fault_of_ours(
    merchant: Merchant, api: ApiClient, amount: str
) -> None:
    order = factories.order(merchant)
    asked = Declaration(timezone.now(), Source.LINK, name="A", email="a@b.test", order_id=order.pk)
    withdrawal = public_id("wdr", declare(merchant, asked).pk)
    covered = api.post(f"orders/{public_id('ord', order.pk)}/cover", {"premium": amount})
    assert covered.json()["code"] == "invalid_field"
    for told in ({"amount": amount}, {"amount": "5", "shipping": amount}):
        assert api.post(f"withdrawals/{withdrawal}/refund", told).status_code == 422


def test_the_rules_of_protection_and_withdrawal_are_read_and_written(
    merchant: Merchant, api: ApiClient, strangers_api: ApiClient
) -> None:
    assert api.get("protection").json()["lost_home_days"] == 7
    assert api.put("protection", {"stolen_days": 30}).json()["code"] == "clocks_cross"
    assert api.put("protection", {"premium_percent": "101"}).status_code == 400
    written = api.put(
        "protection", {"is_on": False, "premium_flat": "2.50", "premium_skus": ["PROTECT"]}
    ).json()
    assert (written["is_on"], written["premium_skus"]) == (False, ["PROTECT"])
    assert api.get("protection").json()["premium_flat"].startswith("2.50")
    assert strangers_api.get("protection").json()["is_on"] is True
    assert api.put("withdrawal-rules", {"days": 13}).status_code == 400  # less than the law's
    rules = {"days": 30, "exempt_tags": {"engraved": "custom_made"}, "offers_labels": False}
    assert api.put("withdrawal-rules", rules).json()["exempt_tags"] == {"engraved": "custom_made"}
    read = api.get("withdrawal-rules").json()
    assert (read["days"], read["offers_labels"], read["informs"]) == (30, False, True)
    assert strangers_api.get("withdrawal-rules").json()["days"] == 14


def test_branches_and_label_accounts_are_set_up_and_no_key_is_shown_again(
    merchant: Merchant, api: ApiClient, strangers_api: ApiClient
) -> None:
    assert api.post("branches", {"name": " \n"}).status_code == 400
    made = api.post("branches", {"name": "Hafen", "hours": "9–18"}, idempotency_key="b1").json()
    assert (len(made["pin"]), made["name"], bool(made["token"])) == (6, "Hafen", True)
    renewed = api.post(f"branches/{made['id']}/renew").json()
    assert renewed["token"] != made["token"]
    [listed] = api.get("branches").json()["data"]
    assert (listed["token"], listed["pin"]) == ("", "")
    assert strangers_api.delete(f"branches/{made['id']}").status_code == 404
    assert api.delete(f"branches/{made['id']}").json()["name"] == "Hafen"
    assert api.get("branches").json()["data"] == []
    account = {"credentials": {"token": "shippo_secret"}, "countries": ["de"],
               "settings": {"address": {"company": "Nordwind", "country": "DE"}, "weight_grams": 800}}  # fmt: skip
    assert api.put("label-accounts/nobody", account).status_code == 404
    assert (
        api.put("label-accounts/shippo", {"credentials": {"key": "x"}}).json()["code"] == "unknown_credential"
    )
    put = api.put("label-accounts/shippo", account)
    assert "shippo_secret" not in put.content.decode()
    assert (put.json()["missing"], put.json()["countries"]) == ([], ["DE"])
    again = api.put("label-accounts/shippo", {"settings": {"weight_grams": 900}}).json()
    assert (again["missing"], again["settings"]) == ([], {"weight_grams": 900})  # the key stays
    assert [row["is_set_up"] for row in strangers_api.get("label-accounts").json()["data"]] == [False] * 4
    assert api.delete("label-accounts/shippo").json()["is_set_up"] is False
    with merchant_scope(merchant):
        assert not LabelAccount.objects.exists()
