"""A team at its desk: people of each role, and a shop with something on every page."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client

from dashboard import access
from merchants import commands
from merchants.models import Merchant, Role
from tests.dashboard import scene
from tests.name_server import name_server  # noqa: F401  # a fixture

PASSWORD = "lighthouse-9-keeper"


@pytest.fixture
def desk() -> Callable[..., Client]:
    """`desk(merchant, role="owner")`: the browser of a signed-in person with this role."""

    def sit(merchant: Merchant, role: str = "owner") -> Client:
        email = f"{role}@{merchant.slug}.test"
        membership = commands.add_member(merchant, email=email, password=PASSWORD, role=Role(role))
        client = Client(raise_request_exception=True)
        client.force_login(membership.user)
        return client

    return sit


@pytest.fixture
def owner(merchant: Merchant, desk: Callable[..., Client]) -> Client:
    """Nordwind's owner, signed in."""
    return desk(merchant)


@pytest.fixture
def shop(merchant: Merchant) -> scene.Scene:
    """Nordwind with an order under way, its messages, a parked fact and a failed webhook."""
    return scene.build(merchant)


@pytest.fixture
def alone(subtests: pytest.Subtests) -> Callable[..., AbstractContextManager[None]]:
    """`with alone("orders"):` is a subtest of that name. What it changes is taken back: one scene serves them all."""

    @contextmanager
    def run(*name: str) -> Iterator[None]:
        with subtests.test(" ".join(name)), transaction.atomic():
            yield
            transaction.set_rollback(True)

    return run


# Views whose POST may change rows without a line in the audit log, and why.
NOT_AUDITED: dict[str, str] = {
    "check_domain": "it notes what DNS says now; that a host became verified has its line",
    "test_webhook": "a test event changes nothing; the endpoint's deliveries show it",
    "note_order": "the note names its author and stands in the order's timeline",
    "refresh_shipment": "asks the carrier once more: nothing of the shop's is changed by hand",
}
# What a request may write beside the change that it makes.
_BESIDE = ("django_session", "merchants_attempt", "accounts_signedin", "auth_user", "merchants_auditentry")
_WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', re.IGNORECASE)


@pytest.fixture(autouse=True)
def _every_change_is_audited(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Watches all POSTs of these tests: one that was taken and wrote rows of the merchant has to write an audit row."""
    real, forgotten = access._answer, []

    def watched(view: Any, request: HttpRequest, *rest: Any) -> HttpResponse:
        tables: set[str] = set()

        def note(execute: Any, sql: str, *more: Any) -> Any:
            done = execute(sql, *more)
            if (match := _WRITES.match(sql)) is not None and more[-1]["cursor"].rowcount:
                tables.add(match[1])
            return done

        with connection.execute_wrapper(note):
            response = real(view, request, *rest)
        name = request.resolver_match.url_name if request.resolver_match else ""
        taken = request.method == "POST" and response.status_code < 400 and name not in NOT_AUDITED
        if taken and tables - set(_BESIDE) and "merchants_auditentry" not in tables:
            forgotten.append((name, sorted(tables - set(_BESIDE))))
        return response

    monkeypatch.setattr(access, "_answer", watched)
    yield
    assert forgotten == [], "these views changed rows and left no line in the audit log"
