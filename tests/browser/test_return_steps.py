"""A return on a phone, step by step, in a real browser: what each step weighs (UX §6), and whether all can use it.

`pytest -s tests/browser/test_return_steps.py` prints the figures that docs/benchmarks.md has.
"""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from merchants.models import Merchant
from merchants.scope import merchant_scope
from returns.models import Return
from tests.browser.conftest import Browse, Visit
from tests.portal.scenes import SCENES, token_of
from tests.returns.test_exchanges import sell

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_FILES = "() => performance.getEntriesByType('resource').map(entry => entry.name)"
_SCRIPTS = "() => document.scripts.length"


def choose(page: Page, value: str) -> None:
    page.locator(f'input[value="{value}"]').first.check()


def weigh(visit: Visit, name: str) -> None:
    """One step: its figures, printed and held to the budget."""
    page = visit.page
    html = len(gzip.compress(page.content().encode()))
    files = page.evaluate(_FILES)
    sheets = sum(len(gzip.compress(page.request.get(url).body())) for url in files if ".css" in url)
    requests = 1 + len(files)
    print(  # the figures
        f"{name}: {(html + sheets) / 1000:.1f} KB of HTML and CSS ({html / 1000:.1f} + {sheets / 1000:.1f}), all "
        f"{visit.transferred() / 1000:.1f} KB before compression, {requests} requests, {visit.elements()} elements"
    )
    assert html + sheets <= 20_000
    assert visit.transferred() <= 60_000
    assert requests <= 8
    assert visit.elements() <= 600
    assert page.evaluate(_SCRIPTS) == 0
    assert not visit.scrolls_sideways()


def test_a_return_takes_four_light_steps_that_everybody_can_use(
    merchant: Merchant, live_server: Any, browse: Browse, axe: Callable[[Visit], list[str]]
) -> None:
    sell(merchant)
    order = SCENES["delivered"](merchant, "en")
    visit = browse(f"{live_server.url}/p/nordwind/o/{token_of(order)}/return/", width=390)
    page = visit.page
    answers: list[tuple[str, Callable[[], None]]] = [
        ("1 items", lambda: page.get_by_role("checkbox").first.check()),
        ("2 reason", lambda: choose(page, "changed_mind")),
        ("3 resolution", lambda: choose(page, "refund")),
        ("4 way and confirm", lambda: choose(page, "own")),
    ]
    for name, answer in answers:
        weigh(visit, name)
        assert axe(visit) == [], name
        answer()
        page.get_by_role("main").locator("button").first.click()
        page.wait_for_load_state()
    weigh(visit, "the return's page")
    assert axe(visit) == []
    assert visit.messages == []
    assert visit.strangers == []
    with merchant_scope(merchant):
        assert Return.objects.get().number in page.content()
