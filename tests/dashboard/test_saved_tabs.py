"""Saved tabs: a person keeps a filter under a name, for the team or alone."""

from collections.abc import Callable

import pytest
from django.test import Client

from dashboard import saved_tabs
from dashboard.models import SavedTab
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories

Desk = Callable[..., Client]
SAVE = "/app/nordwind/tabs/"
LIST = "/app/nordwind/orders/"


def saved(merchant: Merchant) -> list[SavedTab]:
    with merchant_scope(merchant):
        return list(SavedTab.objects.order_by("created_at"))


def save(client: Client, **fields: str) -> str:
    values = {"list": "orders", "name": "Swiss", "query": "tab=ship&country=CH&cursor=x&evil=1", **fields}
    return client.post(SAVE, values, follow=True).content.decode()


def test_a_filter_is_kept_under_its_name_and_opens_again(merchant: Merchant, owner: Client) -> None:
    factories.order(merchant)
    page = save(owner, shared="1")
    (tab,) = saved(merchant)
    assert (tab.name, tab.query, tab.owner_id) == ("Swiss", "tab=ship&country=CH", None)
    assert "The tab “Swiss” is saved." in page
    assert 'aria-current="page">Swiss</a>' in page
    again = owner.get(LIST).content.decode()
    assert f"?tab=ship&amp;country=CH&amp;view={public_id('tab', tab.id)}" in again


def test_a_tab_of_ones_own_is_nobody_elses(merchant: Merchant, owner: Client, desk: Desk) -> None:
    factories.order(merchant)
    save(owner, name="Mine")
    (tab,) = saved(merchant)
    colleague = desk(merchant, "manager")
    assert tab.owner_id is not None
    assert "Mine" not in colleague.get(LIST).content.decode()
    assert colleague.get(f"{SAVE}{public_id('tab', tab.id)}/").status_code == 404
    assert colleague.post(f"{SAVE}{public_id('tab', tab.id)}/", {"delete": "1"}).status_code == 404
    assert saved(merchant) != []


def test_a_tab_is_renamed_shared_and_deleted(merchant: Merchant, owner: Client) -> None:
    save(owner)
    path = f"{SAVE}{public_id('tab', saved(merchant)[0].id)}/"
    assert owner.post(path, {"name": "CH", "shared": "1"}).status_code == 302
    assert [(tab.name, tab.owner_id) for tab in saved(merchant)] == [("CH", None)]
    assert owner.post(path, {"delete": "1"}).status_code == 302
    assert saved(merchant) == []


def test_a_name_that_is_none_keeps_what_was_typed(merchant: Merchant, owner: Client) -> None:
    save(owner)
    answer = owner.post(f"{SAVE}{public_id('tab', saved(merchant)[0].id)}/", {"name": "x" * 41})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "x" * 41 in page
    assert 'aria-invalid="true"' in page
    assert saved(merchant)[0].name == "Swiss"


@pytest.mark.parametrize("fields", [{"name": " "}, {"name": "x" * 41}, {"query": ""}, {"query": "evil=1"}])
def test_what_cannot_be_saved_is_not(fields: dict[str, str], merchant: Merchant, owner: Client) -> None:
    assert 'class="notice is-bad"' in save(owner, **fields)
    assert saved(merchant) == []


def test_there_are_twenty_tabs_at_most(merchant: Merchant, owner: Client) -> None:
    for number in range(saved_tabs.MOST + 1):
        page = save(owner, name=f"T{number}")
    assert "20 tabs already" in page
    assert len(saved(merchant)) == saved_tabs.MOST


@pytest.mark.parametrize("role", ["analyst", "warehouse"])
def test_who_only_reads_keeps_tabs_for_themselves_and_changes_no_shared_one(
    role: str, merchant: Merchant, owner: Client, desk: Desk
) -> None:
    save(owner, name="Team", shared="1")
    reader = desk(merchant, role)
    save(reader, name="Own", shared="1")
    team, own = saved(merchant)
    assert own.owner_id is not None
    path = f"{SAVE}{public_id('tab', team.id)}/"
    assert reader.get(path).status_code == 200
    assert reader.post(path, {"delete": "1"}).status_code == 403
    assert len(saved(merchant)) == 2


def test_a_tab_that_was_deleted_leaves_a_working_address(merchant: Merchant, owner: Client) -> None:
    factories.order(merchant)
    assert owner.get(f"{LIST}?view=tab_00000000000000000000000000").status_code == 200
