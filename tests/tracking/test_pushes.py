"""What carriers tell by themselves: recognised or refused, stored before it is worked off, told once, and asked for."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events import due
from events.facts import RecordedFact
from events.log import sequence
from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.tracking.carrier_server import CarrierServer, Reply, carrier_server
from tests.tracking.conftest import fresh, scans
from tracking.asking import set_account
from tracking.carriers import tokens
from tracking.models import CarrierPush, PushSubscription, Shipment
from tracking.pushes.carriers import OWN_HEADER, token_of
from tracking.pushes.hooks import INBOX
from tracking.pushes.subscribing import SUBSCRIBE, want_pushes

FIXTURES = Path(__file__).parent / "fixtures"
UPS_NUMBER = "1Z999AA10000000001"
SECRET = "a-secret-of-the-portal"


def parcel(merchant: Merchant, carrier: str, number: str) -> Shipment:
    now = timezone.now()
    order = factories.order(merchant, placed_at=now - timedelta(days=3))
    return factories.shipment(
        merchant, order, carrier=carrier, tracking_number=number, shipped_at=now - timedelta(days=2)
    )


def alert(number: str = UPS_NUMBER, **changes: Any) -> bytes:
    day = timezone.now() - timedelta(days=1)
    told = {
        "trackingNumber": number, "localActivityDate": f"{day:%Y%m%d}", "localActivityTime": "081500",
        "gmtActivityDate": f"{day:%Y%m%d}", "gmtActivityTime": "151500",
        "activityLocation": {"city": "DENVER", "stateProvince": "CO", "postalCode": "80216", "country": "US"},
        "activityStatus": {"type": "I", "code": "OT", "description": "Out For Delivery Today"}, **changes,
    }  # fmt: skip
    return json.dumps(told).encode()


def push(carrier: str, body: bytes, headers: dict[str, str], slug: str = "nordwind") -> int:
    answer = Client().post(
        f"/hooks/carriers/{carrier}/{slug}", body, content_type="application/json", headers=headers
    )
    return int(answer.status_code)


def pushes(merchant: Merchant) -> list[tuple[str, str]]:
    with merchant_scope(merchant):
        return list(CarrierPush.objects.order_by("id").values_list("state", "error"))


def test_a_push_is_stored_first_and_its_scan_told_once_however_often_it_comes(merchant: Merchant) -> None:
    sent = parcel(merchant, "UPS", UPS_NUMBER)
    headers = {"credential": token_of(merchant.pk, "ups")[0]}
    assert push("ups", alert(), headers) == 200
    assert pushes(merchant) == [("waiting", "")]
    assert scans(sent) == []
    due.run(INBOX)
    assert push("ups", alert(), headers) == 200  # the same again
    due.run(INBOX)
    assert pushes(merchant) == [("done", "")]
    [scan] = scans(sent)
    assert (scan.status, scan.raw_code, scan.source, scan.city) == ("out_for_delivery", "OT", "ups", "DENVER")
    now = fresh(sent)
    assert now.status == "out_for_delivery"
    assert now.push_until is not None
    assert now.push_until > timezone.now() + timedelta(days=6)


def test_what_is_not_signed_changes_nothing(merchant: Merchant, stranger: Merchant) -> None:
    parcel(merchant, "UPS", UPS_NUMBER)
    set_account(merchant, "fedex", {"client_id": "i", "client_secret": "s", "webhook_secret": SECRET})
    body = alert()
    tokens_of = {carrier: token_of(merchant.pk, carrier)[0] for carrier in ("ups", "dhl", "usps", "fedex")}
    wrong: list[tuple[str, dict[str, str], str]] = [
        ("ups", {}, "nordwind"),
        ("ups", {"credential": ""}, "nordwind"),
        ("ups", {"credential": "x"}, "nordwind"),
        ("ups", {"credential": token_of(stranger.pk, "ups")[0]}, "nordwind"),
        ("ups", {"credential": tokens_of["dhl"]}, "nordwind"),
        ("ups", {"credential": tokens_of["ups"]}, "nosuch"),
        ("nosuch", {"credential": tokens_of["ups"]}, "nordwind"),
        ("royal_mail", {"credential": tokens_of["ups"]}, "nordwind"),
        ("fedex", {"fdx-signature": SECRET}, "nordwind"),
        ("fedex", {"fdx-signature": signature(SECRET, b"other")}, "nordwind"),
        ("usps", {"X-HMAC": signature("", body)}, "nordwind"),
    ]
    for carrier, headers, slug in wrong:
        assert push(carrier, body, headers, slug) == 401, (carrier, headers, slug)
    assert pushes(merchant) == []


def signature(secret: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()


def test_each_carrier_is_recognised_as_it_documents(merchant: Merchant) -> None:
    set_account(merchant, "fedex", {"client_id": "i", "client_secret": "s", "webhook_secret": SECRET})
    set_account(merchant, "easypost", {"api_key": "k", "webhook_secret": SECRET})
    set_account(merchant, "aftership", {"api_key": "k", "webhook_secret": SECRET})
    set_account(merchant, "17track", {"api_key": SECRET})
    body = b'{"nothing": "in it"}'
    usps = token_of(merchant.pk, "usps")[0].encode()
    right = {
        "dhl": {OWN_HEADER: token_of(merchant.pk, "dhl")[0]},
        "ups": {"Authorization": "Bearer " + token_of(merchant.pk, "ups")[0]},
        "fedex": {"fdx-signature": signature(SECRET, body)},
        "usps": {"X-HMAC": base64.b64encode(hmac.digest(usps, body, "sha256")).decode()},
        "easypost": {"X-Hmac-Signature": "hmac-sha256-hex=" + signature(SECRET, body)},
        "aftership": {
            "aftership-hmac-sha256": base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
        },
        "17track": {"sign": hashlib.sha256(body + b"/" + SECRET.encode()).hexdigest()},
    }
    for carrier, headers in right.items():
        assert push(carrier, body, headers) == 200, carrier
    due.run(INBOX)
    assert {state for state, _ in pushes(merchant)} == {
        "failed"
    }  # nothing in them can be read: kept for a look
    assert len(pushes(merchant)) == len(right)


def test_a_fedex_webhook_and_a_dhl_push_are_read_like_their_answers(merchant: Merchant) -> None:
    set_account(merchant, "fedex", {"client_id": "i", "client_secret": "s", "webhook_secret": SECRET})
    day = timezone.now() - timedelta(days=1)
    text = (FIXTURES / "fedex/batch.json").read_text().replace("2026-03-0", f"{day:%Y-%m}-0")
    results = json.loads(text)["output"]["completeTrackResults"][:1]
    for scan in results[0]["trackResults"][0]["scanEvents"]:
        scan["date"] = f"{day:%Y-%m-%d}{scan['date'][10:]}"
    body = json.dumps({"completeTrackResults": results}).encode()
    sent = parcel(merchant, "FedEx", "794600000001")
    assert push("fedex", body, {"fdx-signature": signature(SECRET, body)}) == 200
    due.run(INBOX)
    assert pushes(merchant) == [("done", "")]
    assert fresh(sent).status == "out_for_delivery"


def test_a_push_about_a_parcel_that_nobody_knows_is_noted(merchant: Merchant) -> None:
    headers = {"credential": token_of(merchant.pk, "ups")[0]}
    assert push("ups", alert("1Z999AA10000000077"), headers) == 200
    due.run(INBOX)
    assert pushes(merchant) == [("done", "1 parcels are not known.")]


# Asking for pushes


@pytest.fixture
def carrier(settings: Any) -> Iterator[CarrierServer]:
    tokens.forget_all()
    with carrier_server() as server:
        settings.OUTBOUND_ALLOW = [server.host]
        settings.PUBLIC_URL = "https://shop.example"
        settings.CARRIER_URLS = dict.fromkeys(("ups", "usps"), f"http://{server.host}")
        settings.DHL_API_URL = f"http://{server.host}"
        server.token("/security/v1/oauth/token")
        server.token("/oauth2/v3/token")
        yield server


KEYS = {
    "api_key": "k",
    "client_id": "i",
    "client_secret": "s",
    "calls_per_second": "1000",
    "calls_per_day": "100000",
}


def wish(merchant: Merchant, sent: Shipment) -> PushSubscription:
    with merchant_scope(merchant):
        return PushSubscription.objects.get(shipment_id=sent.pk)


def hear(merchant: Merchant, sent: Shipment) -> None:
    """Let the subscriber hear of the parcel."""
    sequence(merchant.shard)
    with merchant_scope(merchant):
        rows = Fact.objects.filter(type="shipment.created", data__shipment_id=str(sent.pk))
        names = ("position", "type", "merchant_id", "order_id", "data", "recorded_at")
        facts = [RecordedFact(**{name: getattr(row, name) for name in names}) for row in rows]
        want_pushes(merchant, facts)


@pytest.mark.parametrize(
    ("name", "code", "path"),
    [
        ("UPS", "ups", "/api/track/v1/subscription/standard/package"),
        ("USPS", "usps", "/subscriptions-tracking/v3/subscriptions"),
        ("DHL", "dhl", "/tracking/push/v1/subscription"),
    ],
)
def test_a_new_parcel_is_subscribed_and_then_only_watched_now_and_then(
    merchant: Merchant, carrier: CarrierServer, name: str, code: str, path: str
) -> None:
    set_account(merchant, code, KEYS)
    carrier.on(path, Reply(status=201))
    sent = parcel(merchant, name, "9400100000000000000001")
    hear(merchant, sent)
    hear(merchant, sent)  # told twice: one wish
    due.run(SUBSCRIBE)
    asked = [one for one in carrier.asked if one.path == path]
    assert len(asked) == 1
    assert f"https://shop.example/hooks/carriers/{code}/nordwind" in asked[0].body.decode()
    assert token_of(merchant.pk, code)[0] in asked[0].body.decode()
    row = wish(merchant, sent)
    assert row.lives_until is not None
    assert row.due_at is not None
    assert row.due_at < row.lives_until  # renewed before it ends
    # DHL tells nothing before its question was answered: until its first push the parcel is looked at as before.
    assert fresh(sent).push_until == (None if code == "dhl" else row.lives_until)


@pytest.mark.parametrize(
    ("reply", "error", "again"),
    [
        (Reply(b"{}", 400), "cannot_read", False),
        (Reply(b"{}", 403), "authentication_failed", False),
        (Reply(b"", 503), "carrier_down", True),
        (Reply(b"", 429, {"Retry-After": "60"}), "rate_limited", True),
    ],
)
def test_a_refusal_leaves_the_parcel_to_polling(
    merchant: Merchant, carrier: CarrierServer, reply: Reply, error: str, again: bool
) -> None:
    set_account(merchant, "ups", KEYS)
    carrier.on("/api/track/v1/subscription", reply)
    sent = parcel(merchant, "UPS", UPS_NUMBER)
    hear(merchant, sent)
    due.run(SUBSCRIBE)
    row = wish(merchant, sent)
    assert row.error.startswith(error)
    assert (row.due_at is not None) == again
    assert row.lives_until is None
    assert fresh(sent).push_until is None


def test_without_keys_or_a_public_address_nobody_is_asked(
    merchant: Merchant, carrier: CarrierServer, settings: Any
) -> None:
    sent = parcel(merchant, "UPS", UPS_NUMBER)
    hear(merchant, sent)
    due.run(SUBSCRIBE)
    assert wish(merchant, sent).error == "no_access"
    settings.PUBLIC_URL = "http://localhost:8000"
    other = parcel(merchant, "UPS", "1Z999AA10000000088")
    hear(merchant, other)
    with merchant_scope(merchant):
        assert not PushSubscription.objects.filter(shipment=other).exists()
    assert carrier.asked == []
