"""R20: every large table is keyed by merchant, and the database itself refuses a reference across merchants."""

from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from events.models import Fact
from merchants.fields import MerchantForeignKey
from merchants.models import Merchant, MerchantModel
from merchants.scope import merchant_scope, platform_scope
from tests import factories

OWNED = [model for model in apps.get_models() if issubclass(model, MerchantModel)] + [Fact]
REFERENCES = [
    (model, field)
    for model in OWNED
    for field in model._meta.local_fields
    if isinstance(field, MerchantForeignKey)
]
# Unique over the installation, with the reason. Nothing else may be.
GLOBAL_KEYS: dict[str, str] = {}


def _constraints(table: str, kind: str) -> dict[str, list[str]]:
    """Constraints of a table (`p`: primary key, `u`: unique, `f`: foreign): name → columns in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conname, array_agg(a.attname::text ORDER BY k.place) FROM pg_constraint c"
            " CROSS JOIN unnest(c.conkey) WITH ORDINALITY AS k(attnum, place)"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum"
            " WHERE c.conrelid = %s::regclass AND c.contype = %s GROUP BY c.conname",
            [table, kind],
        )
        return dict(cursor.fetchall())


def _unique_indexes(table: str) -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, array_agg(a.attname::text ORDER BY k.place) FROM pg_index i"
            " CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place)"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
            " WHERE i.indrelid = %s::regclass AND i.indisunique GROUP BY 1",
            [table],
        )
        return dict(cursor.fetchall())


def _name(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else value.name


@pytest.mark.parametrize("model", OWNED, ids=_name)
def test_keys_lead_with_the_merchant(db: None, model: type[models.Model]) -> None:
    table = model._meta.db_table
    (primary,) = _constraints(table, "p").values()
    assert primary[0] == "merchant_id"
    assert len(primary) == 2
    for name, columns in _unique_indexes(table).items():
        assert columns[0] == "merchant_id" or name in GLOBAL_KEYS, name


@pytest.mark.parametrize(("model", "field"), REFERENCES, ids=_name)
def test_a_reference_to_a_merchants_row_is_composite(
    db: None, model: type[models.Model], field: models.ForeignKey
) -> None:
    foreign = _constraints(model._meta.db_table, "f").values()
    assert ["merchant_id", field.column] in foreign
    assert [field.column] not in foreign


@pytest.mark.parametrize("model", OWNED, ids=_name)
def test_no_plain_reference_leads_past_the_merchant(db: None, model: type[models.Model]) -> None:
    """A plain foreign key to another merchant-owned table would let a row of one point at another's."""
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey) and not isinstance(field, MerchantForeignKey):
            assert field.related_model is Merchant, f"{model.__name__}.{field.name}"


@pytest.mark.parametrize(("model", "field"), REFERENCES, ids=_name)
def test_the_database_refuses_another_merchants_row(
    merchant: Merchant, stranger: Merchant, model: type[models.Model], field: models.ForeignKey
) -> None:
    theirs = _any_row(stranger, field.related_model)
    ours = _any_row(merchant, model)
    with (
        platform_scope("a test tries to cross merchants"),
        pytest.raises(IntegrityError, match="merchant_fk"),
    ):
        _point_at(model, ours, field, theirs)


def _point_at(model: Any, row: Any, field: models.ForeignKey, target: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        model.objects.filter(merchant_id=row.merchant_id, pk=row.pk).update(**{field.attname: target.pk})


def _any_row(owner: Merchant, model: Any) -> Any:
    """A row of a merchant in a model's table, with all that it refers to; empty or zero elsewhere."""
    made = {
        "Customer": lambda: factories.order(owner).customer,
        "Order": lambda: factories.order(owner),
        "OrderLine": lambda: _first(owner, model, lambda: factories.order(owner)),
        "Shipment": lambda: factories.shipment(owner, factories.order(owner)),
        "Transfer": lambda: factories.transfer(owner),
        "ShipmentLine": lambda: _first(
            owner, model, lambda: factories.shipment(owner, factories.order(owner))
        ),
    }.get(model.__name__)
    with merchant_scope(owner):
        return made() if made else _insert(owner, model)


def _first(owner: Merchant, model: Any, make: Any) -> Any:
    make()
    with merchant_scope(owner):
        return model.objects.first()


def _insert(owner: Merchant, model: Any) -> Any:
    values: dict[str, Any] = {"merchant": owner}
    for field in model._meta.local_concrete_fields:
        if field.name in values or field.has_default() or field.null or field.primary_key:
            continue
        values[field.name] = _filler(owner, field)
    row = model(**values)
    row.save(force_insert=True)
    return row


def _filler(owner: Merchant, field: models.Field) -> Any:
    if isinstance(field, models.ForeignKey):
        return _any_row(owner, field.related_model)
    if isinstance(field, models.DateTimeField):
        from django.utils import timezone

        return timezone.now()
    if isinstance(field, models.DateField):
        return date(2026, 3, 1)
    if isinstance(field, models.BinaryField):
        return b""
    if field.name == "days":  # of a rule: none has 0
        return 1
    if isinstance(field, models.IntegerField | models.BooleanField | models.DecimalField | models.FloatField):
        return 0
    return "" if field.empty_strings_allowed else {}
