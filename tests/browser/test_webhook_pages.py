"""The webhook pages in a real browser: usable by everybody, in both schemes, on a phone and on a desk."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from merchants.models import Merchant
from tests.browser.conftest import Browse
from tests.browser.test_dashboard_pages import judge, signed_in
from tests.webhooks import scene
from tests.webhooks.conftest import allow as allow  # a fixture
from tests.webhooks.conftest import receiver as receiver  # a fixture
from tests.webhooks.conftest import send_all
from tests.webhooks.receiver import Receiver, status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Axe = Callable[..., list[str]]
ROOT = "/app/nordwind/settings/webhooks/"
PAGES = {
    "list": "",
    "new": "new/",
    "endpoint": "{endpoint_id}/",
    "resend": "{endpoint_id}/resend/?start=2026-01-01T00:00&end=2026-12-31T00:00",
    "delivery": "deliveries/{delivery_id}/",
    "deliveries": "deliveries/",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_usable_quiet_and_small(
    name: str, merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    hooks = scene.build(merchant, many=60 if name == "deliveries" else 3)
    cookies = signed_in(merchant, live_server.url)
    url = live_server.url + ROOT + PAGES[name].format(**hooks.ids)
    judge(browse(url, cookies=cookies), f"webhooks-{name}", axe)


def test_a_person_adds_an_endpoint_and_sees_the_answer_to_a_test_event(
    merchant: Merchant, receiver: Receiver, live_server: Any, browse: Browse, axe: Axe
) -> None:
    receiver.answer = status(200, b"well received")
    visit = browse(live_server.url + ROOT, cookies=signed_in(merchant, live_server.url))
    judge(visit, "webhooks-empty", axe)
    page = visit.page
    page.get_by_role("link", name="Add an endpoint").click()
    page.get_by_label("Address", exact=True).fill(receiver.url)
    page.get_by_label("Only these").check()
    page.get_by_label("Parcel delivered").check()
    page.get_by_role("button", name="Add the endpoint").click()
    secret = page.locator(".secret code").inner_text()
    visit.keep("dashboard-webhooks-secret")
    page.get_by_role("button", name="Send a test event").click()
    expect(page.get_by_text("It is on its way")).to_be_visible()
    send_all()
    # The page looks again by itself.
    expect(page.get_by_text("well received")).to_be_visible()
    assert receiver.seen[0].verify(secret)["type"] == "webhook_endpoint.test"
    visit.keep("dashboard-webhooks-tested")
    assert visit.messages == []
