"""The portal in a real browser: usable by everybody, small, quiet and on its own (UX §6)."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications import planning
from notifications.consent import commands as consent
from notifications.consent import links
from notifications.consent.commands import Said
from notifications.models import Channel
from notifications.touchpoints import TOUCHPOINTS
from returns import commands
from returns.branches import add_branch
from returns.claims import commands as claims
from returns.claims.models import Kind
from returns.claims.pool import cover
from returns.claims.steps import Asked
from returns.requesting import RequestedLine, RequestedReturn
from returns.withdrawal.commands import declare
from returns.withdrawal.models import Source
from returns.withdrawal.receipts import receipt_token
from returns.withdrawal.steps import Declaration
from returns.withdrawal.way_back import open_way
from tests.browser.conftest import Browse
from tests.portal.scenes import SCENES, placed, reported, token_of, two_parcels

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Axe = Callable[..., list[str]]
# Pairs of neighbouring labels whose words touch.
OVERLAPS = """() => [...document.querySelectorAll('.steps li')].map(item => {
    const range = document.createRange(); range.selectNode(item.firstChild);
    return [item.firstChild.data, range.getBoundingClientRect()];
}).filter(([, box]) => box.width).flatMap(([words, box], place, all) =>
    all[place + 1] && box.right > all[place + 1][1].left ? [words] : [])"""
LOOKS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]


def tracking(name: str, locale: str = "en", path: str = "") -> Callable[[Merchant], str]:
    return lambda merchant: f"/p/nordwind/t/{token_of(SCENES[name](merchant, locale))}/{path}"


def case_path(merchant: Merchant, locale: str) -> str:
    order, case = reported(merchant, locale)
    return f"/p/nordwind/o/{token_of(order)}/cases/{public_id('cas', case.id)}/"


def claim_path(merchant: Merchant, *, made: bool) -> str:
    """The form of a claim about a parcel that was delivered today, or the page of one that is parked."""
    order = SCENES["delivered"](merchant, "en")
    cover(merchant, order.pk)
    if not made:
        return f"/p/nordwind/t/{token_of(order)}/1/claim/"
    with merchant_scope(merchant):
        parcel = order.shipments.get()
    claim = claims.claim(merchant, order.pk, parcel.pk, Asked(Kind.STOLEN, text="Nobody has it."))
    return f"/p/nordwind/o/{token_of(order)}/claims/{public_id('clm', claim.pk)}/"


def withdrawn_path(merchant: Merchant) -> str:
    told = Declaration(timezone.now(), Source.FORM, "Anna Weber", "#10421", "anna@example.test", locale="en")
    return f"/p/nordwind/withdraw/receipt/{receipt_token(declare(merchant, told))}/"


def way_back_path(merchant: Merchant, locale: str) -> str:
    """The page on which withdrawn goods are sent back: a way is chosen, and the receipt of posting is shown."""
    order = SCENES["delivered"](merchant, locale)
    withdrawal = declare(merchant, Declaration(timezone.now(), Source.LINK, "Anna Weber", order_id=order.pk))
    add_branch(merchant, "Hafen")
    [ret] = open_way(merchant, withdrawal.pk)
    return f"/p/nordwind/o/{token_of(order)}/returns/{public_id('ret', ret.id)}/"


def return_path(merchant: Merchant, step: str, locale: str = "en") -> str:
    """A step of a return of a sweater and two loafers, or ("status") the page of the return."""
    order = SCENES["delivered"](merchant, locale)
    with merchant_scope(merchant):
        sweater, loafer = (str(pk) for pk in order.lines.order_by("position").values_list("pk", flat=True))
    if step == "status":
        wanted = RequestedReturn(
            (RequestedLine(UUID(sweater), 1, "too_small"),), method="own", note="Runs small."
        )
        ret = commands.approve(merchant, commands.request_return(merchant, order.id, wanted, by="shopper").id)
        return f"/p/nordwind/o/{token_of(order)}/returns/{public_id('ret', ret.id)}/"
    query = {
        "step": step, "item": [sweater, loafer], f"count-{loafer}": "2", f"reason-{sweater}": "damaged",
        f"reason-{loafer}": "changed_mind", f"resolution-{sweater}": "refund", f"resolution-{loafer}": "store_credit",
    }  # fmt: skip
    return f"/p/nordwind/o/{token_of(order)}/return/?{urlencode(query, doseq=True)}"


def from_a_mail(purpose: str, locale: str) -> Callable[[Merchant], str]:
    """A page behind a link in the foot of a mail."""

    def path(merchant: Merchant) -> str:
        with merchant_transaction(merchant):
            message = planning.plan(
                merchant, placed(merchant, locale), TOUCHPOINTS["welcome"], Channel.EMAIL, moment="1"
            )
            planning.store([message])
        return f"/p/nordwind/{links.path(purpose, message.pk)}"

    return path


def asked(merchant: Merchant) -> str:
    """The page that confirms an agreement."""
    said = Said("footer", wording="Yes, send me news and offers.", locale="en")
    entry = consent.request(merchant, "email", "anna@example.test", "offers", said)
    return f"/p/nordwind/{links.path(links.CONFIRM, entry.pk)}"


PAGES: dict[str, Callable[[Merchant], str]] = {
    "lookup": lambda merchant: "/p/nordwind/",
    "new_link": lambda merchant: "/p/nordwind/link/",
    "gone": lambda merchant: "/p/nordwind/t/AAAAAAAAAAAAAAAAAAAAAAAA/",
    "order": lambda merchant: f"/p/nordwind/o/{token_of(two_parcels(merchant, 'en'))}/",
    **{
        name: tracking(name)
        for name in (
            "ordered", "cancelled_order", "in_transit", "delayed", "out_for_delivery", "pickup",
            "delivered_signed", "exception_address", "exception_lost", "returning", "two_parcels",
        )
    },
    "problem": tracking("delivered_neighbour", path="problem/"),
    "problem_form": tracking("delivered", path="problem/damaged/"),
    "not_here_de": tracking("delivered_neighbour", "de", "problem/not-received/"),
    "case": lambda merchant: case_path(merchant, "en"),
    "claim_form": lambda merchant: claim_path(merchant, made=False),
    "claim": lambda merchant: claim_path(merchant, made=True),
    "withdraw": lambda merchant: "/p/nordwind/withdraw/",
    "withdraw_order_de": lambda merchant: f"/p/nordwind/o/{token_of(two_parcels(merchant, 'de'))}/withdraw/",
    "way_back_de": lambda merchant: way_back_path(merchant, "de"),
    "withdrawn": lambda merchant: withdrawn_path(merchant),
    "address_de": lambda merchant: f"/p/nordwind/o/{token_of(placed(merchant, 'de'))}/address/",
    "cancel": lambda merchant: f"/p/nordwind/o/{token_of(placed(merchant, 'en'))}/cancel/",
    "preferences": from_a_mail(links.PREFERENCES, "en"),
    "preferences_de": from_a_mail(links.PREFERENCES, "de"),
    "unsubscribe_de": from_a_mail(links.UNSUBSCRIBE, "de"),
    "confirm": asked,
    "wish": tracking("in_transit", path="1/wish/"),
    "in_transit_de": tracking("in_transit", "de"),
    "pickup_de": tracking("pickup", "de"),
    "return_items": lambda merchant: return_path(merchant, "items"),
    "return_reason": lambda merchant: return_path(merchant, "reason"),
    "return_resolution_de": lambda merchant: return_path(merchant, "resolution", "de"),
    "return_confirm": lambda merchant: return_path(merchant, "confirm"),
    "return_status_de": lambda merchant: return_path(merchant, "status", "de"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_usable_quiet_and_small(
    name: str, merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    visit = browse(live_server.url + PAGES[name](merchant), width=390)
    assert visit.messages == ([] if visit.status == 200 else visit.messages[:1])
    assert visit.strangers == []
    assert len(visit.requests) <= 8
    assert visit.transferred() <= 60_000
    assert visit.elements() <= 600
    for width, scheme in LOOKS:
        visit.look(width, scheme)
        visit.keep(f"portal-{name}-{width}-{scheme}")
        assert axe(visit, colours=scheme == "dark") == [], (width, scheme)
    for width in (320, 390, 820, 1280):
        visit.look(width, "light")
        assert not visit.scrolls_sideways(), width
    visit.page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
    for width in (390, 1280):
        visit.look(width, "light")
        assert not visit.scrolls_sideways(), (width, "twice as large")


def test_page_and_styles_are_small_on_the_wire(merchant: Merchant, client: Client) -> None:
    page = client.get(tracking("in_transit")(merchant)).content
    styles = [
        Path(settings.BASE_DIR, "static/css", name).read_bytes() for name in ("tokens.css", "portal.css")
    ]
    assert sum(len(gzip.compress(part)) for part in (page, *styles)) <= 20_000


def test_labels_of_the_steps_do_not_run_into_each_other(
    merchant: Merchant, live_server: Any, browse: Browse
) -> None:
    for locale in ("en", "de"):
        for name in ("in_transit", "pickup", "no_access", "delivered", "ordered"):
            visit = browse(live_server.url + tracking(name, locale)(merchant))
            for width in (320, 390, 1280):
                visit.look(width, "light")
                assert visit.page.evaluate(OVERLAPS) == [], (locale, name, width)
            visit.over()


def test_an_order_is_found_with_two_fields_and_no_script(
    merchant: Merchant, live_server: Any, browse: Browse
) -> None:
    placed(merchant, "en", email="anna@example.test", number="#AB-1042")
    visit = browse(live_server.url + "/p/nordwind/", width=390, javascript=False)
    page = visit.page
    page.get_by_label("Order number").fill("ab 1042")
    page.get_by_label("E-mail address or postcode").fill("nobody@example.test")
    page.keyboard.press("Enter")
    page.get_by_text("We could not find an order with these details.").wait_for()
    page.get_by_label("E-mail address or postcode").fill("anna@example.test")
    page.get_by_role("button", name="Find my order").click()
    page.get_by_text("Order received").wait_for()
    assert "/t/" in page.url
    page.get_by_role("link", name="The whole order").click()
    page.get_by_text("€351.90").wait_for()
    assert visit.messages == []
    assert page.context.cookies() == []


def test_a_yellow_brand_without_corners_can_be_read(
    merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    Merchant.objects.update(brand_color="#f5d400", corner_radius=0, name="Blumenhaus Sonnenschein & Söhne")
    visit = browse(live_server.url + tracking("pickup")(merchant), width=390)
    for width, scheme in LOOKS:
        visit.look(width, scheme)
        assert axe(visit, colours=scheme == "dark") == [], (width, scheme)
