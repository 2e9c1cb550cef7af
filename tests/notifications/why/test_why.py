"""Why did, or didn't, this person get this? From the fact to what the provider told last."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from notifications.switches import Switch, set_switch
from notifications.why.messages import explain_messages
from orders import commands as orders
from tests import factories
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]


def why(name: str, *more: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("why", name, "--json", *more, stdout=out)
    return dict(json.loads(out.getvalue()))


def test_a_sent_message_is_explained_from_its_fact_to_its_provider(
    merchant: Merchant, send_all: Work, drain_all: Work, smtp_sink: SmtpSink
) -> None:
    set_switch(merchant, "order_confirmation", Switch(holdout=3))
    order = factories.order(merchant)
    send_all()
    drain_all()
    found = why(order.number)
    [message] = found["messages"]
    assert (message["state"], message["touchpoint"]) == ("sent", "order_confirmation")
    assert (message["trigger"]["kind"], message["trigger"]["type"]) == ("fact", "order.placed")
    assert (message["planning"]["decision"], message["planning"]["version"]) == ("planned", 1)
    assert (message["sending"]["decision"], message["sending"]["attempts"]) == ("sent", 1)
    assert message["sending"]["held_out"] is False
    assert message["rendering"]["subject"] == smtp_sink.mails[0].subject
    assert message["rendering"]["message_id"] == smtp_sink.mails[0].message_id
    assert message["provider"]["name"] == "smtp"
    assert [each["kind"] for each in message["later"]] == ["message.sent"]
    assert why(message["id"])["messages"] == [message]


def test_what_did_not_fire_says_why(merchant: Merchant, drain_all: Work) -> None:
    order = factories.order(merchant)
    drain_all()
    names = (public_id("ord", order.pk), order.external_id, order.number, order.number.lstrip("#"))
    found = [why(name) for name in names]
    assert found[1:] == [found[0]] * 3
    codes = {each["touchpoint"]: each["code"] for each in found[0]["not_fired"]}
    assert codes["shipment_shipped"] == "not_happened"
    assert codes["lookup_link"] == "by_hand"
    assert "order_confirmation" not in codes
    assert all(each["why"] for each in found[0]["not_fired"])

    history = factories.order(merchant, notify=False)
    drain_all()
    codes = {each["touchpoint"]: each["code"] for each in why(history.number)["not_fired"]}
    assert codes["order_confirmation"] == "history"
    unread = factories.order(merchant)
    from events import log

    log.sequence(merchant.shard)
    codes = {each["touchpoint"]: each["code"] for each in why(unread.number)["not_fired"]}
    assert codes["order_confirmation"] == "not_read"


def test_a_message_that_was_not_sent_has_one_reason_and_its_moment(
    merchant: Merchant, send_all: Work, drain_all: Work, smtp_sink: SmtpSink
) -> None:
    nowhere = factories.order(merchant, email="")
    drain_all()
    [message] = why(nowhere.number)["messages"]
    assert (message["planning"]["decision"], message["planning"]["reason"]) == ("skipped", "no_address")
    assert (message["sending"]["decision"], message["rendering"]) == ("", None)
    order = factories.order(merchant)
    drain_all()
    orders.cancel_order(merchant, order.id)
    send_all()
    confirmation = next(
        each for each in why(order.number)["messages"] if each["touchpoint"] == "order_confirmation"
    )
    assert (confirmation["planning"]["decision"], confirmation["sending"]["decision"]) == (
        "planned",
        "skipped",
    )
    assert confirmation["sending"]["reason"] == "order_cancelled"
    assert confirmation["sending"]["reason_text"]


def test_its_queries_do_not_grow(
    merchant: Merchant, drain_all: Work, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(8):
        factories.order(merchant)
    drain_all()
    with merchant_scope(merchant):
        messages = list(Message.objects.all())
        with django_assert_num_queries(3):
            assert len(explain_messages(merchant, messages)) == 8


def test_nothing_of_another_merchant_is_found(
    merchant: Merchant, stranger: Merchant, drain_all: Work
) -> None:
    order = factories.order(merchant)
    drain_all()
    with merchant_scope(merchant):
        message = Message.objects.get()
    for name in (order.number, public_id("ord", order.pk), public_id("msg", message.pk), "nothing"):
        with pytest.raises(CommandError):
            why(name, "--merchant", "sudwind")
    with pytest.raises(CommandError, match="--merchant"):
        why(order.number)
