"""The demo's merchant, and what one needs to get in."""

import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from merchants import commands
from merchants.models import Membership, Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import platform_scope
from orders.connectors.shopify import SOURCE
from orders.shops import connect_shop

SLUG = "nordwind"
OWNER = "demo@nordwind.example"
_LOGO = Path(__file__).with_name("logo.png")


@dataclass(frozen=True)
class Access:
    """What is shown once and never stored in the database in readable form."""

    user: str
    password: str
    api_key: str
    shopify_secret: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def make_merchant(slug: str = SLUG) -> Merchant:
    """Nordwind, a shop in Hamburg."""
    merchant = commands.create_merchant(
        slug=slug,
        name="Nordwind",
        legal_name="Nordwind Handels GmbH",
        postal_address="Am Sandtorkai 27\n20457 Hamburg",
        website="https://nordwind.example",
        support_email="hallo@nordwind.example",
        support_phone="+49 40 5550123",
        sender_email="bestellung@nordwind.example",
        locale="de",
        country="DE",
        timezone="Europe/Berlin",
        currency="EUR",
        imprint_url="https://nordwind.example/impressum",
        privacy_url="https://nordwind.example/datenschutz",
        help_url="https://nordwind.example/hilfe",
        withdraw_url="https://nordwind.example/widerruf",
        brand_color="#0b6b53",
    )
    merchant.logo = _LOGO.read_bytes()
    merchant.setup_hidden_at = timezone.now()  # a shop that works already
    merchant.save(update_fields=["logo", "setup_hidden_at"])
    merchant.refresh_from_db(fields=["logo_hash"])  # by which messages name the picture
    return merchant


@transaction.atomic
def give_access(merchant: Merchant, owner: str = OWNER) -> Access:
    """A new password, API key and webhook secret. The former password stops working; former keys go on."""
    password = secrets.token_urlsafe(9)
    known = User.objects.filter(username=owner).first()
    if known is not None:
        known.set_password(password)
        known.save(update_fields=["password"])
    commands.add_member(merchant, email=owner, password=password)
    _, key = create_api_key(merchant, name="Demo")
    return Access(user=owner, password=password, api_key=key, shopify_secret=connect_shop(merchant, SOURCE))


def still_valid(merchant: Merchant, access: Access) -> bool:
    """Whether the access of an earlier start opens this merchant's doors."""
    membership = Membership.objects.filter(merchant=merchant, user__username=access.user).select_related(
        "user"
    )
    member = membership.first()
    return member is not None and member.user.check_password(access.password)


def forget_merchant(merchant: Merchant) -> None:
    """Delete a merchant with every row of its own. Not for merchants that anybody needs: the log goes as well."""
    with platform_scope("deleting the demo's merchant"), transaction.atomic(), connection.cursor() as cursor:
        for model in _dependants_first():
            cursor.execute(f'DELETE FROM "{model._meta.db_table}" WHERE merchant_id = %s', [merchant.pk])  # noqa: S608
        cursor.execute("DELETE FROM events_incoming WHERE merchant_id = %s", [merchant.pk])
        cursor.execute("DELETE FROM merchants_merchant WHERE id = %s", [merchant.pk])


def _dependants_first() -> Iterator[type[Model]]:
    """Every table with rows of merchants, those that refer to others before them: some references are held at once."""
    owned = {model for model in apps.get_models() if _belongs_to_merchants(model)}
    sorter: TopologicalSorter[type[Model]] = TopologicalSorter()
    for model in owned:
        sorter.add(model)
        for field in model._meta.concrete_fields:
            if field.related_model in owned and field.related_model is not model:
                sorter.add(field.related_model, model)
    return iter(sorter.static_order())


def _belongs_to_merchants(model: type[Model]) -> bool:
    return any(field.name == "merchant" for field in model._meta.concrete_fields)
