"""The editor of a mail's blocks in a real browser: usable, quiet, small, live, and without JavaScript too."""

from typing import Any

import pytest
from playwright.sync_api import expect

from merchants.models import Merchant
from notifications import block_rules, own_blocks, own_words
from notifications.rendering.block_kinds import Block
from tests import factories
from tests.browser.conftest import Browse
from tests.browser.test_dashboard_pages import Axe, judge, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MADE: dict[str, dict[str, str]] = {
    "text": {
        "title": "Dear {{ customer.first_nam }}",
        "text": "One\nTwo",
        "look": "box",
        "only_if": "several",
    },
    "picture": {"source": "https://shop.test/a.png", "alt": "A mug", "link": "https://shop.test/mug"},
    "offer": {"title": "Wax", "price": "€ 9", "label": "See it", "link": "https://shop.test/wax"},
}


def composed(merchant: Merchant) -> None:
    """A mail with a block of every kind that is written, an unknown variable in one, in two versions."""
    words = own_words.built_in("shipment_shipped", "en", "")
    head = {place: words[place] for place in block_rules.HEAD}
    blocks: list[Block] = own_blocks.default("shipment_shipped", "en", "", {})
    own_blocks.save(merchant, "shipment_shipped", "en", "", head, blocks, based_on=0)
    more = [{**own_blocks.blank(kind, f"m{n}"), **said} for n, (kind, said) in enumerate(MADE.items())]
    own_blocks.save(
        merchant, "shipment_shipped", "en", "", head, [*blocks[:-1], *more, blocks[-1]], based_on=1
    )


def test_blocks_are_written_with_a_live_preview(
    merchant: Merchant, live_server: Any, browse: Browse, axe: Axe, drain_all: Any
) -> None:
    composed(merchant)
    factories.shipment(merchant, factories.order(merchant, number="#7"))
    drain_all()
    url = f"{live_server.url}/app/nordwind/settings/messages/shipment_shipped/blocks/?locale=en"
    visit = browse(url, cookies=signed_in(merchant, live_server.url))
    judge(visit, "settings-blocks", axe)
    page = visit.page
    page.get_by_text("Heading: ").first.click()
    page.locator("#b1-text").fill("It rolls, {{ customer.first_name }}")
    expect(page.frame_locator("iframe").first.locator("h1")).to_have_text("It rolls, Anna")
    expect(page.locator("#look")).to_contain_text("Filled with order #7")
    page.locator("#m1-alt").evaluate("field => field.value = ''")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("#m1-alt-error")).to_be_visible()  # its card is open
    assert axe(visit) == []
