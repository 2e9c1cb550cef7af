"""Reading the message log over REST."""

from collections.abc import Callable
from typing import Any

import pytest

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.auth import create_api_key
from notifications.models import Message
from tests import factories
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]


@pytest.fixture
def sent(
    merchant: Merchant, send_all: Work, smtp_sink: SmtpSink, log_of: Callable[..., list[Message]]
) -> Message:
    order = factories.order(merchant, number="#7")
    send_all()
    factories.order(merchant)
    smtp_sink.refuse(550)
    send_all()
    [message] = log_of(order=order)
    return message


def test_the_log_is_listed_newest_first_without_texts(api: ApiClient, sent: Message) -> None:
    listed = api.get("messages").json()["data"]
    assert [row["state"] for row in listed] == ["failed", "sent"]
    assert "html" not in listed[0]
    assert listed[0]["reason"] == "recipient_refused"
    assert listed[0]["reason_text"] == "The provider does not deliver to this address."
    assert listed[1]["id"] == public_id("msg", sent.id)
    assert listed[1]["recipient"] == sent.recipient
    assert listed[1]["touchpoint"] == "order_confirmation"


def test_a_message_is_read_with_exactly_what_went_out(
    api: ApiClient, sent: Message, smtp_sink: SmtpSink
) -> None:
    read = api.get(f"messages/{public_id('msg', sent.id)}").json()
    assert (read["subject"], read["html"], read["text"]) == (sent.subject, sent.html, sent.text)
    assert read["message_id"] == smtp_sink.mails[0].message_id
    assert read["provider"] == "smtp"
    assert read["sent_at"].endswith("Z")


def test_it_is_narrowed_by_order_state_channel_and_touchpoint(api: ApiClient, sent: Message) -> None:
    def count(**query: str) -> int:
        return len(api.get("messages", **query).json()["data"])

    assert count(order_id=public_id("ord", sent.order_id)) == 1
    assert count(state="failed") == 1
    assert count(channel="email") == 2
    assert count(channel="sms") == 0
    assert count(touchpoint="order_confirmation") == 2
    assert count(touchpoint="lookup_link") == 0
    assert count(order_id="ord_nonsense") == 0


@pytest.mark.parametrize("name", ["state", "channel", "touchpoint"])
def test_a_filter_with_an_unknown_value_is_named(api: ApiClient, name: str) -> None:
    answer = api.get("messages", **{name: "nonsense"})
    assert (answer.status_code, answer.json()["param"]) == (400, name)


def test_pages_follow_each_other(api: ApiClient, sent: Message) -> None:
    first = api.get("messages", limit=1).json()
    second = api.get("messages", limit=1, cursor=first["next_cursor"]).json()
    assert [row["state"] for row in first["data"] + second["data"]] == ["failed", "sent"]
    assert second["next_cursor"] is None


def test_a_strangers_messages_do_not_exist(strangers_api: ApiClient, sent: Message) -> None:
    path = f"messages/{public_id('msg', sent.id)}"
    assert strangers_api.get(path).status_code == 404
    assert strangers_api.get("messages/msg_nonsense").status_code == 404
    assert strangers_api.get("messages").json()["data"] == []


def test_it_needs_its_scope(merchant: Merchant, sent: Message) -> None:
    without = ApiClient(create_api_key(merchant, name="test", scopes=("orders:read",))[1])
    assert without.get("messages").status_code == 403
    assert without.get(f"messages/{public_id('msg', sent.id)}").status_code == 403


def test_the_list_takes_as_many_queries_for_many_messages_as_for_one(
    api: ApiClient, merchant: Merchant, drain_all: Work, django_assert_num_queries: Any
) -> None:
    for count in (1, 10):
        for _ in range(count):
            factories.order(merchant)
        drain_all()
        api.get("messages")
        with django_assert_num_queries(2):
            api.get("messages")
