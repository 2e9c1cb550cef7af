"""Who may open the settings: every address of theirs, for everybody who could ask."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from dashboard import urls
from merchants.models import AuditEntry, Merchant, Role
from merchants.permissions import MATRIX, Permission
from merchants.scope import platform_scope


def _patterns(entries: list[Any] = urls.urlpatterns, inside: bool = False) -> Iterator[URLPattern]:
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry.url_patterns, inside or str(entry.pattern) == "settings/")
        elif inside:
            yield entry


ROUTES = {str(pattern.name): pattern for pattern in _patterns()}
METHODS = ("get", "post")
Alone = Callable[..., AbstractContextManager[None]]


def path_of(name: str, slug: str) -> str:
    """The address, with ids that nobody has."""
    made_up = {"int": 999_999, "uuid": "0" * 32}
    converters = ROUTES[name].pattern.converters
    given = {key: made_up.get(type(c).__name__.lower()[:-9], "x_0000") for key, c in converters.items()}
    return reverse(f"dashboard:{name}", kwargs={"slug": slug, **given})


def needs_of(name: str) -> Permission:
    """What its view is guarded with; fails for a view that is not."""
    guarded: Any = ROUTES[name].callback
    while not hasattr(guarded, "needs"):
        guarded = guarded.__wrapped__
    return guarded.needs


def changes() -> int:
    with platform_scope("a test counts what was changed"):
        return int(AuditEntry.objects.count())


def test_nobody_is_asked_to_sign_in(merchant: Merchant, alone: Alone) -> None:
    for name, method in product(ROUTES, METHODS):
        with alone(name, method):
            answer = getattr(Client(), method)(path_of(name, "nordwind"))
            assert answer.status_code in (302, 405)
            if answer.status_code == 302:
                assert answer["Location"].startswith("/app/sign-in/?next=/app/")


def test_another_shops_owner_gets_the_404_of_a_shop_that_does_not_exist(
    merchant: Merchant, stranger: Merchant, desk: Callable[..., Client], alone: Alone
) -> None:
    client = desk(stranger)
    before = changes()
    for name, method in product(ROUTES, METHODS):
        with alone(name, method):
            forbidden = getattr(client, method)(path_of(name, "nordwind"))
            absent = getattr(client, method)(path_of(name, "nosuchshop"))
            assert forbidden.status_code == absent.status_code
            assert forbidden.status_code in (404, 405)
            assert "Nordwind" not in forbidden.content.decode()
            assert changes() == before


@pytest.mark.parametrize("role", Role.values)
def test_a_role_without_the_permission_gets_a_403(
    role: str, merchant: Merchant, desk: Callable[..., Client], alone: Alone
) -> None:
    client = desk(merchant, role)
    before = changes()
    for name, method in product(ROUTES, METHODS):
        if needs_of(name) in MATRIX[role]:
            continue
        with alone(name, method):
            assert getattr(client, method)(path_of(name, "nordwind")).status_code in (403, 405)
            assert changes() == before
