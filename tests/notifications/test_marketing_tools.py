"""Handing messages to a webhook and to Klaviyo: decided as any other, once under one id, and to nobody else's tool."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope, merchant_transaction, platform_scope
from notifications import marks, planner, planning, sending
from notifications.channels import circuits
from notifications.choices import Channel, Reach
from notifications.consent import commands as consent
from notifications.consent.choices import Basis
from notifications.consent.commands import Said
from notifications.marketing_tools import commands
from notifications.marketing_tools.models import MarketingTool
from notifications.models import Message, MessageState, SuppressionReason
from notifications.sending import send_due
from notifications.suppressions import suppress
from notifications.switches import Switch, fault, set_switch, switches
from notifications.touchpoints import TOUCHPOINTS
from orders.commands import cancel_order
from orders.models import Customer, Order
from orders.schemas import CustomerIn
from tests import factories
from tests.notifications.klaviyo_sink import KEY, KlaviyoSink
from tests.smtp_sink import SmtpSink
from tests.webhooks.receiver import Answer, Receiver, receiving, status

Log = Callable[..., list[Message]]
Work = Callable[[], Any]
PLACED, SHIPPED = "order_confirmation", "shipment_shipped"
TOOLS = [Channel.WEBHOOK, Channel.KLAVIYO]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    circuits.forget()
    yield
    circuits.forget()


@pytest.fixture
def backend(settings: Any) -> Iterator[Receiver]:
    """The shop's program behind its webhook."""
    with receiving() as found:
        settings.OUTBOUND_ALLOW = [f"127.0.0.1:{found.port}"]
        yield found


@pytest.fixture
def klaviyo(settings: Any) -> Iterator[KlaviyoSink]:
    found = KlaviyoSink()
    found.start()
    settings.KLAVIYO_API_URL = found.url
    yield found
    found.stop()


@pytest.fixture
def hooked(merchant: Merchant, backend: Receiver) -> MarketingTool:
    """The webhook that confirmations go to, and e-mail if it fails."""
    first(merchant, PLACED, "webhook", "email")
    return commands.save_webhook(merchant, backend.url)


@pytest.fixture
def linked(merchant: Merchant, klaviyo: KlaviyoSink) -> MarketingTool:
    """The same with Klaviyo."""
    first(merchant, PLACED, "klaviyo", "email")
    return commands.save_klaviyo(merchant, KEY)


def first(merchant: Merchant, touchpoint: str, *channels: str) -> None:
    set_switch(merchant, touchpoint, Switch(channels=channels, reach=Reach.FIRST))


def states(rows: list[Message]) -> list[tuple[str, str, str]]:
    return [(row.channel, row.state, row.reason) for row in rows]


def customer_of(order: Order) -> Customer:
    with merchant_scope(order.merchant):
        return Customer.objects.get(pk=order.customer_id)


def welcome(merchant: Merchant, channel: Channel, *, agreed: bool = True) -> Message:
    """A message of marketing to somebody who agreed to it."""
    set_switch(merchant, "welcome", Switch(channels=(channel,)))
    customer = customer_of(factories.order(merchant, email="anna@example.test"))
    if agreed:
        consent.give(merchant, "email", customer.email, "", Said("checkout"), basis=Basis.DOUBLE_OPT_IN)
    with merchant_transaction(merchant):
        message = planning.plan_for_customer(merchant, customer, TOUCHPOINTS["welcome"], channel, moment="1")
        planning.store([message])
    return message


def test_a_webhook_is_posted_what_the_mail_would_say_signed_and_under_the_messages_id(
    merchant: Merchant,
    hooked: MarketingTool,
    backend: Receiver,
    send_all: Work,
    log_of: Log,
    smtp_sink: SmtpSink,
) -> None:
    order = factories.order(merchant, number="#77", email="anna@example.test")
    send_all()
    assert states(log_of()) == [("webhook", "sent", "")]
    assert smtp_sink.mails == []
    [request] = backend.seen
    told = request.verify(hooked.secret)
    assert told["type"] == "message"
    data = told["data"]
    assert data["id"] == request.headers["webhook-id"]
    assert data["id"].startswith("msg_")
    assert (data["touchpoint"], data["event"], data["message_class"]) == (
        PLACED,
        "order.placed",
        "transactional",
    )
    assert data["recipient"] == {"email": "anna@example.test", "first_name": "Anna", "last_name": "Weber"}
    assert "#77" in data["content"]["subject"] + data["content"]["text"]
    assert data["content"]["html"].startswith("<!doctype html>")
    assert [item["title"] for item in data["properties"]["subtotal_line_items"]] == ["Fjord Wool Sweater"]
    assert data["properties"]["links"]["portal"].startswith("http://")
    assert data["total"] == {"amount": str(order.total), "currency": "EUR"}
    [sent] = log_of()
    assert (sent.recipient, sent.subject, sent.text) == (
        "anna@example.test", data["content"]["subject"], data["content"]["text"],
    )  # fmt: skip
    assert (sent.provider, sent.provider_reference) == ("webhook", "200")


def test_klaviyo_gets_an_event_of_the_profile(
    merchant: Merchant,
    linked: MarketingTool,
    klaviyo: KlaviyoSink,
    send_all: Work,
    log_of: Log,
    smtp_sink: SmtpSink,
) -> None:
    order = factories.order(merchant, number="#77", email="anna@example.test")
    send_all()
    assert states(log_of()) == [("klaviyo", "sent", "")]
    assert smtp_sink.mails == []
    [event] = klaviyo.events
    assert event.metric == "Afterward order confirmation"
    assert event.profile == {"email": "anna@example.test", "first_name": "Anna", "last_name": "Weber"}
    assert event.attributes["value"] == float(order.total)
    assert event.attributes["value_currency"] == "EUR"
    assert event.properties["order_name"] == "#77"
    assert event.properties["$extra"]["html"].startswith("<!doctype html>")
    [sent] = log_of()
    assert event.unique_id == public_id("msg", sent.pk)
    assert sent.subject == event.properties["subject"]


@pytest.mark.parametrize(
    ("answer", "wait"),
    [(status(503), 0), (status(500), 0), (status(429, Retry_After="600"), 600), (status(408), 0)],
)
def test_a_webhook_that_cannot_now_gets_it_again_under_the_same_id(
    merchant: Merchant, hooked: MarketingTool, backend: Receiver, send_all: Work, log_of: Log, later: Any,
    answer: Answer, wait: int,
) -> None:  # fmt: skip
    backend.answers = [answer]
    backend.answer = status(200, b"a page of thanks " * 5000)  # of which the beginning is read
    factories.order(merchant)
    send_all()
    [message] = log_of()
    assert message.state == "planned"
    assert message.due_at > timezone.now() + timedelta(seconds=wait - 5)  # type: ignore[operator]
    later(timedelta(seconds=max(wait, 60)))
    send_all()
    assert states(log_of()) == [("webhook", "sent", "")]
    one, two = backend.seen
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    with merchant_scope(merchant):
        tool = MarketingTool.objects.get()
    assert (tool.failing_since, tool.last_failure[:1]) == (None, message.error[:1])


def test_what_a_webhook_refuses_goes_by_the_next_channel(
    merchant: Merchant,
    hooked: MarketingTool,
    backend: Receiver,
    send_all: Work,
    log_of: Log,
    smtp_sink: SmtpSink,
) -> None:
    backend.answer = status(422, b'{"error": "no such list for anna@example.test"}')
    factories.order(merchant, email="anna@example.test")
    send_all()
    send_all()
    assert states(log_of()) == [("webhook", "failed", "refused"), ("email", "sent", "")]
    assert "no such list" in log_of()[0].error
    assert len(smtp_sink.mails) == 1
    with merchant_scope(merchant):
        assert MarketingTool.objects.get().last_failure == '422 {"error": "no such list for •••"}'


def test_where_no_answer_came_it_is_repeated_but_for_marketing(
    merchant: Merchant, hooked: MarketingTool, backend: Receiver, send_all: Work, log_of: Log, later: Any
) -> None:
    backend.answers = [lambda handler, _: handler.connection.close()] * 2
    message = welcome(merchant, Channel.WEBHOOK)  # beside the confirmation of the order
    send_all()
    later(timedelta(minutes=1))
    send_all()
    assert states(log_of(touchpoint=PLACED)) == [("webhook", "sent", "")]
    assert states(log_of(pk=message.pk)) == [("webhook", "failed", "in_doubt")]
    assert len({request.headers["webhook-id"] for request in backend.seen}) == 2
    assert len(backend.seen) == 3


def test_where_nobody_is_there_marketing_waits_too_and_the_path_is_not_told(
    merchant: Merchant, settings: Any, send_all: Work, log_of: Log
) -> None:
    with receiving() as gone:
        pass
    settings.OUTBOUND_ALLOW = [f"127.0.0.1:{gone.port}"]
    commands.save_webhook(merchant, f"http://127.0.0.1:{gone.port}/in/s3cret?token=s3cret")
    first(merchant, PLACED, "email")
    message = welcome(merchant, Channel.WEBHOOK)
    send_all()
    [waiting] = log_of(pk=message.pk)
    assert (waiting.state, "refused" in waiting.error, "s3cret" in waiting.error) == ("planned", True, False)


def test_klaviyo_drops_a_repeat_so_that_marketing_is_repeated_too(
    merchant: Merchant, linked: MarketingTool, klaviyo: KlaviyoSink, send_all: Work, log_of: Log, later: Any
) -> None:
    klaviyo.answers, klaviyo.takes_it = [None], True
    first(merchant, PLACED, "email")
    message = welcome(merchant, Channel.KLAVIYO)
    send_all()
    assert states(log_of(pk=message.pk)) == [("klaviyo", "planned", "")]
    later(timedelta(minutes=1))
    send_all()
    assert states(log_of(pk=message.pk)) == [("klaviyo", "sent", "")]
    assert (klaviyo.requests, len(klaviyo.events)) == (2, 1)
    assert klaviyo.events[0].properties["basis"] == "double_opt_in"
    assert "/p/nordwind/" in klaviyo.events[0].properties["links"]["unsubscribe"]


@pytest.mark.parametrize("channel", TOOLS)
def test_one_that_a_dead_worker_left_is_handed_over_again_under_its_id(
    merchant: Merchant, hooked: MarketingTool, linked: MarketingTool, backend: Receiver, klaviyo: KlaviyoSink,
    drain_all: Work, send_all: Work, log_of: Log, channel: Channel,
) -> None:  # fmt: skip
    first(merchant, PLACED, channel)
    factories.order(merchant)
    send_all()
    with platform_scope("a test turns back what a worker did not come to note"):
        Message.objects.update(state=MessageState.SENDING, due_at=timezone.now(), attempts=1)
    marks._line.call("DEL", marks._name(log_of()[0]))
    send_all()
    assert states(log_of()) == [(channel, "sent", "")]
    handed = [request.headers["webhook-id"] for request in backend.seen]
    assert (len(handed), len(set(handed))) == ((2, 1) if channel == Channel.WEBHOOK else (0, 0))
    assert (klaviyo.requests, len(klaviyo.events)) == ((2, 1) if channel == Channel.KLAVIYO else (0, 0))


@pytest.mark.parametrize(
    ("answer", "becomes"),
    [
        ((429, {"Retry-After": "600"}), "planned"), ((401, {}), "planned"), ((403, {}), "planned"),
        ((500, {}), "planned"), ((400, {}), "failed"), ((409, {}), "failed"),
    ],
)  # fmt: skip
def test_what_klaviyo_answers_decides(
    merchant: Merchant, linked: MarketingTool, klaviyo: KlaviyoSink, drain_all: Work, log_of: Log,
    answer: tuple[int, dict[str, str]], becomes: str,
) -> None:  # fmt: skip
    klaviyo.answers = [answer]
    factories.order(merchant)
    drain_all()
    send_due()
    message = log_of(channel="klaviyo")[0]
    assert message.state == becomes
    assert message.error == f"{answer[0]} Request was throttled."
    if answer[1]:
        assert message.due_at > timezone.now() + timedelta(seconds=590)  # type: ignore[operator]


def test_a_nul_in_an_answer_costs_no_message_its_end(
    linked: MarketingTool, klaviyo: KlaviyoSink, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    """PostgreSQL keeps none: the message stayed claimed, and every batch that it was in ended there."""
    klaviyo.answers, klaviyo.says = [(400, {})], "No such name: A\0nna"
    factories.order(linked.merchant, email="anna@example.test")
    send_all()
    assert states(log_of()) == [("klaviyo", "failed", "refused"), ("email", "sent", "")]
    with merchant_scope(linked.merchant):
        assert "No such name: Anna" in MarketingTool.objects.get().last_failure


def test_a_slow_tool_lets_the_mails_of_other_shops_go_first(
    merchant: Merchant,
    stranger: Merchant,
    backend: Receiver,
    drain_all: Work,
    smtp_sink: SmtpSink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A batch has its time: what of it is behind a tool that takes seconds was given back, again and again."""
    monkeypatch.setattr(sending, "BATCH_SECONDS", 0.5)
    thanks = backend.answer

    def slowly(handler: Any, request: Any) -> None:
        time.sleep(0.6)
        thanks(handler, request)

    backend.answer = slowly
    slow, other = sorted((merchant, stranger), key=lambda shop: shop.pk.bytes)
    first(slow, PLACED, "webhook")
    commands.save_webhook(slow, backend.url)
    for shop in (slow, other):
        factories.order(shop, email="anna@example.test")
    drain_all()
    assert send_due() == 2
    assert len(smtp_sink.mails) == 1


def test_a_tool_that_fails_three_times_is_left_alone_and_another_shops_is_not(
    merchant: Merchant,
    stranger: Merchant,
    hooked: MarketingTool,
    backend: Receiver,
    send_all: Work,
    settings: Any,
    log_of: Log,
) -> None:
    with receiving() as other:
        settings.OUTBOUND_ALLOW.append(f"127.0.0.1:{other.port}")
        first(stranger, PLACED, "webhook")
        theirs = commands.save_webhook(stranger, other.url)
        backend.answer = status(500)
        for _ in range(5):
            factories.order(merchant)
            factories.order(stranger)
        send_all()
        assert (len(backend.seen), len(other.seen)) == (circuits.FAILURES, 5)
        assert [row.state for row in log_of()] == ["planned"] * 5
        assert all(request.verify(theirs.secret) for request in other.seen)


@pytest.mark.parametrize("channel", TOOLS)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("withdraws", "unsubscribed"), ("bounces", "suppressed"), ("never agreed", "no_basis"),
        ("is removed", "channel_off"),
    ],
)  # fmt: skip
def test_it_is_decided_again_before_anything_is_handed_over(
    merchant: Merchant, hooked: MarketingTool, linked: MarketingTool, backend: Receiver, klaviyo: KlaviyoSink,
    settings: Any, send_all: Work, log_of: Log, channel: Channel, change: str, reason: str,
) -> None:  # fmt: skip
    first(merchant, PLACED, "email")
    message = welcome(merchant, channel, agreed=change != "never agreed")
    if change == "withdraws":
        consent.withdraw(merchant, "email", "anna@example.test", "", Said("preferences"))
    elif change == "bounces":
        suppress(merchant, "email", "anna@example.test", SuppressionReason.BOUNCED)
    elif change == "is removed":
        commands.remove(merchant, channel)
    send_all()
    assert states(log_of(pk=message.pk)) == [(channel, "skipped", reason)]
    assert (backend.seen, klaviyo.requests) == ([], 0)


def test_a_cancelled_order_is_handed_to_nobody(
    merchant: Merchant, hooked: MarketingTool, backend: Receiver, drain_all: Work, send_all: Work, log_of: Log
) -> None:
    order = factories.order(merchant)
    drain_all()
    cancel_order(merchant, order.id)
    send_all()
    assert states(log_of(touchpoint=PLACED)) == [("webhook", "skipped", "order_cancelled")]
    assert backend.seen == []


def test_without_a_tool_the_next_channel_is_taken_and_beside_mail_it_gets_a_copy(
    merchant: Merchant, backend: Receiver, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    first(merchant, PLACED, "webhook", "email")
    factories.order(merchant)
    send_all()
    assert states(log_of()) == [("email", "sent", "")]
    commands.save_webhook(merchant, backend.url)
    set_switch(merchant, PLACED, Switch(channels=("email", "webhook")))
    factories.order(merchant)
    send_all()
    assert sorted(states(log_of())[1:]) == [("email", "sent", ""), ("webhook", "sent", "")]
    assert (len(smtp_sink.mails), len(backend.seen)) == (2, 1)


def test_a_message_about_no_order_goes_by_the_first_that_reaches(
    merchant: Merchant, linked: MarketingTool
) -> None:
    customer = customer_of(factories.order(merchant))
    how = Switch(channels=("klaviyo", "email"), reach=Reach.FIRST)
    with merchant_scope(merchant):
        [planned] = planner.plan_for_customer(
            merchant, customer, TOUCHPOINTS["welcome"], how, moment="1", data={}
        )
        assert (planned.channel, planned.plan) == ("klaviyo", {"then": ["email"]})
        both = planner.plan_for_customer(
            merchant, customer, TOUCHPOINTS["welcome"], replace(how, reach=Reach.ALL), moment="1", data={}
        )
    assert [each.channel for each in both] == ["email", "klaviyo"]


def test_a_telephone_is_told_only_where_texts_were_agreed_to(
    merchant: Merchant, linked: MarketingTool, klaviyo: KlaviyoSink, send_all: Work
) -> None:
    for agreed in (False, True):
        factories.order(
            merchant,
            customer=CustomerIn(email="anna@example.test", phone="+4915112345678", sms_consent=agreed),
        )
    send_all()
    assert {event.profile.get("phone_number") for event in klaviyo.events} == {None, "+4915112345678"}


def test_what_a_shopper_asked_for_is_always_sent_by_us(merchant: Merchant) -> None:
    for key in ("return_question", "double_opt_in", "withdrawal_receipt", "campaign"):
        assert not set(TOOLS) & set(TOUCHPOINTS[key].possible), key
    with merchant_scope(merchant):
        assert not any(set(TOOLS) & set(each.channels) for each in switches(TOUCHPOINTS).values())
    assert fault("welcome", Switch(channels=("klaviyo",))) is None
    assert fault("campaign", Switch(channels=("klaviyo",))) is not None


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/x", "http://shop.example/x", "https://hooks.internal/", "", "x"]
)
def test_an_address_inside_is_never_called(merchant: Merchant, url: str, send_all: Work, log_of: Log) -> None:
    with pytest.raises(Unprocessable):
        commands.save_webhook(merchant, url)
    with merchant_scope(merchant):
        assert not MarketingTool.objects.exists()
    assert merchant.marketing_tools == []


def test_a_name_that_leads_inside_is_refused_when_it_is_called(
    merchant: Merchant, hooked: MarketingTool, backend: Receiver, settings: Any, send_all: Work, log_of: Log
) -> None:
    settings.OUTBOUND_ALLOW = []
    first(merchant, PLACED, "webhook")
    factories.order(merchant)
    send_all()
    assert states(log_of()) == [("webhook", "failed", "refused")]
    assert backend.seen == []


def test_a_new_secret_signs_beside_the_former_one_for_a_day(
    merchant: Merchant, hooked: MarketingTool, backend: Receiver, send_all: Work, later: Any
) -> None:
    new = commands.rotate_secret(merchant)
    factories.order(merchant)
    send_all()
    [request] = backend.seen
    assert request.verify(new.secret) == request.verify(hooked.secret)
    assert new.secret != hooked.secret
    commands.save_webhook(merchant, backend.url)  # the same again keeps it
    with merchant_scope(merchant):
        assert MarketingTool.objects.get().secret == new.secret


def test_secrets_are_readable_nowhere(
    merchant: Merchant, hooked: MarketingTool, linked: MarketingTool, backend: Receiver, klaviyo: KlaviyoSink,
    send_all: Work, log_of: Log, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    backend.answer = status(400, b"no")
    klaviyo.answers = [(400, {})] * 5
    for channel in ("webhook", "klaviyo"):
        set_switch(merchant, PLACED, Switch(channels=(channel,)))
        factories.order(merchant)
        send_all()
    printed = capsys.readouterr()
    said = caplog.text + printed.out + printed.err + str([row.__dict__ for row in log_of()])
    with merchant_scope(merchant):
        said += str(list(MarketingTool.objects.extra(select={"raw": "secret"}).values("raw", "last_failure")))
    with platform_scope("a test looks at everything that was written down"):
        said += str(list(AuditEntry.objects.values()))
    assert "refused" in said
    for secret in (hooked.secret, linked.secret):
        assert secret not in said
        assert secret[6:] not in said


def test_another_shops_tool_is_handed_nothing(
    merchant: Merchant, stranger: Merchant, hooked: MarketingTool, backend: Receiver, send_all: Work
) -> None:
    first(stranger, PLACED, "webhook", "email")
    factories.order(stranger)
    send_all()
    assert backend.seen == []
    with merchant_scope(stranger):
        assert not MarketingTool.objects.exists()
        assert [row.channel for row in Message.objects.all()] == ["email"]
        assert not Customer.objects.filter(merchant=merchant).exists()
        assert not Order.objects.filter(merchant=merchant).exists()
