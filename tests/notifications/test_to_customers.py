"""Messages that are about no order: to a customer, the whole way, once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from events.models import Fact
from merchants.commands import add_member
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications import planning
from notifications.models import Channel, Message, MessageClass
from notifications.switches import Switch, set_switch
from notifications.touchpoints import TOUCHPOINTS
from orders.customers import put_customer
from orders.models import Customer
from orders.schemas import CustomerIn
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink

Log = Callable[..., list[Message]]
Work = Callable[[], Any]


def customer_of(merchant: Merchant, email: str = "anna@example.test", locale: str = "en") -> Customer:
    told = CustomerIn(email=email, first_name="Anna", last_name="Weber", locale=locale, external_id=email)
    return put_customer(merchant, told)[0]


def planned(merchant: Merchant, *customers: Customer, moment: str = "first") -> list[Message]:
    """A message to each, of the class that needs no consent: what is proved here is the way."""
    with merchant_transaction(merchant):
        messages = [
            planning.plan_for_customer(
                merchant, customer, TOUCHPOINTS["welcome"], Channel.EMAIL, moment=moment,
                data={"products": [{"title": "Wool sponge"}]},
            )
            for customer in customers
        ]  # fmt: skip
        for message in messages:
            message.message_class = MessageClass.TRANSACTIONAL
        planning.store(messages)
    return messages


@pytest.fixture
def wanted(merchant: Merchant) -> None:
    set_switch(merchant, "welcome", Switch())


@pytest.mark.usefixtures("wanted")
class TestTheWholeWay:
    def test_it_goes_out_once_however_often_it_is_planned(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        customer = customer_of(merchant, locale="de-AT")
        planned(merchant, customer)
        planned(merchant, customer)
        send_all()
        planned(merchant, customer)
        send_all()
        [message], [mail] = log_of(), smtp_sink.mails
        assert (message.state, message.order_id, message.customer_id) == ("sent", None, customer.id)
        assert message.data == {"products": [{"title": "Wool sponge"}]}
        assert mail.recipients == ["anna@example.test"]
        assert mail.subject == "Willkommen bei Nordwind"
        assert "Guten Tag Anna Weber" in mail.text
        assert "Nordwind GmbH" in mail.text

    def test_an_address_that_changed_meanwhile_is_the_one_and_makes_no_second_message(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        customer = customer_of(merchant)
        planned(merchant, customer)
        moved, _ = put_customer(
            merchant, CustomerIn(email="new@example.test", external_id="anna@example.test")
        )
        planned(merchant, moved)
        send_all()
        assert [mail.recipients for mail in smtp_sink.mails] == [["new@example.test"]]
        assert len(log_of()) == 1

    def test_its_facts_name_the_customer(
        self, merchant: Merchant, send_all: Work, drain_all: Work, smtp_sink: SmtpSink
    ) -> None:
        customer = customer_of(merchant)
        planned(merchant, customer)
        send_all()
        drain_all()
        with merchant_scope(merchant):
            fact = Fact.objects.get(type="message.sent")
        assert (fact.order_id, fact.data["customer_id"]) == (None, str(customer.id))

    def test_somebody_who_is_gone_is_not_written_to(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        customer = customer_of(merchant)
        planned(merchant, customer)
        with merchant_scope(merchant):
            Customer.objects.filter(pk=customer.pk).delete()
        send_all()
        [message] = log_of()
        assert (message.state, message.reason, smtp_sink.mails) == ("skipped", "nobody", [])

    def test_many_are_loaded_with_as_many_queries_as_few(
        self, merchant: Merchant, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        from notifications import context

        messages = planned(merchant, *(customer_of(merchant, f"a{n}@example.test") for n in range(6)))
        with merchant_scope(merchant), django_assert_num_queries(9):
            loaded = context.load(merchant, messages)
            assert all(context.context_of(message, loaded)["customer"] for message in messages)


def test_it_stays_in_until_the_shop_wants_it(
    merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    planned(merchant, customer_of(merchant))
    send_all()
    assert [(m.state, m.reason) for m in log_of()] == [("skipped", "switched_off")]
    assert smtp_sink.mails == []


def test_the_log_shows_it_with_its_customer(
    merchant: Merchant, api: ApiClient, browser_client: Client, send_all: Work
) -> None:
    customer, other = customer_of(merchant), customer_of(merchant, "other@example.test")
    [message, _] = planned(merchant, customer, other)
    wanted_id, message_id = public_id("cus", customer.id), public_id("msg", message.id)
    [shown] = api.get(f"messages?customer_id={wanted_id}").json()["data"]
    assert (shown["id"], shown["order_id"], shown["customer_id"]) == (message_id, None, wanted_id)
    owner = add_member(merchant, email="owner@nordwind.test", password="a long enough phrase").user
    browser_client.force_login(owner)
    for path in ("messages/", f"messages/{message_id}/"):
        page = browser_client.get(f"/app/nordwind/{path}").content.decode()
        assert f"/app/nordwind/customers/{wanted_id}/" in page
    assert message_id in browser_client.get(f"/app/nordwind/customers/{wanted_id}/").content.decode()
