"""Nobody reads or changes what is another's: every address and method, for everybody who could ask (issue 3, R19).

Addresses come from Django's resolver. A new one has to be written into `listed.txt`: whoever adds it has thought
about who may enter. Everything else here finds it by itself.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from merchants import commands
from merchants.models import Merchant, Role
from merchants.permissions import MATRIX
from orders.links import link_token
from tests import factories
from tests.isolation import routes, world
from tests.isolation.world import World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PAGE_METHODS = ("GET", "POST", "DELETE")
# They end the session that asks.
_ENDS_SESSION = ("app/sign-out/",)


@pytest.fixture(autouse=True)
def _imports_folder(settings: Any, tmp_path: Any) -> None:
    settings.IMPORTS_FOLDER = tmp_path / "imports"


@pytest.fixture
def ours(merchant: Merchant) -> World:
    """Nordwind and all that is its own: what the others are after."""
    return world.build(merchant)


@pytest.fixture
def theirs(stranger: Merchant) -> World:
    """The stranger, who has an order, an owner and a key of their own."""
    owner = commands.add_member(stranger, email="owner@sudwind.test", password=world.PASSWORD).user
    order = factories.order(stranger)
    key = world.create_api_key(stranger, name="theirs")[1]
    return World(stranger, owner, key, {"token": link_token(order.pk, order.link_version)}, ())


class Watch:
    """Looks after every request whether something of ours was told or changed."""

    def __init__(self, ours: World) -> None:
        self.ours = ours
        self.before = world.rows_of(ours.merchant, ours.owner)
        self.faults: list[str] = []

    def told(self, what: str, response: Any, *, also: tuple[str, ...] = ()) -> None:
        """Note when a response holds something of ours, or is a fault."""
        if response.status_code >= 500:
            self.faults.append(f"{what}: {response.status_code}")
        body = b"".join(response.streaming_content) if response.streaming else response.content
        text = body.decode(errors="replace") + str(response.headers)
        asked = what.split(" ", 1)[-1]
        for mark in (*self.ours.marks, *also):
            if mark in text and mark not in asked:
                self.faults.append(f"{what}: {response.status_code} tells {mark!r}")

    def expect(self, is_so: bool, *what: Any) -> None:
        """Note what should be so and is not."""
        if not is_so:
            self.faults.append(" ".join(str(part) for part in what) + ": not as expected")

    def changed(self, what: str) -> None:
        """Note what is not as it was."""
        now = world.rows_of(self.ours.merchant, self.ours.owner)
        for table in now:
            if now[table] != self.before[table]:
                self.faults.append(f"{what}: changed {table}")
        self.before = now


@pytest.fixture
def watch(ours: World) -> Iterator[Watch]:
    """What was told or changed fails the test, all of it at once."""
    found = Watch(ours)
    yield found
    assert found.faults == []


def plain(response: Any, *names: str) -> tuple[int, str]:
    """A response without what differs between any two: tokens, nonces, ids of the request, and what was asked for."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    text = body.decode(errors="replace")
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "…")
    text = re.sub(r'(csrfmiddlewaretoken" value="|nonce="|"request_id":\s*")[^"]*', r"\1…", text)
    return response.status_code, re.sub(r"req_\w+", "…", text)


def person(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


# --- the list ---


def test_every_route_is_listed() -> None:
    found, listed = set(routes.found()), routes.listed()
    assert found - set(listed) == set(), (
        "new addresses: say in tests/isolation/listed.txt that you thought of them"
    )
    assert set(listed) - found == set(), "listed, and not there any more"
    assert len(listed) == len(set(listed))


def test_every_page_of_a_merchant_is_guarded_by_a_permission() -> None:
    patterns = routes.found()
    bare = [r for r in routes.of_kind("app/<slug:slug>/") if routes.needs_of(patterns[r]) is None]
    assert bare == []


# --- nobody ---


def test_nobody_is_told_or_changes_anything(ours: World, watch: Watch) -> None:
    client = Client(raise_request_exception=False)
    secret = {**ours.ids, "token": "A" * 24}  # an order's link is what opens it
    for route in routes.found():
        url = world.url(route, secret)
        for method in METHODS:
            response = client.generic(method, url, b"{}", content_type="application/json")
            watch.told(f"{method} {url}", response)
            if route.startswith("app/<slug:slug>/"):
                watch.expect(response.status_code in (302, 405), method, url)
            if route.startswith("api/v1/") and route != "api/v1/schema":
                watch.expect(response.status_code == 401, method, url)
        watch.changed(route)


# --- a stranger's staff ---


def test_a_strangers_staff_sees_no_difference_between_forbidden_and_absent(
    ours: World, theirs: World, watch: Watch
) -> None:
    client = person(theirs.owner)
    slug = theirs.merchant.slug
    absent = world.nobodys(ours.ids, "no-such-shop")
    for route in routes.of_kind("app/<slug:slug>/"):
        for method in PAGE_METHODS:
            forbidden = world.url(route, ours.ids)
            nowhere = world.url(route, absent)
            answer, other = client.generic(method, forbidden), client.generic(method, nowhere)
            watch.told(f"{method} {forbidden}", answer, also=("Nordwind",))
            watch.expect(answer.status_code in (404, 405), method, forbidden)
            names = (*ours.ids.values(), *absent.values())
            watch.expect(plain(answer, *names) == plain(other, *names), method, forbidden)
            # In their own shop, with ids of ours.
            crossed, made_up = {**ours.ids, "slug": slug}, {**absent, "slug": slug}
            if "_id>" not in route:
                continue
            answer = client.generic(method, world.url(route, crossed))
            other = client.generic(method, world.url(route, made_up))
            watch.told(f"{method} {world.url(route, crossed)}", answer)
            watch.expect(answer.status_code == other.status_code, method, world.url(route, crossed))
            watch.expect(plain(answer, *names) == plain(other, *names), method, world.url(route, crossed))
        watch.changed(route)


def test_ids_of_ours_in_a_strangers_queries_and_forms_do_nothing(
    ours: World, theirs: World, watch: Watch
) -> None:
    # Names that pages read: every parameter of an address, and those of lists and of work on many rows.
    bare = {name: value.split("_", 1)[-1] for name, value in ours.ids.items()}
    given = {
        **ours.ids, "q": world.MARK, "o": bare["order_id"], "keys": bare["order_id"],
        "endpoint": ours.ids["endpoint_id"],
        "order": ours.ids["order_id"], "ids": ours.ids["order_id"], "query": f"q={world.MARK}", "all": "1",
        "action": "cancel", "list": "orders", "cursor": "", "role": "owner", "tag": "x", "text": "x", "add": "x",
    }  # fmt: skip
    del given["slug"], given["token"]
    own = {**world.nobodys(ours.ids, theirs.merchant.slug)}
    for route in routes.of_kind("app/"):
        if route in _ENDS_SESSION:
            continue
        client = person(theirs.owner)
        url = world.url(route, own)
        for method in ("GET", "POST"):
            response = client.get(url, given) if method == "GET" else client.post(url, given)
            # What they typed themselves may stand there again: only what they could not know counts.
            text = b"".join(response.streaming_content) if response.streaming else response.content
            for mark in (ours.marks[3], ours.ids["token"], "kanarek@"):
                watch.expect(mark.encode() not in text, method, url, mark)
            watch.expect(response.status_code < 500, method, url)
        watch.changed(route)


# --- each role ---


@pytest.mark.parametrize("role", Role.values)
def test_a_role_does_nothing_that_it_has_no_permission_for(role: str, ours: World, watch: Watch) -> None:
    member = commands.add_member(
        ours.merchant, email=f"{role}@desk.test", password=world.PASSWORD, role=Role(role)
    )
    watch.before = world.rows_of(ours.merchant, ours.owner)
    client, patterns = person(member.user), routes.found()
    watch.before = world.rows_of(ours.merchant, ours.owner)
    for route in routes.of_kind("app/<slug:slug>/"):
        if routes.needs_of(patterns[route]) in MATRIX[role]:
            continue
        for method in PAGE_METHODS:
            response = client.generic(method, world.url(route, ours.ids))
            watch.expect(response.status_code in (403, 405), method, route)
            watch.expect(world.MARK not in response.content.decode(), method, route)
        watch.changed(route)


# --- a stranger's key ---


def test_a_strangers_key_sees_no_difference_between_forbidden_and_absent(
    ours: World, theirs: World, watch: Watch
) -> None:
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {theirs.key}"}
    absent = world.nobodys(ours.ids, "x")
    names = (*ours.ids.values(), *absent.values())
    for route in routes.of_kind("api/v1/"):
        if route == "api/v1/schema":
            continue
        for method in METHODS:
            url = world.url(route, ours.ids)
            answer = client.generic(method, url, b"{}", content_type="application/json", headers=headers)
            watch.told(f"{method} {url}", answer)
            if "_id>" in route:
                other = client.generic(
                    method, world.url(route, absent), b"{}", content_type="application/json", headers=headers
                )
                watch.expect(answer.status_code in (400, 404, 405), method, url, answer.status_code)
                watch.expect(plain(answer, *names) == plain(other, *names), method, url)
        watch.changed(route)


def test_ids_of_ours_in_a_strangers_queries_and_bodies_do_nothing(
    ours: World, theirs: World, watch: Watch
) -> None:
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {theirs.key}"}
    query = {name: value for name, value in ours.ids.items() if name not in ("slug", "token")}
    bodies = [
        {name: value} for name, value in query.items()
    ] + [
        {"order_id": query["order_id"], "carrier": "sandbox", "tracking_number": "X1"},
        {"shipment_id": query["shipment_id"], "status": "delivered", "occurred_at": "2026-11-22T10:00:00Z"},
        {"endpoint_id": query["endpoint_id"], "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"},
        {"external_id": query["order_id"], "merchant_id": str(ours.merchant.pk)},
    ]  # fmt: skip
    for route in routes.of_kind("api/v1/"):
        if "<" in route or route == "api/v1/schema":
            continue
        for name, value in query.items():
            response = client.get(f"/{route}", {name: value}, headers=headers)
            watch.told(f"GET /{route}?{name}={value}", response)
        for body in bodies:
            sent = json.dumps(body)
            response = client.post(f"/{route}", sent, content_type="application/json", headers=headers)
            watch.told(f"POST /{route} {sent}", response)
        watch.changed(route)


def test_a_file_that_names_our_records_changes_only_the_strangers(
    ours: World, theirs: World, watch: Watch
) -> None:
    from events import due
    from merchants.scope import merchant_scope
    from orders.models import Order

    with merchant_scope(ours.merchant):
        external_id = Order.objects.exclude(number="").earliest("created_at").external_id
    client = Client(raise_request_exception=False)
    line = factories.order_body(external_id=external_id, number="#taken")
    file = json.dumps({**line, "id": ours.ids["order_id"], "merchant_id": str(ours.merchant.pk)})
    good = json.dumps(line)
    response = client.post(
        "/api/v1/imports?kind=orders&start=yes", f"{file}\n{good}\n".encode(),
        content_type="application/x-ndjson", headers={"Authorization": f"Bearer {theirs.key}"},
    )  # fmt: skip
    assert response.status_code == 201, response.content
    for kind in due.kinds():
        if kind.startswith("imports"):
            due.run(kind)
    watch.changed("POST /api/v1/imports")
    with merchant_scope(theirs.merchant):
        assert Order.objects.filter(external_id=external_id).count() == 1


# --- hooks and the portal ---


def test_a_hook_that_is_signed_with_a_strangers_secret_changes_nothing(
    ours: World, theirs: World, watch: Watch
) -> None:
    from orders.shops import connect_shop

    secret = connect_shop(theirs.merchant, "shopify")
    body = json.dumps({"id": 1, "name": "#1"}).encode()
    signature = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    client = Client(raise_request_exception=False)
    for route in routes.of_kind("hooks/"):
        for headers in (
            {},
            {
                "X-Shopify-Hmac-SHA256": signature,
                "X-Shopify-Topic": "orders/create",
                "X-Shopify-Webhook-Id": "1",
            },
            {"X-WC-Webhook-Signature": signature, "X-WC-Webhook-Topic": "order.created"},
            {"X-Signature": signature, "Authorization": f"Bearer {theirs.key}"},
        ):
            response = client.post(
                world.url(route, ours.ids), body, content_type="application/json", headers=headers
            )
            watch.expect(response.status_code in (400, 401, 403, 404), route, headers, response.status_code)
            watch.told(f"POST {route}", response)
        watch.changed(route)


def test_looking_at_a_portals_pages_changes_nothing(ours: World, watch: Watch) -> None:
    """Programs that read mail open every link in it."""
    client = Client(raise_request_exception=False)
    for route in routes.of_kind("p/"):
        for method in ("GET", "HEAD"):
            answer = client.generic(method, world.url(route, ours.ids))
            watch.expect(answer.status_code < 500, method, route, answer.status_code)
        watch.changed(route)


def test_an_orders_link_opens_in_its_own_shop_only(ours: World, theirs: World, watch: Watch) -> None:
    client = Client(raise_request_exception=False)
    for route in routes.of_kind("p/"):
        if "token" not in route:
            continue
        crossed = world.url(route, {**ours.ids, "slug": theirs.merchant.slug})
        made_up = world.url(route, {**ours.ids, "slug": theirs.merchant.slug, "token": "A" * 24})
        for method in METHODS:
            answer, other = client.generic(method, crossed), client.generic(method, made_up)
            watch.told(f"{method} {crossed}", answer)
            watch.expect(answer.status_code in (404, 405, 410), method, crossed)
            names = (ours.ids["token"], "A" * 24)
            watch.expect(plain(answer, *names) == plain(other, *names), method, crossed)
        watch.changed(route)
    # The test would have noticed: in its own shop the link opens.
    own = client.get(world.url("p/<slug:slug>/t/<token:token>/", ours.ids))
    assert ours.marks[3] in own.content.decode()
