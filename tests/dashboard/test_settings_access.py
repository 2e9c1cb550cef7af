"""Who may open the settings: every address of theirs, for everybody who could ask."""

from collections.abc import Callable, Iterator
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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ROUTES)
def test_nobody_is_asked_to_sign_in(name: str, method: str, merchant: Merchant) -> None:
    answer = getattr(Client(), method)(path_of(name, "nordwind"))
    assert answer.status_code in (302, 405)
    if answer.status_code == 302:
        assert answer["Location"].startswith("/app/sign-in/?next=/app/")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ROUTES)
def test_another_shops_owner_gets_the_404_of_a_shop_that_does_not_exist(
    name: str, method: str, merchant: Merchant, stranger: Merchant, desk: Callable[..., Client]
) -> None:
    client = desk(stranger)
    before = changes()
    forbidden = getattr(client, method)(path_of(name, "nordwind"))
    absent = getattr(client, method)(path_of(name, "nosuchshop"))
    assert forbidden.status_code == absent.status_code
    assert forbidden.status_code in (404, 405)
    assert "Nordwind" not in forbidden.content.decode()
    assert changes() == before


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("name", ROUTES)
def test_a_role_without_the_permission_gets_a_403(
    name: str, role: str, merchant: Merchant, desk: Callable[..., Client]
) -> None:
    if needs_of(name) in MATRIX[role]:
        return
    client = desk(merchant, role)
    before = changes()
    assert {
        client.get(path_of(name, "nordwind")).status_code,
        client.post(path_of(name, "nordwind")).status_code,
    } <= {
        403,
        405,
    }
    assert changes() == before
