"""The page that offers notifications on a device: the only one with a script, and what its form does."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.push import commands
from notifications.push.models import PushDevice
from orders.models import Order
from portal.urls import urlpatterns
from tests.notifications.push_service import PushService
from tests.portal.scenes import SCENES, token_of

LINK = "Tell me on this phone"


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    """Whose address may be called; nothing is sent here."""
    found = PushService()
    settings.OUTBOUND_ALLOW = [found.host]
    yield found
    found._server.server_close()


@pytest.fixture
def order(merchant: Merchant) -> Order:
    commands.switch_on(merchant)
    return SCENES["in_transit"](merchant, "en")


def path(order: Order, rest: str = "notify/") -> str:
    return f"/p/nordwind/t/{token_of(order)}/{rest}"


def keys(service: PushService) -> dict[str, str]:
    subscription = service.subscribe().subscription
    return {name: getattr(subscription, name) for name in ("endpoint", "p256dh", "auth")}


def devices(merchant: Merchant) -> list[PushDevice]:
    with merchant_scope(merchant):
        return list(PushDevice.objects.all())


def test_a_device_is_told_and_told_no_more(
    merchant: Merchant, order: Order, client: Client, service: PushService, drain_all: Callable[[], int]
) -> None:
    assert f'href="{path(order)}"' in client.get(path(order, "")).content.decode()
    page = client.get(path(order)).content.decode()
    assert (f'data-key="{merchant.push_key}"' in page, 'data-known=""' in page) == (True, True)
    given = keys(service)
    assert client.post(path(order), given)["Location"] == path(order)
    [device] = devices(merchant)
    assert (device.order_id, device.host) == (order.id, "127.0.0.1")
    assert f'data-known="{bytes(device.digest).hex()[:16]}"' in client.get(path(order)).content.decode()
    gone = client.post(path(order), {"endpoint": given["endpoint"], "then": "off"})
    assert (gone.status_code, devices(merchant)) == (303, [])
    client.post(path(order), {"endpoint": given["endpoint"], "then": "off"})  # twice
    drain_all()
    with merchant_scope(merchant):
        told = Fact.objects.filter(order_id=order.id, type__startswith="push.").order_by("position")
        assert [(fact.type, fact.data.get("reason", "")) for fact in told] == [
            ("push.enabled", ""), ("push.disabled", "shopper"),
        ]  # fmt: skip


def test_a_device_of_one_order_is_not_told_of_another(
    merchant: Merchant, order: Order, client: Client, service: PushService
) -> None:
    given = keys(service)
    client.post(path(order), given)
    other = SCENES["in_transit"](merchant, "de")
    client.post(path(other), {"endpoint": given["endpoint"], "then": "off"})
    assert [each.order_id for each in devices(merchant)] == [order.id]


@pytest.mark.parametrize("wrong", [{"endpoint": "https://10.0.0.1/x"}, {"p256dh": "AAAA"}, {"auth": ""}])
def test_what_no_browser_says_is_refused(
    merchant: Merchant, order: Order, client: Client, service: PushService, wrong: dict[str, str]
) -> None:
    answer = client.post(path(order), {**keys(service), **wrong})
    assert (answer.status_code, devices(merchant)) == (422, [])


def test_another_page_cannot_ask_for_it(
    merchant: Merchant, order: Order, client: Client, service: PushService
) -> None:
    answer = client.post(path(order), keys(service), headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, devices(merchant)) == (403, [])


def test_only_the_page_that_offers_it_has_a_script_and_that_is_small(order: Order, client: Client) -> None:
    page = client.get(path(order))
    assert re.findall(r"<script[^>]*>", page.content.decode()) == ['<script src="/static/js/push.js" defer>']
    policy = {part.split(" ")[0]: part for part in page["Content-Security-Policy"].split("; ")}
    assert policy["script-src"] == "script-src 'self'"
    assert policy["worker-src"] == "worker-src 'self'"
    assert policy["trusted-types"] == "trusted-types push"
    assert "connect-src" not in policy
    others = ["", "problem/", "problem/damaged/", "1/wish/"]
    paths = [*(path(order, each) for each in others), f"/p/nordwind/o/{token_of(order)}/", "/p/nordwind/"]
    for each in paths:
        other = client.get(each)
        assert (other.status_code, b"<script" in other.content) == (200, False), each
        assert "script-src" not in other["Content-Security-Policy"], each
    script = Path(django_settings.BASE_DIR, "static/js/push.js").read_bytes()
    assert len(script) <= 2048


def test_the_service_worker_is_at_the_root_of_the_portal_and_may_do_nothing(
    order: Order, client: Client
) -> None:
    answer = client.get("/p/nordwind/notify.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert set(answer["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "img-src 'self'"}
    assert b"fetch" not in answer.content
    assert [str(each.pattern) for each in urlpatterns if str(each.pattern).endswith(".js")] == ["notify.js"]


@pytest.mark.parametrize("scene", ["in_transit", "delivered", "cancelled_order"])
def test_it_is_not_offered_where_it_is_off_or_nothing_is_left_to_tell(
    merchant: Merchant, client: Client, scene: str
) -> None:
    order = SCENES[scene](merchant, "en")
    if scene != "in_transit":
        commands.switch_on(merchant)
    assert LINK not in client.get(path(order, "")).content.decode()
    if scene == "in_transit":
        assert client.get(path(order)).status_code == client.post(path(order)).status_code == 404
        assert client.get("/p/nordwind/notify.js").status_code == 404
