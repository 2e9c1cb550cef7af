"""The settings' pages in a real browser: usable by everybody, on a phone too, and live where that helps."""

from typing import Any

import pytest
from playwright.sync_api import expect

from dashboard.settings_pages import ENTRIES
from merchants.models import Merchant
from notifications.models import SuppressionReason
from notifications.suppressions import suppress
from tests.browser.conftest import Browse
from tests.browser.test_dashboard_pages import Axe, judge, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MINE = (
    "setup",
    "brand",
    "domains",
    "legal",
    "delivery",
    "self_service",
    "messages",
    "messages/shipment_exception",
    "message_rules",
    "sender",
    "suppressions",
    "care",
    "carriers",
    "trial",
    "keys",
    "reasons",
    "withdrawal_rules",
    "protection",
    "branches",
    "labels",
    "labels/dhl_returns",
    "labels/shippo",
    "stock",
)


def test_the_list_of_settings_is_usable(
    merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    cookies = signed_in(merchant, live_server.url)
    judge(browse(f"{live_server.url}/app/nordwind/settings/", cookies=cookies), "settings", axe)


@pytest.mark.parametrize("key", MINE)
def test_a_page_of_the_settings_is_usable_quiet_and_small(
    key: str, merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    assert key.split("/")[0] in {entry.key for entry in ENTRIES}
    suppress(
        merchant,
        "email",
        "anna.a.very.long.name.of.a.person@example.com",
        SuppressionReason.BOUNCED,
        "550 5.1.1 gone",
    )
    cookies = signed_in(merchant, live_server.url)
    visit = browse(f"{live_server.url}/app/nordwind/settings/{key}/", cookies=cookies)
    judge(visit, f"settings-{key.replace('/', '-')}", axe)


def test_the_preview_follows_the_colour_that_is_typed(
    merchant: Merchant, live_server: Any, browse: Browse
) -> None:
    cookies = signed_in(merchant, live_server.url)
    visit = browse(f"{live_server.url}/app/nordwind/settings/brand/", cookies=cookies)
    before = visit.page.locator("iframe").first.get_attribute("src")
    visit.page.get_by_label("Brand colour").fill("#ffe14d")
    expect(visit.page.locator("iframe").first).not_to_have_attribute("src", before or "")
    expect(visit.page.locator("#look")).to_contain_text("1.2")  # its contrast on the page's ground
    frame = visit.page.frame_locator("iframe").first
    expect(frame.locator("body")).to_contain_text("#1042")
    style = frame.locator("html").evaluate("e => getComputedStyle(e).getPropertyValue('--brand')")
    assert style == "#ffe14d"
    assert visit.messages == []
    merchant.refresh_from_db()
    assert merchant.brand_color == "#0b6b53"
