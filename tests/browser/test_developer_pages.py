"""The pages for developers in a real browser: the reference draws itself, from nowhere else and without complaint."""

from collections.abc import Callable
from typing import Any

import pytest

from merchants.models import Merchant
from tests.browser.conftest import Browse, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_reference_is_drawn_from_our_own_files_under_its_own_policy(
    browse: Browse, live_server: Any, scheme: str
) -> None:
    visit = browse(f"{live_server.url}/developers/api/", scheme=scheme)
    visit.page.get_by_role("heading", name="List orders, newest first").wait_for(timeout=30_000)
    visit.keep(f"developers-api-{scheme}")
    assert visit.status == 200
    assert visit.strangers == []
    assert visit.messages == ["@scalar/api-reference@1.72.1"]  # it says its name, and complains of nothing


@pytest.mark.parametrize(
    "path", ["/developers/", "/developers/quick-start", "/developers/sandbox", "/developers/errors"]
)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_guides_and_the_errors_can_be_used_by_everybody(
    browse: Browse, axe: Callable[[Visit], list[str]], live_server: Any, path: str, width: int, scheme: str
) -> None:
    visit = browse(live_server.url + path, width=width, scheme=scheme)
    visit.keep(f"developers-{path.strip('/').split('/')[-1]}-{width}-{scheme}")
    assert (visit.status, visit.strangers, visit.messages) == (200, [], [])
    assert axe(visit) == []
    visit.look(320, scheme)
    assert not visit.scrolls_sideways()


def test_without_scripts_the_reference_says_where_to_read(
    browse: Browse, live_server: Any, transactional_db: None
) -> None:
    visit = browse(f"{live_server.url}/developers/api/", javascript=False)
    assert visit.page.get_by_role("link", name="the description itself").is_visible()
    assert Merchant.objects.count() == 0


def test_tabs_of_an_example_change_without_a_script_and_by_keyboard(browse: Browse, live_server: Any) -> None:
    visit = browse(f"{live_server.url}/developers/quick-start", javascript=False)
    example = visit.page.locator(".example").first
    assert "curl -sS" in example.inner_text()
    example.get_by_text("Python", exact=True).click()
    assert "import requests" in example.inner_text()
    assert "curl -sS" not in example.inner_text()
    visit.page.keyboard.press("ArrowRight")
    assert "await fetch" in example.inner_text()
