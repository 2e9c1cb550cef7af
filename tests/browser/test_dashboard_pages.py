"""The dashboard in a real browser: usable by everybody, small, quiet, and whole without JavaScript (UX §6)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from merchants import commands
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from notifications.rendering import builtin, render, sample_context
from tests.browser.conftest import Browse, Visit
from tests.dashboard import scene
from tests.dashboard.test_access import path_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Axe = Callable[..., list[str]]
LOOKS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]
PASSWORD = "lighthouse-9-keeper"


@pytest.fixture
def shop(merchant: Merchant) -> scene.Scene:
    """Nordwind with sixty orders more than one sees at once, and a real mail."""
    scene.many_orders(merchant, 60)
    shop = scene.build(merchant)
    mail = render(builtin("shipment_shipped", "en", "email"), sample_context("shipment_shipped", "en"))
    # The preview loads nothing from other servers, and the browser would say so.
    html = re.sub(r'src="https?://[^"]+"', 'src="data:,"', mail.html)
    with merchant_scope(merchant):
        Message.objects.filter(pk=shop.sent.pk).update(subject=mail.subject, html=html, text=mail.text)
    return shop


def signed_in(merchant: Merchant, url: str) -> list[dict[str, Any]]:
    """The cookies of somebody of the team with two shops."""
    membership = commands.add_member(merchant, email="clara@nordwind.test", password=PASSWORD)
    client = Client()
    client.force_login(membership.user)
    return [{"name": "session", "value": client.cookies["session"].value, "url": url}]


def of(name: str, query: str = "") -> Callable[[scene.Scene], str]:
    return lambda shop: path_of(name, {**shop.ids, "message_id": sent_id(shop)}) + query


def sent_id(shop: scene.Scene) -> str:
    return scene.public_id("msg", shop.sent.id)


PAGES: dict[str, Callable[[scene.Scene], str]] = {
    "overview": of("overview"),
    "shipments": of("shipments"),
    "watch": of("watch"),
    "watch_item": of("watch_item"),
    "scorecards": of("scorecards"),
    "shipment": of("shipment"),
    "customers": of("customers"),
    "customer": of("customer"),
    "campaigns": of("campaigns"),
    "campaign": of("campaign"),
    "campaign_edit": of("campaign_edit"),
    "segments": of("segments"),
    "segment": of("segment"),
    "segment_edit": of("segment_edit"),
    "search": of("search", "?q=weber"),
    "bulk_job": of("bulk_job"),
    "saved_tab": of("saved_tab"),
    "orders": of("orders"),
    "orders_found": of("orders", "?q=weber&tab=ship&country=DE"),
    "orders_none": of("orders", "?q=zzz"),
    "order": of("order"),
    "cancel": of("cancel_order"),
    "messages": of("messages"),
    "message": of("message"),
    "health": of("message_health"),
    "lift": of("lift"),
    "cases": of("cases", "?tab=all"),
    "case": of("case"),
    "returns": of("returns"),
    "return": of("return"),
    "withdrawals": of("withdrawals", "?tab=all"),
    "withdrawal": of("withdrawal"),
    "claims": of("claims", "?tab=all"),
    "claim": of("claim"),
    "refunds": of("refunds"),
    "refund": of("refund"),
    "failed": lambda shop: path_of("message", shop.ids),
    "parked": of("parked"),
    "inbox": of("parked", "?tab=inbox"),
    "not_found": lambda shop: "/app/nordwind/orders/ord_nothing/",
}


def judge(visit: Visit, name: str, axe: Axe) -> None:
    """Everything that every page has to be."""
    assert visit.messages == ([] if visit.status == 200 else visit.messages[:1])
    assert visit.strangers == []
    assert len(set(visit.requests)) <= 12  # a frame's style sheets come out of the cache
    assert visit.transferred() <= 150_000
    assert visit.elements() <= 1500
    for width, scheme in LOOKS:
        visit.look(width, scheme)
        visit.keep(f"dashboard-{name}-{width}-{scheme}")
        assert axe(visit, colours=scheme == "dark") == [], (width, scheme)
    for width in (320, 390, 820, 1280):
        visit.look(width, "light")
        assert not visit.scrolls_sideways(), width


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_usable_quiet_and_small(
    name: str, shop: scene.Scene, live_server: Any, browse: Browse, axe: Axe
) -> None:
    cookies = signed_in(shop.merchant, live_server.url)
    judge(browse(live_server.url + PAGES[name](shop), cookies=cookies), name, axe)


@pytest.mark.parametrize("path", ["/app/sign-in/", "/app/"])
def test_the_pages_around_it_are_too(
    path: str, merchant: Merchant, stranger: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    cookies = signed_in(merchant, live_server.url)
    commands.add_member(stranger, email="clara@nordwind.test")
    visit = browse(live_server.url + path, cookies=cookies if path == "/app/" else None)
    judge(visit, path.strip("/").replace("/", "-"), axe)


def test_an_empty_shop_is_too(merchant: Merchant, live_server: Any, browse: Browse, axe: Axe) -> None:
    cookies = signed_in(merchant, live_server.url)
    judge(browse(f"{live_server.url}/app/nordwind/orders/", cookies=cookies), "empty", axe)


def test_fifty_more_are_loaded_below_without_leaving_the_page(
    shop: scene.Scene, live_server: Any, browse: Browse
) -> None:
    visit = browse(
        f"{live_server.url}/app/nordwind/orders/", cookies=signed_in(shop.merchant, live_server.url)
    )
    rows = visit.page.locator("table.orders tbody tr:not(.more)")
    assert rows.count() == 50
    visit.page.get_by_role("link", name="Load 50 more").click()
    expect(rows).to_have_count(61)
    assert visit.page.url.endswith("/app/nordwind/orders/")
    assert visit.messages == []


def test_the_list_follows_while_one_types_and_the_address_keeps_it(
    shop: scene.Scene, live_server: Any, browse: Browse
) -> None:
    visit = browse(
        f"{live_server.url}/app/nordwind/orders/", cookies=signed_in(shop.merchant, live_server.url)
    )
    visit.page.locator("#list-q").press_sequentially(shop.order.number)
    expect(visit.page.locator("table.orders tbody tr")).to_have_count(1)
    expect(visit.page.locator("table.orders")).to_contain_text(shop.order.number)
    expect(visit.page).to_have_url(re.compile(r"\?q=%23"))
    visit.page.reload()
    assert visit.page.locator("table.orders tbody tr").count() == 1
    assert visit.page.locator("#list-q").input_value() == shop.order.number
    assert visit.messages == []


@pytest.mark.parametrize("keys", ["/", "Control+k"])
def test_the_search_opens_by_a_key_and_answers_while_one_types(
    keys: str, shop: scene.Scene, live_server: Any, browse: Browse
) -> None:
    visit = browse(
        f"{live_server.url}/app/nordwind/messages/", cookies=signed_in(shop.merchant, live_server.url)
    )
    visit.page.keyboard.press(keys)
    visit.page.keyboard.type(shop.order.number)
    hit = visit.page.locator("#found a").first
    expect(hit).to_contain_text(shop.order.number)
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(re.compile("/orders/ord_"))
    assert visit.messages == []


def test_chosen_rows_bring_up_what_can_be_done(shop: scene.Scene, live_server: Any, browse: Browse) -> None:
    visit = browse(
        f"{live_server.url}/app/nordwind/orders/", cookies=signed_in(shop.merchant, live_server.url)
    )
    bar = visit.page.locator(".bulk")
    expect(bar).to_be_hidden()
    visit.page.get_by_label("Choose all that are shown").check()
    expect(bar).to_be_visible()
    bar.get_by_label("Tag", exact=True).fill("VIP")
    bar.get_by_role("button", name="Go on").click()
    expect(visit.page.locator("h1")).to_contain_text("Tag 50 orders “VIP”")
    assert visit.messages == []


def test_the_link_is_copied(shop: scene.Scene, live_server: Any, browse: Browse) -> None:
    visit = browse(
        live_server.url + path_of("order", shop.ids), cookies=signed_in(shop.merchant, live_server.url)
    )
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.get_by_role("button", name="Copy link").click()
    visit.page.get_by_role("button", name="Copied").wait_for()
    assert "/p/nordwind/t/" in visit.page.evaluate("() => navigator.clipboard.readText()")


def test_the_dashboard_is_whole_without_javascript(
    shop: scene.Scene, live_server: Any, browse: Browse
) -> None:
    commands.add_member(shop.merchant, email="clara@nordwind.test", password=PASSWORD)
    page = browse(f"{live_server.url}/app/nordwind/orders/", javascript=False).page
    page.get_by_label("E-mail address").fill("clara@nordwind.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert page.url == f"{live_server.url}/app/nordwind/orders/"  # where one was going
    page.get_by_role("link", name="Load 50 more").click()
    assert page.locator("table.orders tbody tr").count() == 11
    page.get_by_label("Search everything").fill(shop.order.number)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=shop.order.number).first.click()
    assert page.get_by_role("button", name="Copy link").count() == 0  # it could not work
    page.get_by_role("link", name="Cancel order").click()
    page.get_by_role("button", name="Cancel the order").click()
    assert "is cancelled." in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Account and language").click()
    page.get_by_role("button", name="Deutsch").click()
    assert page.locator("html").get_attribute("lang") == "de"
    page.locator("button[popovertarget=person]").click()
    page.locator("#person form[action='/app/sign-out/'] button").click()
    assert page.url == f"{live_server.url}/app/sign-in/"


def test_hostile_mail_does_nothing_in_the_preview(
    shop: scene.Scene, live_server: Any, browse: Browse
) -> None:
    hostile = (
        "<script>parent.document.title='taken'</script><img src=x onerror=\"parent.document.title='taken'\">"
        "<form action='/app/sign-out/' method=post><button id=b>x</button></form>"
        "<meta http-equiv=refresh content='0;/app/'>"
        "<a id=a target=_top href='/app/'>x</a><p id=p>still here</p>"
    )
    with merchant_scope(shop.merchant):
        Message.objects.filter(pk=shop.sent.pk).update(html=hostile)
    visit = browse(
        live_server.url + PAGES["message"](shop), cookies=signed_in(shop.merchant, live_server.url)
    )
    frame = visit.page.frame_locator("iframe.preview")
    assert frame.locator("#p").inner_text() == "still here"
    frame.locator("#b").click()
    frame.locator("#a").click()
    visit.page.wait_for_timeout(300)
    assert visit.page.url == live_server.url + PAGES["message"](shop)
    assert "taken" not in visit.page.title()
    visit.page.reload()
    assert visit.page.locator("aside").count() == 1  # still signed in
