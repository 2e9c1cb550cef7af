"""Marketing tools in the settings: set up, tried, given a new secret, removed; what opens them is never shown again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from merchants.commands import add_member
from merchants.models import AuditEntry, Merchant, Role
from merchants.scope import merchant_scope
from notifications.choices import Reach
from notifications.marketing_tools import commands
from notifications.marketing_tools.models import MarketingTool
from notifications.switches import Switch, set_switch, switches
from tests.notifications.klaviyo_sink import KEY, KlaviyoSink
from tests.webhooks.receiver import Receiver, receiving, status

PAGE = "/app/nordwind/settings/marketing_tools/"


@pytest.fixture
def backend(settings: Any) -> Iterator[Receiver]:
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


def text(client: Client, path: str = PAGE, data: dict[str, str] | None = None) -> str:
    answer = client.get(path) if data is None else client.post(path, data, follow=True)
    return answer.content.decode()


def tool(merchant: Merchant, channel: str) -> MarketingTool:
    with merchant_scope(merchant):
        return MarketingTool.objects.get(channel=channel)


def test_a_webhook_is_set_up_with_a_secret_that_is_shown_once(
    merchant: Merchant, owner: Client, backend: Receiver
) -> None:
    page = text(owner, PAGE, {"tool": "webhook", "webhook-url": backend.url})
    secret = tool(merchant, "webhook").secret
    assert secret in page
    assert backend.url in page
    assert secret not in text(owner)
    assert secret not in text(owner, PAGE, {"tool": "webhook", "webhook-url": backend.url})
    merchant.refresh_from_db()
    assert merchant.marketing_tools == ["webhook"]
    assert "Make a new secret" in text(owner, PAGE + "secret/")
    page = text(owner, PAGE + "secret/", {})
    new = tool(merchant, "webhook").secret
    assert new != secret
    assert new in page
    assert "Both secrets sign until" in page


def test_only_the_secret_that_was_made_is_shown_not_another_shops(
    merchant: Merchant, stranger: Merchant, owner: Client, backend: Receiver
) -> None:
    add_member(stranger, email="owner@nordwind.test", password="", role=Role.OWNER)
    theirs = commands.save_webhook(stranger, backend.url)
    owner.post(PAGE, {"tool": "webhook", "webhook-url": backend.url})  # and does not look
    page = text(owner, PAGE.replace("nordwind", stranger.slug))
    assert backend.url in page
    assert theirs.secret not in page
    # One that was lost is another one from the next saving on, and is shown then.
    with merchant_scope(stranger):
        MarketingTool.objects.filter(pk=theirs.pk).update(secret="")
    page = text(
        owner, PAGE.replace("nordwind", stranger.slug), {"tool": "webhook", "webhook-url": backend.url}
    )
    assert tool(stranger, "webhook").secret in page


def test_a_test_is_handed_over_and_the_answer_told(
    merchant: Merchant, owner: Client, backend: Receiver, klaviyo: KlaviyoSink
) -> None:
    commands.save_webhook(merchant, backend.url)
    commands.save_klaviyo(merchant, KEY)
    for channel, answer in (("webhook", "200"), ("klaviyo", "202")):
        assert f"It was taken: {answer}" in text(owner, f"{PAGE}{channel}/test/", {})
    told = backend.seen[0].verify(tool(merchant, "webhook").secret)
    assert (told["type"], told["data"]["content"]["subject"]) == ("message.test", "A test from Nordwind")
    assert [event.metric for event in klaviyo.events] == ["Afterward test"]
    backend.answer, klaviyo.answers = status(404, b"<b>nothing here</b>"), [(401, {})]
    page = text(owner, PAGE + "webhook/test/", {})
    assert "It was not taken: 404 &lt;b&gt;nothing here" in page
    page = text(owner, PAGE + "klaviyo/test/", {})
    assert "401 Request was throttled." in page
    assert page.count("Nothing but failures since") == 2
    health = text(owner, "/app/nordwind/messages/health/")
    assert health.count("takes nothing") == 2
    with merchant_scope(merchant):
        assert AuditEntry.objects.filter(action="marketing_tool.tested").count() == 4


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"tool": "webhook", "webhook-url": "https://10.0.0.1/"}, "We cannot send to this address"),
        ({"tool": "webhook", "webhook-url": ""}, "This field is required"),
        ({"tool": "klaviyo", "klaviyo-api_key": "AbCdEf"}, "This is no private API key"),
        ({"tool": "klaviyo", "klaviyo-api_key": "pk_1234567890\r\nX-Evil: 1"}, "This is no private API key"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_field(
    merchant: Merchant, owner: Client, data: dict[str, str], says: str
) -> None:
    answer = owner.post(PAGE, data)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    with merchant_scope(merchant):
        assert not MarketingTool.objects.exists()


def test_the_key_is_shown_masked_and_a_removed_tool_is_forgotten(
    merchant: Merchant, owner: Client, klaviyo: KlaviyoSink
) -> None:
    page = text(owner, PAGE, {"tool": "klaviyo", "klaviyo-api_key": f" {KEY} "})
    assert KEY not in page
    assert f"pk_…{KEY[-4:]}" in page
    assert "Remove Klaviyo?" in text(owner, PAGE + "klaviyo/remove/")
    assert "Klaviyo is removed" in text(owner, PAGE + "klaviyo/remove/", {})
    merchant.refresh_from_db()
    assert merchant.marketing_tools == []
    assert owner.post(PAGE + "klaviyo/test/").status_code == 404
    with merchant_scope(merchant):
        assert not MarketingTool.objects.exists()
        entries = list(AuditEntry.objects.values_list("action", flat=True))
    assert sorted(entries) == ["marketing_tool.removed", "marketing_tool.saved"]


def test_a_channel_is_offered_once_it_is_set_up(merchant: Merchant, owner: Client) -> None:
    how = "/app/nordwind/settings/messages/welcome/how/"
    assert 'value="klaviyo"' not in text(owner, how)
    commands.save_klaviyo(merchant, KEY)
    page = text(owner, how)
    assert 'value="klaviyo"' in page
    assert 'value="webhook"' not in page
    owner.post(
        how,
        {"based_on": "0", "is_on": "on", "after": "0", "unit": "minutes", "remind_days": "0", "reach": "first",
         "channel_0": "klaviyo", "channel_1": "email"},
    )  # fmt: skip
    with merchant_scope(merchant):
        assert switches(["welcome"])["welcome"].channels == ("klaviyo", "email")
    assert "Klaviyo, else E-mail" in text(owner, how)


def test_a_sandbox_hands_nothing_over(
    merchant: Merchant, stranger: Merchant, owner: Client, backend: Receiver
) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(sandbox_of=stranger)
    merchant.refresh_from_db()
    commands.save_webhook(merchant, backend.url)
    set_switch(merchant, "order_confirmation", Switch(channels=("webhook",), reach=Reach.FIRST))
    assert "sandbox sends nothing" in text(owner, PAGE + "webhook/test/", {})
    assert backend.seen == []


def test_another_shops_owner_sees_nothing_of_it(
    merchant: Merchant, stranger: Merchant, owner: Client, backend: Receiver
) -> None:
    theirs = commands.save_webhook(stranger, backend.url)
    page = text(owner)
    assert backend.url not in page
    assert theirs.secret not in page
    assert owner.post(PAGE + "webhook/test/").status_code == 404
    assert owner.post(PAGE + "webhook/remove/").status_code == 404
    assert tool(stranger, "webhook").url == backend.url
