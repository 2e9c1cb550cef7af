"""The portal in a real browser: usable by everybody, small, quiet and on its own (UX §6)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache  # noqa: F401

from merchants.models import Merchant
from tests.browser.conftest import Browse, Visit
from tests.portal.scenes import SCENES, token_of, two_parcels

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Axe = Callable[[Visit], list[str]]
LOOKS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]


def tracking(name: str, locale: str = "en") -> Callable[[Merchant], str]:
    return lambda merchant: f"/p/nordwind/t/{token_of(SCENES[name](merchant, locale))}/"


PAGES: dict[str, Callable[[Merchant], str]] = {
    "lookup": lambda merchant: "/p/nordwind/",
    "new_link": lambda merchant: "/p/nordwind/link/",
    "gone": lambda merchant: "/p/nordwind/t/AAAAAAAAAAAAAAAAAAAAAAAA/",
    "order": lambda merchant: f"/p/nordwind/o/{token_of(two_parcels(merchant, 'en'))}/",
    **{
        name: tracking(name)
        for name in (
            "ordered", "cancelled_order", "packed", "in_transit", "delayed", "overdue", "out_for_delivery", "pickup",
            "delivered_signed", "exception_address", "exception_lost", "returning", "two_parcels",
        )
    },
    "in_transit_de": tracking("in_transit", "de"),
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
        assert axe(visit) == [], (width, scheme)
    for width in (320, 390, 820, 1280):
        visit.look(width, "light")
        assert not visit.scrolls_sideways(), width
