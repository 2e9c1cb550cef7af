"""Who may open what: every address of the dashboard, for everybody who could ask."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dashboard import urls
from dashboard.account.urls import before_signing_in, own
from merchants import commands
from merchants.models import Merchant, Role
from merchants.permissions import Permission
from merchants.scope import merchant_scope, platform_scope
from tests.dashboard import scene
from tests.dashboard.scene import Scene

Desk = Callable[..., Client]
Alone = Callable[..., AbstractContextManager[None]]


def _merchant_patterns(entries: list[Any] = urls.urlpatterns, inside: bool = False) -> Iterator[URLPattern]:
    for entry in entries:
        if isinstance(entry, URLResolver) and str(entry.pattern) == "settings/":
            continue  # tests/dashboard/test_settings_access.py
        if isinstance(entry, URLResolver):
            yield from _merchant_patterns(entry.url_patterns, inside or "slug" in str(entry.pattern))
        elif inside:
            yield entry


ROUTES = {pattern.name: pattern for pattern in _merchant_patterns()}
POSTS_ONLY = {
    "retry_message", "retry_fact", "retry_facts", "retry_item", "retry_items", "bulk", "tag_order", "note_order",
    "refresh_shipment", "answer_case", "close_case", "reopen_case", "assign_case", "change_watch", "note_watch",
    "choose_carrier", "detect_carrier", "campaign_move", "act_on_withdrawal", "act_on_return",
    "approve_returns", "decide_claim", "act_on_refund", "protect_order", "exempt_order",
}  # fmt: skip
ASKS_FIRST = {
    "cancel_order",
    "renew_link",
    "segment_new",
    "segment_edit",
    "segment_delete",
    "campaign_new",
    "campaign_edit",
}
ACTING = POSTS_ONLY | ASKS_FIRST
EXPORTS = {"export_chosen", "segment_export", "withdrawal_proof"}  # who may take data out
FILES = {"withdrawal_proof"}  # such data, as the answer to a GET
OWN = {"save_tab"}  # everybody's own: a POST that only needs to read
READING = set(ROUTES) - ACTING - EXPORTS - OWN


def path_of(name: str, ids: dict[str, str]) -> str:
    """The address of a route with a scene's ids."""
    if name == "reopen_case":
        ids = {**ids, "case_id": ids["closed_case_id"]}
    wanted = ["slug", *ROUTES[name].pattern.converters]
    return reverse(f"dashboard:{name}", kwargs={key: ids[key] for key in wanted})


def call(client: Client, name: str, path: str) -> Any:
    """The request that does the route's work."""
    return client.get(path) if name in READING | FILES else client.post(path, body_of(name))


def body_of(name: str, ids: dict[str, str] | None = None) -> dict[str, Any]:
    """What is sent with a route's POST: about a scene's rows, if its ids are given."""
    key = {name: value.split("_", 1)[-1] for name, value in (ids or {}).items()}
    chosen = {"o": key.get("order_id", ""), "query": "tab=all", "all": "" if ids else "1"}
    return {
        "bulk": {**chosen, "action": "add_tag", "tag": "urgent", "keys": key.get("order_id", "")},
        "export_chosen": chosen,
        "tag_order": {"add": "urgent"},
        "note_order": {"text": "Called her."},
        "note_watch": {"note": "Called her."},
        "change_watch": {"action": "dismiss", "dismissal": "solved", "keys": key.get("watch_id", "")},
        "choose_carrier": {"carrier": "gls"},
        "approve_returns": {"chosen": (ids or {}).get("return_id", "")},
        "act_on_return": {"do": "note", "text": "Called her."},
        "act_on_refund": {"do": "fail", "failure": "The card is gone."},
        "act_on_withdrawal": {"do": "aside", "reason": "She meant another shop."},
        "protect_order": {"premium": "1.90"},
        "decide_claim": {"do": "decline", "exclusion": "other"},
        "answer_case": {"text": "A new one is on its way."},
        "campaign_new": {"name": "Autumn", "segment": "new", "per_minute": "600"},
        "campaign_edit": {"name": "Winter", "segment": "new", "per_minute": "600"},
        "segment_new": {"name": "VIPs", "kind": "orders.at_least", "value": "1"},
        "segment_edit": {"name": "VIPs", "kind": "orders.at_least", "value": "2"},
        "save_tab": {"list": "orders", "name": "Mine", "query": "q=anna"},
    }.get(name, {})


def everything() -> dict[str, Any]:
    """All rows of all tables that a person at the dashboard could change."""
    tables = (
        "orders_order", "notifications_message", "events_parkedfact", "orders_inboxitem", "events_incoming",
        "merchants_membership", "tracking_shipment", "orders_ordernote", "dashboard_bulkjob", "dashboard_savedtab",
        "cases_case", "cases_caseentry", "returns_return", "returns_returnentry",
        "withdrawal_withdrawal", "claims_claim", "segments_segment",
        "campaigns_campaign",
        "tracking_watchitem", "money_refund", "claims_cover", "withdrawal_lineexemption",
    )  # fmt: skip
    with platform_scope("a test compares all rows"), connection.cursor() as cursor:
        rows = {}
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            rows[table] = cursor.fetchall()
        return rows


def test_the_dashboard_has_the_routes_that_these_tests_think_of() -> None:
    assert {"orders", "order", "messages", "message", "message_preview", "parked"} | ACTING <= set(ROUTES)
    for name, pattern in ROUTES.items():
        guarded = pattern.callback
        while not hasattr(guarded, "needs"):  # every view of a merchant is behind `merchant_view`
            guarded = guarded.__wrapped__
        assert (guarded.needs is not Permission.READ) is (name in ACTING | EXPORTS), name


def test_nobody_gets_no_further_than_the_sign_in_page(shop: Scene, alone: Alone) -> None:
    for name in ROUTES:
        with alone(name):
            before = everything()
            answer = call(Client(), name, path_of(name, shop.ids))
            assert answer.status_code == 302
            assert answer["Location"].startswith("/app/sign-in/?next=/app/")
            assert everything() == before


def test_a_fragment_for_nobody_sends_the_whole_page_to_sign_in(shop: Scene, alone: Alone) -> None:
    for name in ROUTES:
        with alone(name):
            answer = Client().get(path_of(name, shop.ids), headers={"HX-Request": "true"})
            assert answer.status_code in (200, 405)
            if answer.status_code == 200:
                assert answer["HX-Redirect"] == "/app/sign-in/"
                assert answer.content == b""


def test_another_shops_team_gets_the_same_404_as_for_a_shop_that_does_not_exist(
    shop: Scene, stranger: Merchant, desk: Desk, alone: Alone
) -> None:
    client = desk(stranger)
    for name in ROUTES:
        with alone(name):
            before = everything()
            forbidden = call(client, name, path_of(name, shop.ids))
            absent = call(client, name, path_of(name, {**shop.ids, "slug": "nosuchshop"}))
            assert forbidden.status_code == absent.status_code == 404
            assert without_token(forbidden) == without_token(absent)
            assert "Nordwind" not in forbidden.content.decode()
            assert everything() == before


def test_another_shops_ids_in_an_own_address_are_a_404_and_change_nothing(
    shop: Scene, stranger: Merchant, desk: Desk, alone: Alone
) -> None:
    client = desk(stranger)
    scene.build(stranger)
    for name in [n for n in ROUTES if ROUTES[n].pattern.converters]:
        with alone(name):
            before = everything()
            answer = call(client, name, path_of(name, {**shop.ids, "slug": stranger.slug}))
            made_up = {key: value[:-4] + "0000" for key, value in shop.ids.items()}
            absent = call(client, name, path_of(name, {**made_up, "slug": stranger.slug}))
            assert answer.status_code == absent.status_code == 404
            assert without_token(answer) == without_token(absent)
            assert everything() == before


def test_another_shops_ids_in_query_and_body_are_not_looked_at(
    shop: Scene, stranger: Merchant, desk: Desk
) -> None:
    client = desk(stranger)
    own = scene.build(stranger)
    given = {
        **shop.ids, "merchant": shop.merchant.slug, "merchant_id": str(shop.merchant.id), "q": shop.order.email,
    }  # fmt: skip
    for name in ("overview", "orders", "shipments", "customers", "search", "messages", "parked"):
        page = client.get(path_of(name, own.ids), given)
        assert page.status_code == 200
        # What was searched for is shown again; nothing else of the other shop may be.
        assert shop.order.number not in page.content.decode()
        assert shop.ids["order_id"] not in page.content.decode()
    client.post(path_of("retry_facts", own.ids), given)
    client.post(path_of("cancel_order", own.ids), given)
    with platform_scope("a test looks at another shop's rows"):
        assert type(shop.order).objects.get(pk=shop.order.pk).status == "placed"
        assert type(shop.parked).objects.get(pk=shop.parked.pk).due_at == shop.parked.due_at


@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_read(role: str, shop: Scene, desk: Desk, alone: Alone) -> None:
    client = desk(shop.merchant, role)
    for name in sorted(READING):
        with alone(name):
            answer = client.get(path_of(name, shop.ids))
            assert answer.status_code == 200
            assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("role", ["owner", "manager", "support"])
def test_roles_that_act_may(role: str, shop: Scene, desk: Desk, alone: Alone) -> None:
    client = desk(shop.merchant, role)
    with merchant_scope(shop.merchant):
        line = shop.order.lines.get().pk
    for name in sorted(ACTING):
        with alone(name):
            before = everything()
            body = body_of(name, shop.ids) | {"confirmed": "1", f"exemption-{line}": "sealed_hygiene"}
            answer = client.post(path_of(name, shop.ids), body)
            assert answer.status_code == 302
            assert everything() != before


@pytest.mark.parametrize("role", Role.values)
def test_only_who_may_move_data_takes_orders_out(role: str, shop: Scene, desk: Desk) -> None:
    answer = desk(shop.merchant, role).post(path_of("export_chosen", shop.ids), {"all": "1"})
    assert answer.status_code == (200 if role in ("owner", "manager") else 403)
    assert (shop.order.email in answer.content.decode()) is (role in ("owner", "manager"))


def test_another_shops_orders_are_neither_worked_on_nor_taken_out(
    shop: Scene, stranger: Merchant, desk: Desk
) -> None:
    client = desk(stranger)
    own = scene.build(stranger)
    before = everything()
    body = body_of("bulk", shop.ids) | {"confirmed": "1"}
    assert client.post(path_of("bulk", own.ids), body).status_code == 302
    assert everything() == before
    exported = client.post(path_of("export_chosen", own.ids), body_of("export_chosen", shop.ids))
    assert shop.order.email not in exported.content.decode()


@pytest.mark.parametrize("role", ["analyst", "warehouse"])
def test_roles_that_read_may_not_act_and_nothing_changes(
    role: str, shop: Scene, desk: Desk, alone: Alone
) -> None:
    client = desk(shop.merchant, role)
    for name in sorted(ACTING):
        with alone(name):
            before = everything()
            assert call(client, name, path_of(name, shop.ids)).status_code == 403
            assert everything() == before


@pytest.mark.parametrize("role", ["analyst", "warehouse"])
def test_roles_that_read_see_no_button_that_acts(role: str, shop: Scene, desk: Desk) -> None:
    client = desk(shop.merchant, role)
    acting = [path_of(name, shop.ids) for name in ACTING]
    for name in ("orders", "order", "shipment", "message", "parked", "cases", "case", "claim", "withdrawal"):
        page = client.get(path_of(name, shop.ids)).content.decode()
        assert [path for path in acting if path in page] == []


def test_an_action_without_a_csrf_token_is_refused(shop: Scene, desk: Desk, alone: Alone) -> None:
    client = desk(shop.merchant)
    client.handler.enforce_csrf_checks = True
    for name in sorted(ACTING):
        with alone(name):
            before = everything()
            assert client.post(path_of(name, shop.ids)).status_code == 403
            assert everything() == before


def test_looking_at_an_action_does_not_do_it(shop: Scene, owner: Client, alone: Alone) -> None:
    for name in sorted(ACTING):
        with alone(name):
            before = everything()
            assert owner.get(path_of(name, shop.ids)).status_code == (200 if name in ASKS_FIRST else 405)
            assert everything() == before


@pytest.mark.parametrize(
    "bad", ["ord_", "x", "ord_" + "z" * 26, "msg_" + "0" * 26, "ord_%00", "ord_" + "0" * 25]
)
def test_an_id_that_is_none_is_a_404(bad: str, merchant: Merchant, owner: Client) -> None:
    assert owner.get(f"/app/nordwind/orders/{bad}/").status_code == 404
    assert owner.get(f"/app/nordwind/messages/{bad}/").status_code == 404
    assert owner.post(f"/app/nordwind/parked/facts/{bad}/retry/").status_code == 404


def test_a_person_who_left_the_team_is_out_at_once(shop: Scene, owner: Client) -> None:
    assert owner.get(path_of("orders", shop.ids)).status_code == 200
    shop.merchant.memberships.all().delete()
    assert owner.get(path_of("orders", shop.ids)).status_code == 404


def test_home_leads_to_the_only_shop(merchant: Merchant, owner: Client) -> None:
    assert owner.get("/app/")["Location"] == "/app/nordwind/"


def test_home_lets_choose_between_several_shops(
    merchant: Merchant, stranger: Merchant, owner: Client, desk: Desk
) -> None:
    commands.add_member(stranger, email="owner@nordwind.test")
    page = owner.get("/app/").content.decode()
    assert 'href="/app/nordwind/"' in page
    assert 'href="/app/sudwind/"' in page
    assert "Südwind" in owner.get("/app/nordwind/orders/").content.decode()  # the switch in the corner


def test_home_tells_a_person_without_a_shop_what_to_do(merchant: Merchant, owner: Client) -> None:
    merchant.memberships.all().delete()
    page = owner.get("/app/")
    assert page.status_code == 200
    assert "No shop yet" in page.content.decode()


def test_every_address_of_the_dashboard_is_tested_or_open_to_all() -> None:
    resolver = next(e for e in get_resolver().url_patterns if getattr(e, "namespace", "") == "dashboard")
    names = {entry.name for entry in resolver.url_patterns if isinstance(entry, URLPattern)}
    account = {entry.name for entry in (*before_signing_in, *own)}  # tests/dashboard/test_account.py
    assert names == {"home", "sign_in", "sign_out", "set_language", "first_run"} | account


def without_token(answer: Any) -> str:
    """A page without its CSRF token, which is different every time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
