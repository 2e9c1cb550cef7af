"""The suppression list: by API and in the dashboard, and what it stops."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants import commands
from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from notifications import feedback, suppressions
from notifications.models import EventKind, Message, Suppression, SuppressionReason
from notifications.reasons import Reason
from tests import factories
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]
URL = "/app/nordwind/settings/suppressions/"


def add(api: ApiClient, **fields: Any) -> Any:
    return api.post("suppressions", {"channel": "email", "address": "Anna@Example.com", **fields})


def test_an_address_is_added_listed_found_and_taken_off(api: ApiClient, merchant: Merchant) -> None:
    made = add(api, detail="asked by phone")
    assert (made.status_code, made.json()["address"], made.json()["reason"]) == (
        201,
        "anna@example.com",
        "manual",
    )
    assert add(api).json()["id"] == made.json()["id"]
    listed = api.get("suppressions", address="ANNA@example.com", channel="email", reason="manual").json()
    assert [row["id"] for row in listed["data"]] == [made.json()["id"]]
    assert api.get(f"suppressions/{made.json()['id']}").json()["detail"] == "asked by phone"
    assert api.delete(f"suppressions/{made.json()['id']}").json()["deleted"] is True
    assert api.get("suppressions").json()["data"] == []
    assert api.delete(f"suppressions/{made.json()['id']}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"address": "a@b, x@evil.test"}, 422, "address"), ({"address": "nobody"}, 422, "address"),
        ({"channel": "sms", "address": "0151 123"}, 422, "address"), ({"channel": "fax"}, 400, "channel"),
        ({"address": "x" * 300}, 400, "address"), ({"reason": "bounced"}, 400, "reason"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(
    api: ApiClient, merchant: Merchant, fields: dict[str, str], status: int, param: str
) -> None:
    answer = add(api, **fields)
    assert (answer.status_code, answer.json()["param"]) == (status, param)
    assert api.get("suppressions").json()["data"] == []


def test_a_stranger_sees_and_takes_off_nothing(api: ApiClient, strangers_api: ApiClient) -> None:
    made = add(api).json()["id"]
    assert strangers_api.get("suppressions").json()["data"] == []
    assert strangers_api.get(f"suppressions/{made}").status_code == 404
    assert strangers_api.delete(f"suppressions/{made}").status_code == 404
    assert len(api.get("suppressions").json()["data"]) == 1


def test_a_key_that_only_reads_changes_nothing(merchant: Merchant) -> None:
    reader = ApiClient(create_api_key(merchant, name="reader", scopes=("messages:read",))[1])
    assert add(reader).status_code == 403
    assert reader.get("suppressions").json()["data"] == []


@pytest.mark.parametrize(
    ("reason", "stopped"),
    [
        ("bounced", {"transactional", "legal", "service", "marketing"}),
        ("manual", {"transactional", "legal", "service", "marketing"}),
        ("complained", {"transactional", "service", "marketing"}),
        ("unsubscribed", {"service", "marketing"}),
    ],
)
def test_each_reason_stops_what_it_should(merchant: Merchant, reason: str, stopped: set[str]) -> None:
    suppressions.suppress(merchant, "email", "anna@example.com", SuppressionReason(reason))
    with merchant_scope(merchant):
        known = suppressions.suppressed([("email", "ANNA@example.com"), ("email", "ben@example.com")])
    classes = ("transactional", "legal", "service", "marketing")
    assert {each for each in classes if known.why("email", "anna@example.com", each)} == stopped
    assert known.why("email", "anna@example.com", "marketing") == Reason.SUPPRESSED
    assert not any(known.why("email", "ben@example.com", each) for each in classes)


def test_the_reason_that_stops_more_stays(merchant: Merchant) -> None:
    for reason in ("unsubscribed", "bounced", "complained", "unsubscribed"):
        suppressions.suppress(merchant, "email", "anna@example.com", SuppressionReason(reason))
    with merchant_scope(merchant):
        assert Suppression.objects.get().reason == "bounced"


def test_one_merchants_list_is_not_anothers(
    merchant: Merchant, stranger: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    order = factories.order(merchant)
    suppressions.suppress(stranger, "email", order.email, SuppressionReason.BOUNCED)
    send_all()
    assert len(smtp_sink.mails) == 1


# --- the page ---


@pytest.fixture
def desk(merchant: Merchant) -> Client:
    """Somebody of the support team."""
    client = Client()
    client.force_login(
        commands.add_member(merchant, email="s@nordwind.test", password="x" * 12, role="support").user
    )
    return client


def test_the_team_adds_and_takes_off_an_address(desk: Client, merchant: Merchant) -> None:
    page = desk.get(URL)
    assert "Everybody is written to" in page.content.decode()
    assert desk.post(URL, {"channel": "email", "address": "anna@example.com"}).status_code == 302
    page = desk.get(URL).content.decode()
    assert "anna@example.com" in page
    assert "anna@example.com" not in desk.get(URL + "?q=ben@example.com").content.decode().split("<form")[0]
    with merchant_scope(merchant):
        row = Suppression.objects.get()
    lift = f"{URL}{public_id('sup', row.pk)}/lift/"
    assert lift in page
    assert "Write to anna@example.com again?" in desk.get(lift).content.decode()
    with merchant_scope(merchant):
        assert Suppression.objects.filter(pk=row.pk).exists()  # asking changes nothing
    assert desk.post(lift).status_code == 302
    with merchant_scope(merchant):
        assert not Suppression.objects.exists()
        actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert {"suppression.added", "suppression.lifted"} <= set(actions)


def test_a_bad_address_is_told_at_its_field(desk: Client, merchant: Merchant) -> None:
    answer = desk.post(URL, {"channel": "sms", "address": "anna@example.com", "detail": "kept"})
    assert answer.status_code == 422
    assert "This is no address of this channel." in answer.content.decode()
    assert "kept" in answer.content.decode()


def test_the_list_never_grows_its_queries(
    desk: Client, merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        suppressions.suppress(merchant, "email", f"p{number}@example.com", SuppressionReason.MANUAL)
    with django_assert_max_num_queries(10):
        page = desk.get(URL).content.decode()
    assert page.count("@example.com</strong>") == 50
    assert "Load 50 more" in page


def test_a_message_shows_what_became_of_it(
    desk: Client, api: ApiClient, merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    factories.order(merchant)
    send_all()
    with merchant_scope(merchant):
        message = Message.objects.get()
    told = feedback.Told(
        message.pk, EventKind.BOUNCED, timezone.now(), "postmark", "1", "550 <b>gone</b>", is_final=True
    )
    assert feedback.take([(merchant.pk, told), (merchant.pk, told)]) == 1
    page = desk.get(f"/app/nordwind/messages/{public_id('msg', message.pk)}/").content.decode()
    assert "What the provider told" in page
    assert "550 &lt;b&gt;gone&lt;/b&gt;" in page
    shown = api.get(f"messages/{public_id('msg', message.pk)}").json()
    assert shown["outcome"] == "undelivered"
    assert [(event["kind"], event["detail"]) for event in shown["events"]] == [("bounced", "550 <b>gone</b>")]
