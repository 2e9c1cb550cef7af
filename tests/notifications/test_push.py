"""Notifications on devices: encrypted, signed, beside other channels or instead, over when the device is gone."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.models import Fact
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope
from notifications.choices import Reach
from notifications.models import Message
from notifications.push import commands
from notifications.push.keys import checked
from notifications.push.models import PushDevice, PushKey
from notifications.rendering import VARIANTS, builtin, render_push, sample_context
from notifications.switches import Switch, set_switch
from notifications.touchpoints import PUSH_EMAIL_AND_SMS, TOUCHPOINTS
from orders.models import Order
from tests import factories
from tests.notifications.push_service import PushService
from tests.smtp_sink import SmtpSink

Log = Callable[..., list[Message]]
Work = Callable[[], Any]
SHIPPED = "shipment_shipped"
BY_PUSH = [key for key, each in TOUCHPOINTS.items() if each.channels == PUSH_EMAIL_AND_SMS]


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    """A running push service that the installation may call."""
    found = PushService()
    found.start()
    settings.OUTBOUND_ALLOW = [found.host]
    yield found
    found.stop()


@pytest.fixture
def offering(merchant: Merchant) -> Merchant:
    """A shop that offers push."""
    commands.switch_on(merchant)
    return merchant


def first_that_reaches(merchant: Merchant) -> None:
    set_switch(merchant, SHIPPED, Switch(channels=("push", "email", "sms"), reach=Reach.FIRST))


def states(rows: list[Message]) -> list[tuple[str, str, str]]:
    return [(row.channel, row.state, row.reason) for row in rows]


@pytest.fixture
def order(merchant: Merchant, send_all: Work, smtp_sink: SmtpSink) -> Order:
    """An order that was confirmed; what is sent from now on is about its parcel."""
    order = factories.order(merchant, number="#77")
    send_all()
    smtp_sink.mails.clear()
    return order


def test_a_device_shows_what_happens_to_the_parcel(
    offering: Merchant, order: Order, send_all: Work, log_of: Log, service: PushService
) -> None:
    phone = service.subscribe()
    commands.add_device(offering, order.id, phone.subscription)
    parcel = factories.shipment(offering, order)
    send_all()
    for minute, status in enumerate(["out_for_delivery", "delivered"]):
        factories.scan(offering, parcel, status, timezone.now() + timedelta(minutes=minute))
        send_all()
    (left, first), (near, second), (there, _) = phone.shown
    assert left["title"].startswith("Nordwind: ")
    assert near["title"] == "Nordwind: Arriving today"
    assert "#77" in near["body"]
    assert near["url"].endswith(f"/p/nordwind/t/{near['url'].split('/')[-2]}/")
    assert (
        left["tag"] == near["tag"] == there["tag"] == first["Topic"]
    )  # newer news of a parcel replaces older
    assert (first["Urgency"], first["TTL"], second["Urgency"], second["TTL"]) == (
        "normal", "172800", "high", "43200",
    )  # fmt: skip
    assert first["k"] == offering.push_key
    sent = log_of(channel="push", touchpoint="shipment_out_for_delivery")[0]
    assert (sent.subject, sent.text, sent.recipient) == (near["title"], near["body"], "127.0.0.1")
    assert (sent.state, sent.provider, sent.provider_reference[-10:]) == ("sent", "webpush", "/message/0")
    assert (
        len(log_of(channel="email", state="sent")) == 4
    )  # beside it, as long as the shop does not want the first only


@pytest.mark.parametrize("has_device", [True, False])
def test_who_has_no_device_is_passed_on(
    offering: Merchant, order: Order, send_all: Work, log_of: Log, service: PushService, smtp_sink: SmtpSink,
    has_device: bool,
) -> None:  # fmt: skip
    first_that_reaches(offering)
    phone = service.subscribe()
    if has_device:
        commands.add_device(offering, order.id, phone.subscription)
    factories.shipment(offering, order)
    send_all()
    assert states(log_of(touchpoint=SHIPPED)) == [("push" if has_device else "email", "sent", "")]
    assert (len(phone.shown), len(smtp_sink.mails)) == ((1, 0) if has_device else (0, 1))


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten_and_the_next_channel_tells(
    offering: Merchant, order: Order, send_all: Work, log_of: Log, service: PushService, smtp_sink: SmtpSink,
    status: int,
) -> None:  # fmt: skip
    first_that_reaches(offering)
    phone = service.subscribe()
    phone.answer = (status, {})
    commands.add_device(offering, order.id, phone.subscription)
    factories.shipment(offering, order)
    send_all()
    send_all()
    assert states(log_of(touchpoint=SHIPPED)) == [("push", "failed", "no_device"), ("email", "sent", "")]
    assert len(smtp_sink.mails) == 1
    with merchant_scope(offering):
        assert not PushDevice.objects.exists()
        assert Fact.objects.get(type="push.disabled").data["reason"] == "gone"


def test_one_device_of_two_is_enough_and_the_other_is_forgotten(
    offering: Merchant, order: Order, send_all: Work, log_of: Log, service: PushService
) -> None:
    gone, phone = service.subscribe(), service.subscribe()
    gone.answer = (410, {})
    for each in (gone, phone):
        commands.add_device(offering, order.id, each.subscription)
    factories.shipment(offering, order)
    send_all()
    assert states(log_of(channel="push")) == [("push", "sent", "")]
    assert len(phone.shown) == 1
    with merchant_scope(offering):
        assert PushDevice.objects.count() == 1


@pytest.mark.parametrize(
    ("answer", "wait"), [((429, {"Retry-After": "600"}), 600), ((503, {}), 0), ((500, {}), 0)]
)
def test_a_push_service_that_cannot_now_is_asked_again(
    offering: Merchant, order: Order, send_all: Work, log_of: Log, service: PushService, later: Any,
    answer: tuple[int, dict[str, str]], wait: int,
) -> None:  # fmt: skip
    phone = service.subscribe()
    phone.answer = answer
    commands.add_device(offering, order.id, phone.subscription)
    factories.shipment(offering, order)
    send_all()
    [message] = log_of(channel="push")
    assert (message.state, f": {answer[0]}" in message.error) == ("planned", True)
    assert message.due_at > timezone.now() + timedelta(seconds=wait - 5)  # type: ignore[operator]
    phone.answer = (201, {})
    later(timedelta(seconds=max(wait, 60)))
    send_all()
    assert states(log_of(channel="push")) == [("push", "sent", "")]
    assert len(phone.shown) == 1


def test_a_push_service_that_refuses_is_not_asked_again(
    offering: Merchant, order: Order, send_all: Work, log_of: Log, service: PushService
) -> None:
    phone = service.subscribe()
    phone.answer = (403, {})
    commands.add_device(offering, order.id, phone.subscription)
    factories.shipment(offering, order)
    send_all()
    assert states(log_of(channel="push")) == [("push", "failed", "refused")]
    with merchant_scope(offering):
        assert PushDevice.objects.count() == 1


def test_switched_off_nothing_is_sent_and_what_waits_is_passed_on(
    offering: Merchant, order: Order, drain_all: Work, send_all: Work, log_of: Log, service: PushService
) -> None:
    first_that_reaches(offering)
    phone = service.subscribe()
    commands.add_device(offering, order.id, phone.subscription)
    factories.shipment(offering, order)
    drain_all()
    public = offering.push_key
    commands.switch_off(offering)
    send_all()
    assert states(log_of(touchpoint=SHIPPED)) == [("push", "skipped", "channel_off"), ("email", "sent", "")]
    assert phone.shown == []
    commands.switch_on(offering)
    assert offering.push_key == public  # devices that asked before go on
    with merchant_scope(offering):
        assert PushDevice.objects.count() == 1


def test_a_lost_key_is_made_anew_and_its_devices_are_forgotten(
    offering: Merchant, order: Order, service: PushService
) -> None:
    commands.add_device(offering, order.id, service.subscribe().subscription)
    with merchant_scope(offering):
        PushKey.objects.update(private="")
    before = offering.push_key
    commands.switch_on(offering)
    assert offering.push_key not in ("", before)
    with merchant_scope(offering):
        assert (PushDevice.objects.count(), bool(PushKey.objects.get().private)) == (0, True)


def test_nothing_that_could_be_sent_with_is_readable_in_the_database(
    offering: Merchant, order: Order, service: PushService
) -> None:
    phone = service.subscribe()
    for _ in range(2):  # again: the same row
        commands.add_device(offering, order.id, phone.subscription)
    with merchant_scope(offering):
        [row] = PushDevice.objects.extra(select={"raw": "subscription"})
        [key] = PushKey.objects.extra(select={"raw": "private"})
        assert (phone.subscription.endpoint in row.subscription, key.private != "") == (True, True)
        for secret in (phone.subscription.endpoint, phone.subscription.auth, key.private):
            assert secret not in row.raw + key.raw


def test_an_order_has_ten_devices_at_most_and_the_newest_stay(
    offering: Merchant, order: Order, service: PushService
) -> None:
    browsers = [service.subscribe() for _ in range(12)]
    ids = [commands.add_device(offering, order.id, each.subscription).pk for each in browsers]
    with merchant_scope(offering):
        assert set(PushDevice.objects.values_list("pk", flat=True)) == set(ids[2:])


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "https://127.0.0.1/x"}, {"endpoint": "http://push.example.com/x"}, {"endpoint": ""},
        {"endpoint": "https://push.example.com:22/x"}, {"endpoint": "https://push.internal/x"},
        {"p256dh": "x"}, {"p256dh": "A" * 87}, {"auth": ""}, {"auth": "AAAA"},
    ],
)  # fmt: skip
def test_what_cannot_be_sent_to_is_refused(changes: dict[str, str], service: PushService) -> None:
    good = service.subscribe().subscription
    given = {"endpoint": good.endpoint, "p256dh": good.p256dh, "auth": good.auth}
    assert checked(**given) == good
    with pytest.raises(Unprocessable):
        checked(**{**given, **changes})


@pytest.mark.parametrize("locale", ["en", "de"])
def test_words_are_short_and_of_one_language(locale: str) -> None:
    assert len(BY_PUSH) == 5
    for key in BY_PUSH:
        for code in ("", *VARIANTS.get(key, {})):
            context = sample_context(locale, key)
            context["shipment"] |= {"status": code or context["shipment"]["status"], "substatus": code}
            shown = render_push(builtin(key, locale, "push"), context)
            assert shown.subject.startswith("Nordwind: "), (key, code)
            assert len(shown.subject) <= 60, (key, code, shown.subject)
            assert 20 <= len(shown.text) <= 130, (key, code, shown.text)
            assert not {"{", "%", "\n"} & set(shown.subject + shown.text), (key, code)
            assert ("order" in shown.text.lower()) == (locale == "en"), (key, code)
