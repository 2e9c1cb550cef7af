"""The API of webhooks: endpoints, their secrets, deliveries and sending again."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import StaffMail
from merchants import commands as merchants
from merchants.models import AuditEntry, IdempotencyKey, Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from tests.api_client import ApiClient
from tests.webhooks.conftest import Clock, deliveries, endpoint_at, send_all, tell
from tests.webhooks.receiver import Receiver, status
from webhooks import commands, housekeeping, resending
from webhooks.models import Delivery, DeliveryAttempt, Endpoint

Drain = Callable[[], int]
URL = "https://shop.example/hooks"


def patch(api: ApiClient, path: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {api.key}"}
    return api.client.patch(
        f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
    )


def delete(api: ApiClient, path: str) -> Any:
    return api.client.delete(f"/api/v1/{path}", headers={"Authorization": f"Bearer {api.key}"})


def test_an_endpoint_is_made_and_its_secret_shown_once_and_stored_encrypted(
    api: ApiClient, merchant: Merchant
) -> None:
    made = api.post(
        "webhook-endpoints", {"url": URL, "types": ["order.placed"], "headers": {"X-Key": "pass"}}
    )
    assert made.status_code == 201
    body = made.json()
    assert body["secret"].startswith("whsec_")
    read = api.get(f"webhook-endpoints/{body['id']}")
    assert read.json() == {name: value for name, value in body.items() if name != "secret"}
    assert read.json()["header_names"] == ["X-Key"]
    assert body["secret"] not in read.content.decode() + api.get("webhook-endpoints").content.decode()
    with merchant_scope(merchant):
        (stored,) = Endpoint.objects.extra(select={"raw": "secret || headers"}).values_list("raw", flat=True)
        (entry,) = AuditEntry.objects.filter(action="webhook_endpoint.created")
    assert "whsec_" not in stored
    assert "pass" not in stored
    assert "pass" not in str(entry.changes)
    assert entry.subject == body["id"]


def test_a_repeated_request_makes_one_endpoint_and_keeps_no_secret(
    api: ApiClient, merchant: Merchant
) -> None:
    first = api.post("webhook-endpoints", {"url": URL}, idempotency_key="once")
    again = api.post("webhook-endpoints", {"url": URL}, idempotency_key="once")
    assert again.json() == {**first.json(), "secret": None}
    with merchant_scope(merchant):
        assert Endpoint.objects.count() == 1
        assert first.json()["secret"].encode() not in bytes(IdempotencyKey.objects.get().body)


def test_what_is_changed_is_changed_and_the_rest_stays(api: ApiClient) -> None:
    made = api.post("webhook-endpoints", {"url": URL, "headers": {"X-Key": "a"}}).json()
    changed = patch(
        api, f"webhook-endpoints/{made['id']}", {"types": ["order.placed"], "description": "Desk"}
    )
    assert changed.status_code == 200
    expected = {**made, "types": ["order.placed"], "description": "Desk"}
    del expected["secret"]
    assert changed.json() == expected
    assert patch(api, f"webhook-endpoints/{made['id']}", {"headers": {}}).json()["header_names"] == []
    assert patch(api, f"webhook-endpoints/{made['id']}", {"secret": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"url": "https://169.254.169.254/"}, "invalid_url", "url"),
        ({"url": "http://shop.example/"}, "invalid_url", "url"),
        ({"url": URL, "types": ["order.eaten"]}, "unknown_event_type", "types"),
        ({"url": URL, "headers": {"Host": "x"}}, "invalid_header", "headers"),
        ({"url": URL, "headers": {f"X-{n}": "" for n in range(6)}}, "invalid_field", "headers"),
        ({}, "invalid_field", "url"),
        ({"url": URL, "secret": "mine"}, "invalid_field", "secret"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused(api: ApiClient, body: Any, code: str, param: str) -> None:
    answer = api.post("webhook-endpoints", body).json()
    assert (answer["code"], answer["param"]) == (code, param)
    assert api.get("webhook-endpoints").json()["data"] == []


def test_there_are_ten_endpoints_at_most(api: ApiClient, strangers_api: ApiClient) -> None:
    for _ in range(10):
        assert api.post("webhook-endpoints", {"url": URL}).status_code == 201
    answer = api.post("webhook-endpoints", {"url": URL})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_endpoints")
    assert strangers_api.post("webhook-endpoints", {"url": URL}).status_code == 201


def test_a_test_event_arrives_also_at_a_paused_endpoint_and_its_answer_can_be_read(
    api: ApiClient, receiver: Receiver
) -> None:
    made = api.post("webhook-endpoints", {"url": receiver.url}).json()
    assert api.post(f"webhook-endpoints/{made['id']}/pause").json()["state"] == "paused"
    receiver.answer = status(503, b"not now")
    test = api.post(f"webhook-endpoints/{made['id']}/test")
    assert (test.status_code, test.json()["state"]) == (202, "pending")
    send_all()
    read = api.get(f"webhook-deliveries/{test.json()['id']}").json()
    assert (read["state"], read["reason"], read["tries"]) == ("failed", "http_503", 1)
    assert read["attempts"][0]["answer"] == "not now"
    assert read["attempts"][0]["request_headers"]["webhook-id"] == read["id"]
    assert receiver.seen[0].verify(made["secret"]) == read["body"]
    assert api.post(f"webhook-endpoints/{made['id']}/resume").json()["state"] == "active"


def test_a_rotated_secret_is_shown_and_both_sign(api: ApiClient, receiver: Receiver) -> None:
    made = api.post("webhook-endpoints", {"url": receiver.url}).json()
    rotated = api.post(f"webhook-endpoints/{made['id']}/rotate-secret").json()
    assert rotated["secret"] != made["secret"]
    assert rotated["both_secrets_sign_until"]
    api.post(f"webhook-endpoints/{made['id']}/test")
    send_all()
    assert receiver.seen[0].verify(made["secret"]) == receiver.seen[0].verify(rotated["secret"])


def test_deliveries_are_listed_filtered_and_resent(
    api: ApiClient, merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    made = api.post("webhook-endpoints", {"url": receiver.url}).json()
    receiver.answers = [status(404)]
    tell(merchant, drain_all)
    send_all()
    tell(merchant, drain_all)
    send_all()
    listed = api.get("webhook-deliveries", endpoint_id=made["id"], limit=1).json()
    assert (len(listed["data"]), listed["has_more"]) == (1, True)
    (failed,) = api.get("webhook-deliveries", state="failed", type="order.placed").json()["data"]
    assert (failed["reason"], failed["last_status"]) == ("http_404", 404)
    assert api.post(f"webhook-deliveries/{failed['id']}/resend").json()["state"] == "pending"
    again = api.post(f"webhook-deliveries/{failed['id']}/resend")
    assert (again.status_code, again.json()["code"]) == (409, "delivery_pending")
    send_all()
    first, _, third = receiver.seen
    assert (first.headers["webhook-id"], first.body) == (third.headers["webhook-id"], third.body)
    read = api.get(f"webhook-deliveries/{failed['id']}").json()
    assert [attempt["status"] for attempt in read["attempts"]] == [200, 404]
    for bad in ({"state": "eaten"}, {"type": "order.eaten"}):
        assert api.get("webhook-deliveries", **bad).status_code == 400


def test_a_stretch_is_sent_again_with_what_the_endpoint_never_got(
    api: ApiClient, merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    before = timezone.now()
    tell(merchant, drain_all)  # from before there was an endpoint
    made = api.post("webhook-endpoints", {"url": receiver.url, "types": ["order.placed"]}).json()
    receiver.answers = [status(400)]
    tell(merchant, drain_all)
    send_all()
    tell(merchant, drain_all)
    send_all()
    assert len(receiver.seen) == 2
    body = {"endpoint_id": made["id"], "from": before.isoformat(), "to": timezone.now().isoformat()}
    failed_only = api.post("webhook-deliveries/resend", {**body, "only_failed": True})
    assert (failed_only.status_code, failed_only.json()) == (202, {"resent": 1})
    send_all()
    assert len(receiver.seen) == 3
    assert api.post("webhook-deliveries/resend", body).json() == {"resent": 3}
    send_all()
    assert sorted(request.json["sequence"] for request in receiver.seen[3:]) == sorted(
        delivery.position for delivery in deliveries(merchant)
    )
    with merchant_scope(merchant):
        assert Delivery.objects.count() == 3
    backwards = {**body, "from": body["to"], "to": body["from"]}
    assert api.post("webhook-deliveries/resend", backwards).json()["code"] == "invalid_range"


def test_a_stretch_that_is_too_large_is_refused(
    api: ApiClient, merchant: Merchant, drain_all: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(merchant, drain_all)
    tell(merchant, drain_all)
    made = api.post("webhook-endpoints", {"url": URL}).json()
    monkeypatch.setattr(resending, "MOST_AT_ONCE", 1)
    body = {"endpoint_id": made["id"], "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    assert api.post("webhook-deliveries/resend", body).json()["code"] == "range_too_large"


def test_deleting_an_endpoint_deletes_its_history(
    api: ApiClient, merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    made = api.post("webhook-endpoints", {"url": receiver.url}).json()
    tell(merchant, drain_all)
    send_all()
    assert delete(api, f"webhook-endpoints/{made['id']}").json() == {"id": made["id"], "deleted": True}
    assert delete(api, f"webhook-endpoints/{made['id']}").status_code == 404
    with merchant_scope(merchant):
        assert Delivery.objects.count() == DeliveryAttempt.objects.count() == 0
        assert AuditEntry.objects.filter(action="webhook_endpoint.deleted").count() == 1


def test_a_stranger_finds_nothing(
    api: ApiClient, strangers_api: ApiClient, receiver: Receiver, merchant: Merchant, drain_all: Drain
) -> None:
    made = api.post("webhook-endpoints", {"url": receiver.url}).json()
    tell(merchant, drain_all)
    delivery = api.get("webhook-deliveries").json()["data"][0]
    before = api.get(f"webhook-endpoints/{made['id']}").content
    answers = [
        strangers_api.get(f"webhook-endpoints/{made['id']}"),
        patch(strangers_api, f"webhook-endpoints/{made['id']}", {"description": "mine"}),
        delete(strangers_api, f"webhook-endpoints/{made['id']}"),
        *(
            strangers_api.post(f"webhook-endpoints/{made['id']}/{verb}")
            for verb in ("test", "pause", "resume", "rotate-secret")
        ),
        strangers_api.get(f"webhook-deliveries/{delivery['id']}"),
        strangers_api.post(f"webhook-deliveries/{delivery['id']}/resend"),
        strangers_api.post(
            "webhook-deliveries/resend",
            {"endpoint_id": made["id"], "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"},
        ),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert strangers_api.get("webhook-deliveries", endpoint_id=made["id"]).json()["data"] == []
    assert api.get(f"webhook-endpoints/{made['id']}").content == before
    assert len(api.get("webhook-deliveries").json()["data"]) == 1


def test_a_key_that_may_read_changes_nothing(merchant: Merchant) -> None:
    reader = ApiClient(create_api_key(merchant, name="reader", scopes=("webhooks:read",))[1])
    assert reader.get("webhook-endpoints").status_code == 200
    assert reader.post("webhook-endpoints", {"url": URL}).json()["code"] == "missing_scope"


def test_the_owners_get_a_mail_when_an_endpoint_is_disabled(
    merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    merchants.add_member(merchant, email="clara@nordwind.test", password="lighthouse-9-keeper")
    endpoint_at(merchant, receiver.url)
    receiver.answer = status(410)
    tell(merchant, drain_all)
    send_all()
    (mail,) = StaffMail.objects.all()
    assert mail.recipient == "clara@nordwind.test"
    assert receiver.url in mail.text
    assert f"/app/{merchant.slug}/settings/webhooks/" in mail.text


def test_the_history_is_forgotten_after_thirty_days(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, clock: Clock
) -> None:
    endpoint_at(merchant, receiver.url)
    tell(merchant, drain_all)
    send_all()
    clock.now += timedelta(days=29)
    assert housekeeping.forget_old() == 0
    clock.now += timedelta(days=2)
    assert housekeeping.forget_old() == 1
    with merchant_scope(merchant):
        assert DeliveryAttempt.objects.count() == 0


def test_lists_cost_the_same_however_long_they_are(
    api: ApiClient,
    merchant: Merchant,
    receiver: Receiver,
    drain_all: Drain,
    django_assert_max_num_queries: Any,
) -> None:
    endpoint, _ = endpoint_at(merchant, receiver.url)
    for _ in range(20):
        commands.send_test(merchant, endpoint.id)
    with django_assert_max_num_queries(4):
        assert len(api.get("webhook-deliveries").json()["data"]) == 20
