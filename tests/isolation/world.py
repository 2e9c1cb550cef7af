"""Everything that a merchant can own, one of each, marked so that it is known again wherever it turns up."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone

from accounts.models import Invitation, Passkey, SignedIn
from dashboard.models import SavedTab
from merchants import commands
from merchants.fields import EncryptedTextField
from merchants.ids import public_id
from merchants.models import ApiKey, Merchant, MerchantModel, PortalDomain
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from orders.links import link_token
from orders.models import Order
from returns.policy.models import PolicyDraft, PolicyTrial, PolicyVersion
from returns.withdrawal.commands import declare
from returns.withdrawal.models import Source
from returns.withdrawal.steps import Declaration
from tests import factories
from tests.merchants.test_tenancy import _filler

MARK = "Kanarek"
PASSWORD = "lighthouse-9-keeper"
# How a parameter of an address names a row: the prefix of its public id, and the table.
ROWS: dict[str, tuple[str, str]] = {
    "order_id": ("ord", "Order"),
    "customer_id": ("cus", "Customer"),
    "segment_id": ("seg", "Segment"),
    "rule_id": ("prl", "ProductRule"),
    "campaign_id": ("cmp", "Campaign"),
    "product_id": ("prd", "Product"),
    "shipment_id": ("shp", "Shipment"),
    "message_id": ("msg", "Message"),
    "flow_id": ("flow", "Flow"),
    "run_id": ("run", "FlowRun"),
    "suppression_id": ("sup", "Suppression"),
    "consent_id": ("csn", "ConsentEntry"),
    "parked_id": ("prk", "ParkedFact"),
    "watch_id": ("wat", "WatchItem"),
    "item_id": ("inb", "InboxItem"),
    "job_id": ("blk", "BulkJob"),
    "dry_run_id": ("dry", "DryRun"),
    "tab_id": ("tab", "SavedTab"),
    "endpoint_id": ("whe", "Endpoint"),
    "delivery_id": ("whd", "Delivery"),
    "import_id": ("imp", "Import"),
    "return_id": ("ret", "Return"),
    "case_id": ("cas", "Case"),
    "refund_id": ("rfd", "MoneyRefund"),
    "claim_id": ("clm", "Claim"),
    "evidence_id": ("clp", "ClaimPhoto"),
    "withdrawal_id": ("wdr", "Withdrawal"),
    "photo_id": ("cph", "CasePhoto"),
    "picture_id": ("rph", "ReturnPhoto"),
    "connection_id": ("con", "ShopConnection"),
    "pull_id": ("pul", "ShopPull"),
    "trial_id": ("ptr", "PolicyTrial"),
    "branch_id": ("brn", "Branch"),
}
_RULES = {"rules": [{"key": MARK.lower(), "name": MARK, "outcome": {"window": 7}}]}
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class World:
    """A merchant, an owner of it, a key of it, and the ids of its rows as addresses write them."""

    merchant: Merchant
    owner: User
    key: str
    ids: dict[str, str]
    marks: tuple[str, ...]


def build(merchant: Merchant) -> World:
    """The world of a merchant: a marked row in every table that merchants own."""
    order = factories.order(merchant, email=f"{MARK.lower()}@{merchant.slug}.test")
    parcel = factories.shipment(merchant, order, tracking_number=f"{MARK.upper()}1")
    # By its command: what stands in the chain of withdrawals cannot be marked afterwards.
    declared = Declaration(timezone.now(), Source.API, name=MARK, contract=MARK, order_id=order.pk)
    rows: dict[str, Any] = {
        "Order": order, "Shipment": parcel, "Transfer": factories.transfer(merchant),
        "Withdrawal": declare(merchant, declared),
        # Two tables are called Refund: what a shop reported, and what it was asked for.
        "MoneyRefund": factories.refund(merchant, order, reason=MARK),
    }  # fmt: skip
    for model in apps.get_models():
        if issubclass(model, MerchantModel) and model.__name__ not in rows:
            rows[model.__name__] = _row(merchant, model)
    owner = commands.add_member(merchant, email=f"owner@{merchant.slug}.test", password=PASSWORD).user
    row, key = create_api_key(merchant, name=MARK)
    with merchant_scope(merchant):
        SavedTab.objects.update(list_name="orders", query="q=x")
        for table in (PolicyVersion, PolicyDraft, PolicyTrial):
            table.objects.update(policy=_RULES)
        PolicyTrial.objects.update(report={"days": 30})
        order = Order.objects.get(pk=order.pk)
    ids = {name: public_id(prefix, rows[table].pk) for name, (prefix, table) in ROWS.items() if table in rows}
    ids |= _others(merchant, owner, row)
    ids |= {"slug": merchant.slug, "token": link_token(order.pk, order.link_version)}
    marks = (MARK, MARK.upper(), MARK.lower(), order.number, str(order.pk), key)
    return World(merchant, owner, key, ids, marks)


def url(route: str, ids: dict[str, str]) -> str:
    """An address with its parameters filled in. Fails for a parameter that nobody has thought about."""
    route = route.replace("^(?P<rest>.+/)$", "<rest>")
    given = {**_FIXED, **ids}
    unknown = set(_PARAMETER.findall(route)) - set(given)
    assert not unknown, f"teach tests/isolation/world.py the parameters {unknown} of {route}"
    return "/" + _PARAMETER.sub(lambda match: given[match[1]], route)


def nobodys(ids: dict[str, str], slug: str) -> dict[str, str]:
    """The same ids with letters that no row has: of the same form, so that only being absent differs."""
    made_up = {name: f"{value.split('_')[0]}_{'0' * 26}" for name, value in ids.items() if name in ROWS}
    made_up |= {
        name: f"{ids[name].split('_')[0]}_{'0' * 26}" for name in ("domain_id", "key_id", "invitation_id")
    }
    made_up |= {"member_id": "999999999", "session_id": _NO_UUID, "passkey_id": _NO_UUID}
    return {**made_up, "slug": slug, "token": "A" * 24}


def rows_of(merchant: Merchant, owner: User) -> dict[str, str]:
    """Every table's rows of the merchant and of its owner's account, as a digest: what a stranger must not change."""
    with connection.cursor() as cursor:
        cursor.execute(_tables(), {"merchant_id": str(merchant.pk), "user_id": str(owner.pk)})
        return dict(cursor.fetchall())


@cache
def _tables() -> str:
    """One statement over every table with a merchant or a user in it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_name IN ('merchant_id', 'user_id') ORDER BY 1, 2"
        )
        keys = [(table, column, column) for table, column in cursor.fetchall()]
    keys += [("merchants_merchant", "id", "merchant_id")]
    return " UNION ALL ".join(
        f"SELECT '{table}.{column}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
        f" FROM {table} t WHERE {column}::text = %({whose})s"
        for table, column, whose in keys
    )


_NO_UUID = "00000000-0000-7000-8000-000000000000"
_FIXED = {
    "kind": "shopify", "carrier": "dhl", "maker": "easypost", "provider": "postmark", "touchpoint": "shipment_shipped",
    "name": "orders", "look": "x", "digest": "0" * 16, "number": "1", "rest": "x/",
    "uid": "MQ", "rule_key": MARK.lower(), "channel": "webhook",
    "passkey_id": _NO_UUID, "session_id": _NO_UUID,
}  # fmt: skip


def _row(merchant: Merchant, model: Any) -> Any:
    """A row of the merchant in a model's table: one that is there, or a new one that is marked."""
    with merchant_scope(merchant):
        row = model.objects.first()
        if row is None:
            values = {
                field.name: _value(merchant, field)
                for field in model._meta.local_concrete_fields
                if not (field.primary_key or field.null or field.has_default() or field.name == "merchant")
            }
            row = model(merchant=merchant, **values)
            row.save(force_insert=True)
            _mark(merchant, model, row)
    return row


def _value(merchant: Merchant, field: Any) -> Any:
    if isinstance(field, models.ForeignKey):
        return _row(merchant, field.related_model)
    if isinstance(field, ArrayField):
        return []
    if isinstance(field, models.FloatField):
        return 0.0
    if field.name == "days":  # none is no number of days
        return 1
    return field.choices[0][0] if field.choices else _filler(merchant, field)


def _mark(merchant: Merchant, model: Any, row: Any) -> None:
    """Write the mark into every free text of a row."""
    in_keys = {name for constraint in model._meta.constraints for name in getattr(constraint, "fields", ())}
    texts = [
        field.name
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, EncryptedTextField)
        and not field.choices
        and field.name not in {*in_keys, "stored_as"}
        and getattr(row, field.name) == ""
        and (field.max_length or 100) > len(MARK)
    ]
    if texts:
        with merchant_scope(merchant):
            model.objects.filter(pk=row.pk).update(**dict.fromkeys(texts, MARK))


def _others(merchant: Merchant, owner: User, key: ApiKey) -> dict[str, str]:
    """Rows that are not of the ordinary kind, because they are looked up before the merchant is known."""
    now = timezone.now()
    domain = PortalDomain.objects.create(merchant=merchant, host=f"{MARK.lower()}.test", token="t")
    invitation = Invitation.objects.create(
        merchant=merchant, email=f"{MARK.lower()}@new.test", role="support", digest=b"d" * 32, created_at=now,
        expires_at=now,
    )  # fmt: skip
    member = merchant.memberships.get(user=owner)
    return {
        "domain_id": public_id("dom", domain.pk),
        "key_id": public_id("key", key.pk),
        "invitation_id": public_id("inv", invitation.pk),
        "member_id": str(member.pk),
        **_account(owner),
    }


def _account(owner: User) -> dict[str, str]:
    found = {}
    for name, model in (("passkey_id", Passkey), ("session_id", SignedIn)):
        values = {}
        for field in model._meta.local_concrete_fields:
            if field.primary_key or field.null or field.has_default() or field.name == "user":
                continue
            if isinstance(field, models.DateTimeField):
                values[field.name] = timezone.now()
            elif isinstance(field, models.BinaryField):
                values[field.name] = owner.username.encode()
            elif isinstance(field, models.IntegerField | models.BooleanField):
                values[field.name] = 0
            else:
                values[field.name] = [] if field.get_internal_type() == "ArrayField" else MARK
        found[name] = str(model.objects.create(user=owner, **values).pk)
    return found
