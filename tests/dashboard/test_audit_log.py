"""The audit log: who changed what, on a page and as CSV. That every view of the dashboard that changes something
writes a line is watched in `conftest.py`, over all of its tests."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from accounts import team
from dashboard import audit_words, urls
from merchants import audit, commands
from merchants.audit import Actor, acting_as, record_change
from merchants.ids import public_id
from merchants.models import ActorKind, AuditEntry, Merchant, Role
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from tests.api_client import ApiClient
from tests.dashboard.conftest import PASSWORD
from tests.dashboard.scene import Scene
from tests.dashboard.test_access import path_of

URL = "/app/nordwind/settings/audit/"
Desk = Callable[..., Client]


def entries(merchant: Merchant) -> list[AuditEntry]:
    with merchant_scope(merchant):
        return list(AuditEntry.objects.order_by("occurred_at", "id"))


def rows(page: Any) -> list[str]:
    return re.findall(r'<span class="strong">([^<]+)</span>', page.content.decode())


# --- Who, what, from what to what ---


def test_a_change_names_the_person_who_made_it(shop: Scene, owner: Client) -> None:
    owner.post(path_of("cancel_order", shop.ids))
    (entry,) = entries(shop.merchant)
    assert (entry.actor_kind, entry.actor) == ("person", "owner@nordwind.test")
    assert (entry.action, entry.subject) == ("order.cancelled", shop.ids["order_id"])
    assert shop.order.number in owner.get(URL).content.decode()


def test_a_change_by_api_names_the_key(merchant: Merchant, api: ApiClient) -> None:
    _row, secret = create_api_key(merchant, name="Backend", scopes=("orders:read",))
    by = entries(merchant)[-1]
    assert (by.actor_kind, by.action) == ("system", "api_key.created")
    assert secret not in str(by.changes)
    key = audit.api_key(_row)
    assert (key.kind, key.name) == (ActorKind.KEY, f"Backend ({_row.prefix}…)")


def test_an_actor_holds_for_its_block_only(merchant: Merchant) -> None:
    with merchant_scope(merchant):
        with acting_as(Actor(ActorKind.PERSON, "1", "clara")):
            record_change("x.one")
        record_change("x.two")
    assert [entry.actor for entry in entries(merchant)] == ["clara", ""]


def test_long_values_are_cut(merchant: Merchant) -> None:
    with merchant_scope(merchant):
        record_change(
            "x.one", label="l" * 300, changes={"text": ["a" * 9000, ["b" * 9000]], "on": [None, True]}
        )
    (entry,) = entries(merchant)
    assert [len(entry.changes["text"][0]), len(entry.changes["text"][1][0])] == [500, 500]
    assert entry.changes["on"] == [None, True]


def test_another_shops_changes_are_not_shown(merchant: Merchant, stranger: Merchant, owner: Client) -> None:
    with merchant_scope(stranger):
        record_change("x.secret", label="Südwind's own")
    assert "own" not in rows(owner.get(URL))
    assert "Südwind" not in owner.get(URL).content.decode()
    assert "Südwind" not in owner.get(f"{URL}export/").content.decode()


# --- The page ---


def many(merchant: Merchant, count: int, **fields: Any) -> None:
    now = timezone.now()
    AuditEntry.objects.bulk_create(
        AuditEntry(merchant=merchant, occurred_at=now - timedelta(minutes=n), actor_kind="system",
                   action=f"x.{n:03}", **fields)
        for n in range(count)
    )  # fmt: skip


def test_a_long_log_is_read_to_its_end_in_stretches_of_fifty(merchant: Merchant, owner: Client) -> None:
    with merchant_scope(merchant):
        many(merchant, 120)
    seen, url = [], URL
    while url:
        with CaptureQueriesContext(connection) as queries:
            page = owner.get(url)
        assert len(queries) <= 8
        seen += rows(page)
        more = re.search(r'class="more" id="more"><a class="btn" href="(\?[^"]+)"', page.content.decode())
        url = URL + more[1].replace("&amp;", "&") if more else ""
    assert seen == [f"x.{n:03}" for n in range(120)]


def test_more_rows_come_as_a_fragment(merchant: Merchant, owner: Client) -> None:
    with merchant_scope(merchant):
        many(merchant, 60)
    page = owner.get(URL, headers={"HX-Request": "true", "HX-Target": "li#more"})
    assert len(rows(page)) == 50
    assert "<html" not in page.content.decode()


def test_filters_narrow_the_log(merchant: Merchant, owner: Client) -> None:
    with merchant_scope(merchant):
        record_change("api_key.created", label="Backend")
        with acting_as(Actor(ActorKind.PERSON, "1", "clara@nordwind.test")):
            record_change("team.removed", label="ben@nordwind.test")
    assert rows(owner.get(URL, {"about": "api_key"})) == ["API key made"]
    assert rows(owner.get(URL, {"by": "person"})) == ["Taken out of the team"]
    assert rows(owner.get(URL, {"q": "CLARA"})) == ["Taken out of the team"]
    assert rows(owner.get(URL, {"q": "back"})) == ["API key made"]
    assert len(rows(owner.get(URL, {"about": "nonsense", "by": "x", "cursor": "nonsense"}))) == 2
    assert "Nothing fits this" in owner.get(URL, {"q": "100%\0"}).content.decode()


def test_hostile_text_stays_text(merchant: Merchant, owner: Client) -> None:
    with merchant_scope(merchant):
        record_change("x.one", label="<script>alert(1)</script>", changes={"<b>": ["<i>", "=cmd()"]})
    page = owner.get(URL).content.decode()
    assert "<script>alert" not in page
    assert "<i>" not in page
    lines = list(csv.reader(io.StringIO(owner.get(f"{URL}export/").content.decode())))
    assert lines[0][:3] == ["occurred_at", "actor_kind", "actor"]
    assert lines[1][-1] == "'=cmd()"  # no formula for a spreadsheet


def test_every_action_that_code_records_has_words() -> None:
    """Found in the source: an action without words shows as its code, which people do not read."""
    found: set[str] = set()
    for app in settings.INSTALLED_APPS:
        for file in (settings.BASE_DIR / app).rglob("*.py"):
            found |= set(
                re.findall(r'(?:record_change|note_in_teams)\(\s*(?:user, )?"([a-z_.]+)"', file.read_text())
            )
    assert {"team.invited", "parked.retried", "account.passkey_added"} <= found
    assert [action for action in found if audit_words.what(action) == action] == []


# --- Every view that changes something ---


@dataclass(frozen=True)
class Change:
    """A POST that changes something: its body, and what has to stand in the log afterwards."""

    action: str
    body: dict[str, str] = field(default_factory=dict)


CHANGES = {
    "cancel_order": Change("order.cancelled"),
    "renew_link": Change("order.link_renewed"),
    "retry_message": Change("message.retried"),
    "retry_fact": Change("parked.retried"),
    "retry_facts": Change("parked.retried"),
    "retry_item": Change("parked.retried"),
    "retry_items": Change("parked.retried"),
    "team_invite": Change("team.invited", {"email": "eva@nordwind.test", "role": "support"}),
    "team_resend": Change("team.invitation_resent"),
    "team_revoke": Change("team.invitation_revoked"),
    "team_role": Change("team.role_changed", {"role": "analyst"}),
    "team_remove": Change("team.removed"),
    "team_two_factor": Change("team.two_factor_required", {"required": "1"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_action_leaves_its_line_with_the_person(name: str, shop: Scene, desk: Desk) -> None:
    client = desk(shop.merchant)
    session = client.session
    session["second_factor"] = True
    session.save()
    ben = commands.add_member(shop.merchant, email="ben@nordwind.test", password=PASSWORD, role=Role.SUPPORT)
    with merchant_scope(shop.merchant):
        asked = team.invite(shop.merchant, email="dora@nordwind.test", role=Role.ANALYST, by=ben.user)
    ids = {**shop.ids, "member_id": str(ben.pk), "invitation_id": public_id("inv", asked.pk)}
    pattern = next(entry for entry in _patterns() if entry.name == name)
    path = reverse(
        f"dashboard:{name}", kwargs={key: ids[key] for key in ["slug", *pattern.pattern.converters]}
    )
    before = len(entries(shop.merchant))
    assert client.post(path, CHANGES[name].body).status_code == 302
    new = entries(shop.merchant)[before:]
    assert [(entry.action, entry.actor) for entry in new] == [(CHANGES[name].action, "owner@nordwind.test")]


def _patterns(entries_: list[Any] = urls.urlpatterns, inside: bool = False) -> Iterator[URLPattern]:
    for entry in entries_:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry.url_patterns, inside or "slug" in str(entry.pattern))
        elif inside:
            yield entry
