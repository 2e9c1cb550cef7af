"""Webhooks of the aggregators: recognised as each documents, read like their answers, for parcels of any carrier."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events import due
from merchants.models import Merchant
from tests import factories
from tests.tracking.aggregators import (
    test_aftership,
    test_easypost,
    test_seventeentrack,
    test_shippo,
)
from tests.tracking.conftest import fresh, scans
from tests.tracking.test_pushes import pushes
from tracking.asking import set_account
from tracking.models import Shipment
from tracking.pushes.hooks import INBOX

SECRET = "s3cret-of-the-webhook"
NUMBER = "RB123456785JP"


def parcel(owner: Merchant) -> Shipment:
    now = timezone.now()
    order = factories.order(owner, placed_at=now - timedelta(days=9))
    return factories.shipment(
        owner, order, carrier="", tracking_number=NUMBER, shipped_at=now - timedelta(days=8)
    )


def _ago(**how: Any) -> str:
    return (timezone.now() - timedelta(**how)).isoformat(timespec="seconds")


def told() -> dict[str, Any]:
    """What each of them sends when a parcel is on the vehicle."""
    detail = test_easypost.detail("out_for_delivery", _ago(hours=3), "out_for_delivery", "Out for delivery")
    tracker = {**test_easypost.tracker(detail), "tracking_code": NUMBER}
    point = test_aftership.point("OutForDelivery_001", _ago(hours=3))
    event = test_shippo.event("TRANSIT", "out_for_delivery", at=_ago(hours=3))
    info = test_seventeentrack.parcel(test_seventeentrack.event("OutForDelivery_Other", _ago(hours=3)))
    return {
        "easypost": {"object": "Event", "description": "tracker.updated", "result": tracker},
        "aftership": {
            "event": "tracking_update",
            "msg": {**test_aftership.tracking(point), "tracking_number": NUMBER},
        },
        "shippo": {
            "event": "track_updated",
            "data": {**test_shippo.track(event), "tracking_number": NUMBER},
        },
        "17track": {"event": "TRACKING_UPDATED", "data": {**info, "number": NUMBER}},
    }


def signed(name: str, body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.digest(secret.encode(), body, "sha256")
    timed = hmac.digest(secret.encode(), b"1767225600." + body, "sha256").hex()
    return {
        "easypost": {"X-Hmac-Signature": f"hmac-sha256-hex={digest.hex()}"},
        "aftership": {"aftership-hmac-sha256": base64.b64encode(digest).decode()},
        "shippo": {"Shippo-Auth-Signature": f"t=1767225600,v1={timed}"},
        "17track": {"sign": hashlib.sha256(body + b"/" + secret.encode()).hexdigest()},
    }[name]


def send(name: str, body: bytes, headers: dict[str, str], query: str = "") -> int:
    answer = Client().post(
        f"/hooks/carriers/{name}/nordwind{query}", body, content_type="application/json", headers=headers
    )
    return int(answer.status_code)


def open_account(owner: Merchant, name: str) -> None:
    keys = (
        {"api_key": SECRET}
        if name == "17track"
        else {"api_key": "k", "api_token": "k", "webhook_secret": SECRET}
    )
    set_account(owner, name, keys)


@pytest.mark.parametrize("name", ["easypost", "aftership", "shippo", "17track"])
def test_a_signed_webhook_moves_a_parcel_of_any_carrier_once(merchant: Merchant, name: str) -> None:
    sent = parcel(merchant)
    open_account(merchant, name)
    body = json.dumps(told()[name]).encode()
    for _ in range(2):
        assert send(name, body, signed(name, body)) == 200
        due.run(INBOX)
    assert [(scan.substatus, scan.source) for scan in scans(sent)] == [("ofd.on_vehicle", name)]
    assert (fresh(sent).status, fresh(sent).carrier) == ("out_for_delivery", "japan_post")


@pytest.mark.parametrize("name", ["easypost", "aftership", "shippo", "17track"])
def test_a_webhook_that_is_signed_wrongly_changes_nothing(merchant: Merchant, name: str) -> None:
    sent = parcel(merchant)
    open_account(merchant, name)
    body = json.dumps(told()[name]).encode()
    wrong = [{}, signed(name, body, "another"), signed(name, body + b" "), signed(name, body, "")]
    assert [send(name, body, headers) for headers in wrong] == [401] * 4
    assert pushes(merchant) == []
    assert scans(sent) == []


def test_shippo_may_show_the_secret_in_the_address(merchant: Merchant) -> None:
    sent = parcel(merchant)
    open_account(merchant, "shippo")
    body = json.dumps(told()["shippo"]).encode()
    assert send("shippo", body, {}, "?token=wrong") == 401
    assert send("shippo", body, {"?token": SECRET}) == 401
    assert send("shippo", body, {"Shippo-Auth-Signature": "t=1,v1=00"}, f"?token={SECRET}") == 401
    assert send("shippo", body, {}, f"?token={SECRET}") == 200
    due.run(INBOX)
    assert fresh(sent).status == "out_for_delivery"
