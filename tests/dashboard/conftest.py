"""A team at its desk: people of each role, and a shop with something on every page."""

from collections.abc import Callable

import pytest
from django.test import Client

from merchants import commands
from merchants.models import Merchant, Role
from tests.dashboard import scene

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
