"""Whoever types gets the answer to what stands there in the end: before scripts listen, and faster than the server."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from merchants.models import Merchant
from orders.models import Order
from tests import factories
from tests.browser.conftest import Browse, Visit
from tests.browser.test_dashboard_pages import signed_in
from tests.dashboard import scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Where one types, and what then shows the order: the search of every page, and the filter of a list.
BOXES = {"everything": ("#search", "#found"), "list": ("#list-q", "#results")}
# htmx begins to listen in a timer of no length. These wait until the test lets them go.
HOLD_TIMERS = """
    const real = window.setTimeout, held = [];
    window.setTimeout = (run, after, ...rest) => after ? real(run, after, ...rest) : held.push(() => run(...rest));
    window.letGo = () => { for (const run of held.splice(0)) run(); };
"""


@pytest.fixture
def shop(merchant: Merchant) -> scene.Scene:
    """Nordwind with the order whose number is typed."""
    return scene.build(merchant)


@pytest.fixture
def other(merchant: Merchant) -> Order:
    """An order whose number begins like the one that is typed."""
    return factories.order(merchant)


@pytest.fixture
def orders_page(shop: scene.Scene, live_server: Any, browse: Browse) -> Callable[..., Visit]:
    cookies = signed_in(shop.merchant, live_server.url)
    return lambda **how: browse(f"{live_server.url}/app/nordwind/orders/", cookies=cookies, **how)


@pytest.mark.parametrize("where", BOXES)
def test_what_was_typed_before_the_scripts_listened_is_asked_for(
    where: str, shop: scene.Scene, other: Order, orders_page: Callable[..., Visit]
) -> None:
    box, shown = BOXES[where]
    visit = orders_page(first=HOLD_TIMERS)
    page, before = visit.page, len(visit.requests)
    page.locator(box).press_sequentially(shop.order.number)
    page.wait_for_timeout(500)  # longer than any delay after which a page asks
    assert visit.requests[before:] == []
    page.evaluate("letGo()")
    expect(page.locator(shown)).to_contain_text(shop.order.number)
    expect(page.locator(shown)).not_to_contain_text(other.number)
    assert visit.messages == []


@pytest.mark.parametrize("where", BOXES)
def test_a_slow_answer_to_half_a_word_does_not_keep_the_whole_one_from_being_asked(
    where: str, shop: scene.Scene, other: Order, orders_page: Callable[..., Visit]
) -> None:
    box, shown = BOXES[where]
    visit = orders_page()
    page = visit.page
    waiting: list[Route] = []
    page.route("**/*q=*", lambda route: waiting.append(route))  # playwright marks what it is given
    number = shop.order.number
    for count, part in enumerate((number[:2], number[2:4], number[4:]), start=1):
        page.locator(box).press_sequentially(part)
        until = time.monotonic() + 15
        while len(waiting) < count and time.monotonic() < until:
            page.wait_for_timeout(20)
        assert len(waiting) == count, "what was typed while an answer was awaited is not asked for"
    waiting[-1].continue_()
    expect(page.locator(shown)).not_to_contain_text(other.number)
    expect(page.locator(shown)).to_contain_text(number)
    assert visit.messages == []
