"""Notifications in a real browser: asked for after a tap only, shown by the service worker, ended again.

What a push service answers to `subscribe` is made up here, for it would be Google's; from the form on, all is real.
What such a service delivers later is handed to the service worker by the browser's debugger.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.push import commands
from notifications.push.models import PushDevice
from tests.browser.conftest import Browse, Visit
from tests.browser.test_dashboard_pages import judge, signed_in
from tests.notifications.push_service import PushService
from tests.portal.scenes import SCENES, token_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Axe = Callable[..., list[str]]
# The browser's part: it subscribes at a service, and knows afterwards that it did.
SUBSCRIBES = """(() => {
    const told = %s, kept = () => sessionStorage.getItem("subscribed");
    const subscription = { endpoint: told.endpoint, toJSON: () => ({ endpoint: told.endpoint, keys: told }) };
    PushManager.prototype.getSubscription = async () => kept() && subscription;
    PushManager.prototype.subscribe = async (asked) => {
        if (asked.applicationServerKey.length !== 87 || !asked.userVisibleOnly) throw new TypeError();
        sessionStorage.setItem("subscribed", "yes");
        return subscription;
    };
})()"""


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    found = PushService()
    settings.OUTBOUND_ALLOW = [found.host]
    yield found
    found._server.server_close()


def test_one_tap_and_the_phone_is_told(
    merchant: Merchant, live_server: Any, browse: Browse, axe: Axe, service: PushService
) -> None:
    commands.switch_on(merchant)
    token = token_of(SCENES["in_transit"](merchant, "en"))
    given = service.subscribe().subscription
    told = json.dumps({"endpoint": given.endpoint, "p256dh": given.p256dh, "auth": given.auth})
    visit = browse(f"{live_server.url}/p/nordwind/t/{token}/notify/", width=390, first=SUBSCRIBES % told)
    page = visit.page
    button = page.get_by_role("button", name="Tell me on this phone")
    expect(button).to_be_visible()
    assert page.evaluate("() => navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")):
        visit.look(width, scheme)
        visit.keep(f"portal-notify-{width}-{scheme}")
        assert axe(visit, colours=scheme == "dark") == [], (width, scheme)
    page.context.grant_permissions(["notifications"], origin=live_server.url)
    button.click()
    expect(page.get_by_text("This device is told about the order.")).to_be_visible()
    assert axe(visit) == []
    with merchant_scope(merchant):
        assert PushDevice.objects.get().host == "127.0.0.1"
    scopes = page.evaluate(
        "() => navigator.serviceWorker.getRegistrations().then((all) => all.map((one) => one.scope))"
    )
    assert scopes == [f"{live_server.url}/p/nordwind/"]
    assert _shown(
        visit, live_server.url, {"title": "Nordwind: Arriving today", "body": "Soon.", "tag": "1"}
    ) == ["Nordwind: Arriving today"]
    page.get_by_role("button", name="Tell me no more").click()
    expect(button).to_be_visible()
    with merchant_scope(merchant):
        assert not PushDevice.objects.exists()
    assert (visit.messages, visit.strangers) == ([], [])


def _shown(visit: Visit, origin: str, payload: dict[str, str]) -> list[str]:
    """Have the browser deliver a message to the service worker. Returns the titles of what is shown then."""
    page = visit.page
    debugger = page.context.new_cdp_session(page)
    found: list[str] = []
    debugger.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(each["registrationId"] for each in told["registrations"]),
    )
    debugger.send("ServiceWorker.enable")
    page.wait_for_function(
        "() => navigator.serviceWorker.ready.then((one) => one.active?.state === 'activated')"
    )
    debugger.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": origin, "registrationId": found[-1], "data": json.dumps(payload)},
    )
    titles = "(all) => all.map((one) => one.title)"
    asked = f"() => navigator.serviceWorker.ready.then((one) => one.getNotifications()).then({titles})"
    # Asked once and kept: a browser without a screen forgets a moment later what it showed.
    shown = page.wait_for_function(f"() => ({asked})().then((all) => all.length && all)").json_value()
    debugger.detach()
    return shown


@pytest.mark.parametrize("language", ["en", "de"])
def test_without_a_script_the_page_offers_nothing(
    merchant: Merchant, live_server: Any, browse: Browse, language: str
) -> None:
    commands.switch_on(merchant)
    token = token_of(SCENES["in_transit"](merchant, language))
    visit = browse(f"{live_server.url}/p/nordwind/t/{token}/notify/", width=390, javascript=False)
    expect(visit.page.get_by_role("button")).to_have_count(0)
    visit.keep(f"portal-notify-none-{language}")
    assert not visit.scrolls_sideways()


def test_its_page_in_the_settings_is_usable(
    merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    commands.switch_on(merchant)
    cookies = signed_in(merchant, live_server.url)
    judge(browse(f"{live_server.url}/app/nordwind/settings/push/", cookies=cookies), "settings-push", axe)
