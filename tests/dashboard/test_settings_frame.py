"""The list of the settings' pages, and the frame around each of them."""

from django.test import Client

from dashboard.settings_pages import ENTRIES, GROUPS
from merchants.models import Merchant


def test_every_page_of_the_settings_stands_under_a_heading_and_once() -> None:
    assert {entry.group for entry in ENTRIES} <= set(GROUPS)
    assert len({entry.key for entry in ENTRIES}) == len(ENTRIES)


def test_the_first_page_leads_to_each_of_them(merchant: Merchant, owner: Client) -> None:
    page = owner.get("/app/nordwind/settings/").content.decode()
    for entry in ENTRIES:
        assert f'href="/app/nordwind/settings/{entry.key}/"' in page, entry.key
