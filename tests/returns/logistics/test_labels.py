"""Labels: asked of those who make them, outside of any transaction, with the answers that their documentation shows."""

import base64
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone, translation

from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_scope
from orders.models import Order
from orders.schemas import AddressIn
from returns import commands
from returns.logistics import accounts, labelling
from returns.models import Return, ReturnLabel
from returns.states import Side
from returns.tasks import ask_for_labels
from tests.api_client import ApiClient
from tests.returns.conftest import delivered
from tests.returns.test_money import ask, look
from tests.tracking.carrier_server import CarrierServer, Reply, carrier_server

PDF, QR = b"%PDF-1.7 label", b"\x89PNG code"
HOME = {"name": "Nordwind Retouren", "street": "Hafenstr.", "house": "1", "postcode": "20457", "city": "Hamburg",
        "country": "DE"}  # fmt: skip
KEYS = {"api_key": "k", "token": "k", "public_key": "p", "secret_key": "s", "username": "u", "password": "w"}


@pytest.fixture
def maker() -> Iterator[CarrierServer]:
    with carrier_server() as server:
        server.on("/label.pdf", Reply(PDF))
        server.on("/code.png", Reply(QR))
        yield server


def answer(server: CarrierServer, path: str, body: Any, status: int = 200) -> None:
    text = json.dumps(body).replace("HOST", f"http://{server.host}")
    server.on(path, Reply(text.encode(), status))


def easypost(server: CarrierServer) -> None:
    answer(server, "/shipments", {"id": "shp_1", "rates": [
        {"id": "rate_2", "carrier": "USPS", "service": "Priority", "rate": "9.80"},
        {"id": "rate_1", "carrier": "USPS", "service": "GroundAdvantage", "rate": "5.10"},
    ]})  # fmt: skip
    answer(server, "/shipments/shp_1/buy", {
        "id": "shp_1", "tracking_code": "9400100000000000000001", "postage_label": {"label_url": "HOST/label.pdf"},
    })  # fmt: skip
    answer(server, "/shipments/shp_1/forms",
           {"forms": [{"form_type": "label_qr_code", "form_url": "HOST/code.png"}]})  # fmt: skip


def shippo(server: CarrierServer) -> None:
    answer(server, "/shipments/", {"object_id": "s1", "rates": [
        {"object_id": "r1", "provider": "USPS", "amount": "5.50", "servicelevel": {"token": "usps_ground"}},
    ]}, 201)  # fmt: skip
    answer(server, "/transactions/", {
        "object_id": "t1", "status": "SUCCESS", "tracking_number": "9499907123456123456781",
        "label_url": "HOST/label.pdf", "qr_code_url": "HOST/code.png", "messages": [],
    }, 201)  # fmt: skip


def sendcloud(server: CarrierServer) -> None:
    answer(server, "/returns", {"return_id": 7, "parcel_id": 8, "multi_collo_ids": []}, 201)
    answer(server, "/returns/7", {"tracking_number": "3STBJK587162538", "carrier": {"code": "postnl"}})
    server.on("/parcels/8/documents/label", Reply(PDF))


def dhl_returns(server: CarrierServer) -> None:
    answer(server, "/orders", {
        "sstatus": {"title": "Created", "status": 201}, "shipmentNo": "999990170551", "routingCode": "40327653113+99",
        "label": {"b64": base64.b64encode(PDF).decode()}, "qrLabel": {"b64": base64.b64encode(QR).decode()},
        "qrLink": "HOST/code.png",
    }, 201)  # fmt: skip


MAKERS: dict[str, Callable[[CarrierServer], None]] = {
    "easypost": easypost, "shippo": shippo, "sendcloud": sendcloud, "dhl_returns": dhl_returns,
}  # fmt: skip


def set_up(merchant: Merchant, server: CarrierServer, settings: Any, name: str, *countries: str) -> None:
    MAKERS[name](server)
    settings.LABEL_URLS, settings.OUTBOUND_ALLOW = {name: f"http://{server.host}"}, [server.host]
    values = {"address": HOME, "shipping_option_code": "postnl:return", "destinations": {"Workshop": HOME}}
    accounts.set_account(merchant, name, KEYS, countries=list(countries), values=values)


def label(ret: Return) -> ReturnLabel:
    with merchant_scope(ret.merchant):
        return ReturnLabel.objects.get(ret=ret)


@pytest.mark.parametrize("method", ["label", "qr"])
@pytest.mark.parametrize("name", MAKERS)
def test_a_label_is_made_and_its_parcel_followed(
    merchant: Merchant,
    maker: CarrierServer,
    settings: Any,
    name: str,
    method: str,
    told: Callable[[], list[str]],
) -> None:
    set_up(merchant, maker, settings, name, "de")
    address = AddressIn(name="Anna Weber", address1="Ring 5a", city="Berlin", postcode="10115", country="DE")
    ret = ask(merchant, delivered(merchant, shipping_address=address), method=method)
    assert (maker.asked, look(ret).logistics_state) == (
        [],
        "awaiting",
    )  # nothing is asked while it is approved
    assert ask_for_labels() == 1
    assert ask_for_labels() == 0
    made = label(ret)
    assert (made.state, made.error) == ("ready", "")
    assert bytes(made.pdf or made.qr) in (PDF, QR)
    if method == "qr" and name != "sendcloud":
        assert bytes(made.qr) == QR
    assert look(ret).logistics_state == "label_created"
    assert ret.tracking_number == made.tracking_number != ""
    assert ret.shipment_id is not None
    sent = maker.asked[0].body.decode()
    assert "5a" in sent
    assert ret.number in sent
    assert told() == ["requested", "approved", "label_created"]


@pytest.mark.parametrize(
    ("reply", "state"),
    [(Reply(b'{"detail":"wrong key"}', 401), "failed"), (Reply(b"oops", 503), "wanted"), (Reply(b"<html>"), "wanted"),
     (Reply(b'{"shipmentNo":"1"}', 201), "wanted")],
)  # fmt: skip
def test_a_maker_that_refuses_is_told_and_one_that_is_down_is_asked_again(
    merchant: Merchant, maker: CarrierServer, settings: Any, reply: Reply, state: str
) -> None:
    set_up(merchant, maker, settings, "dhl_returns")
    maker.on("/orders", reply)
    ret = ask(merchant, delivered(merchant), method="label")
    ask_for_labels()
    failed = label(ret)
    assert (failed.state, bool(failed.due_at), bool(failed.error)) == (state, state == "wanted", True)
    assert look(ret).logistics_state == "awaiting"
    dhl_returns(maker)
    with merchant_scope(merchant):
        ReturnLabel.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    ask_for_labels()
    assert label(ret).state == ("ready" if state == "wanted" else "failed")


def test_a_country_without_a_label_is_told_before_anything_is_stored(
    merchant: Merchant, order: Order, maker: CarrierServer, settings: Any
) -> None:
    set_up(merchant, maker, settings, "dhl_returns", "AT")
    with pytest.raises(Unprocessable) as refused:
        ask(merchant, order, method="label")
    assert refused.value.code == "no_label_for_country"
    with merchant_scope(merchant):
        assert Return.objects.count() == 0
    assert ask(merchant, order).method == "store"  # the first way of the rules that there is from there


def test_a_cancelled_return_gets_no_label_told(
    merchant: Merchant, maker: CarrierServer, settings: Any
) -> None:
    set_up(merchant, maker, settings, "dhl_returns")
    ret = ask(merchant, delivered(merchant), method="label")
    commands.cancel(merchant, ret.id, by=Side.SHOPPER)
    ask_for_labels()
    assert (look(ret).logistics_state, ret.tracking_number) == ("awaiting", "")


def test_the_shop_sends_its_own_label_and_both_files_can_be_had(
    merchant: Merchant, order: Order, api: ApiClient, strangers_api: ApiClient
) -> None:
    ret = ask(merchant, order, method="label")
    with merchant_scope(merchant), pytest.raises(NotFound):
        labelling.label_of(ret)
    from merchants.ids import public_id

    path = f"returns/{public_id('ret', ret.id)}"
    assert api.get(f"{path}/label").status_code == 404
    for wrong in ("<script>", base64.b64encode(b"<html><script>").decode()):
        assert api.post(f"{path}/label", {"pdf": wrong}).json()["code"] == "not_a_pdf"
    sent = {"pdf": base64.b64encode(PDF).decode(), "tracking_number": "OWN-0001", "carrier": "dhl"}
    shown = api.post(f"{path}/label", sent).json()
    assert (shown["label"]["state"], shown["logistics_state"], shown["tracking_number"]) == (
        "ready", "label_created", "OWN-0001",
    )  # fmt: skip
    got = api.get(f"{path}/label")
    assert (got.content, got["Content-Type"]) == (PDF, "application/pdf")
    slip = api.get(f"{path}/packing-slip")
    assert slip.content.startswith(b"%PDF-")
    for file, before in (("label", got), ("packing-slip", slip)):
        held = {"Authorization": f"Bearer {api.key}", "If-None-Match": before["ETag"]}
        again = api.client.get(f"/api/v1/{path}/{file}", headers=held)
        assert (again.status_code, again.content) == (304, b"")
        assert strangers_api.get(f"{path}/{file}").status_code == 404


@pytest.mark.parametrize(("language", "word"), [("en", "Qty"), ("de", "Menge")])
def test_the_packing_slip_says_what_lies_in_the_parcel(
    merchant: Merchant, order: Order, language: str, word: str
) -> None:
    from returns.logistics import slip
    from returns.steps import lines_of

    ret = ask(merchant, order, quantity=2, reason="too_small")
    with merchant_scope(merchant), translation.override(language):
        assert slip._plain("Größe 日本 €") == "Größe ?? €"
        assert BytesIO(slip.packing_slip(merchant, look(ret), lines_of(ret))).read(5) == b"%PDF-"
        from django.utils.translation import gettext

        assert gettext("Qty") == word
