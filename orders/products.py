"""Everything that changes what a shop sells."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from events import log as event_log
from merchants.models import Merchant
from merchants.rest.decode import money
from merchants.rest.errors import InvalidBody
from merchants.scope import merchant_transaction
from orders.facts import ProductUpdated
from orders.models import Product, ProductStatus, Variant
from orders.schemas import ProductIn, VariantIn
from orders.text import currencies

_COLUMNS = ("title", "handle", "url", "image_url", "product_type", "tags", "status")
_VARIANT_COLUMNS = ("position", "sku", "title", "price", "currency", "inventory_quantity", "image_url")


def put_product(
    merchant: Merchant,
    body: ProductIn,
    *,
    source: str = "api",
    updated_at: datetime | None = None,
    raw: Mapping[str, Any] | None = None,
) -> tuple[Product, bool]:
    """Store a product, or update the one with the same external id. Returns it and whether it is new.

    updated_at: the shop's own time of this state; news that is older than what we hold is ignored. Raises
    InvalidBody for a currency that does not exist, and for a variant that is named twice.
    """
    _check(body)
    with merchant_transaction(merchant):
        now = timezone.now()
        product, created = _locked(merchant, body, source, now)
        if (
            not created
            and updated_at
            and product.source_updated_at
            and updated_at < product.source_updated_at
        ):
            return product, False  # News that was overtaken on its way.
        changed = [name for name in _COLUMNS if getattr(product, name) != getattr(body, name)]
        for name in changed:
            setattr(product, name, getattr(body, name))
        if body.variants is not None and _put_variants(merchant, product, body.variants):
            changed.append("variants")
        product.source = source
        product.source_updated_at = updated_at or product.source_updated_at
        product.raw = dict(raw or product.raw)
        if changed:
            product.updated_at = now
        product.save()
        if created or changed:
            _record(product, [] if created else sorted(changed))
    return product, created


def archive_product(merchant: Merchant, external_id: str) -> bool:
    """Note that a shop does not sell a product any more: orders go on naming it. Returns whether it was known."""
    with merchant_transaction(merchant):
        product = (
            Product.objects.select_for_update(of=("self",), no_key=True)
            .filter(external_id=external_id)
            .first()
        )
        if product is None:
            return False
        if product.status != ProductStatus.ARCHIVED:
            product.status, product.updated_at = ProductStatus.ARCHIVED, timezone.now()
            product.save(update_fields=["status", "updated_at"])
            _record(product, ["status"])
    return True


def put_variant(merchant: Merchant, product_external_id: str, variant: VariantIn) -> bool:
    """Store one variant of a known product, beside its others. Returns whether the product is known."""
    with merchant_transaction(merchant):
        known = Product.objects.select_for_update(of=("self",), no_key=True)
        product = known.filter(external_id=product_external_id).first()
        if product is None:
            return False
        row = Variant.objects.filter(external_id=variant.external_id).first()
        last = product.variants.order_by("-position").values_list("position", flat=True).first() or 0
        values = _values(merchant, variant, row.position if row else last + 1)
        changed = _put_variant(merchant, product, row, variant.external_id, values)
        if changed:
            _record(product, ["variants"])
    return True


def put_stock(merchant: Merchant, told: Mapping[str, int | None]) -> None:
    """Note how many there are of variants, by external id; None: the shop does not count it. Others stay."""
    with merchant_transaction(merchant):
        rows = Variant.objects.filter(external_id__in=told).values_list(
            "external_id", "inventory_quantity", "product_id"
        )
        changed = {name: product for name, number, product in rows if number != told[name]}
        # Products first and in one order, as everybody who changes variants locks them.
        for product in (
            Product.objects.select_for_update(no_key=True).filter(pk__in=changed.values()).order_by("pk")
        ):
            for name in sorted(name for name, of in changed.items() if of == product.pk):
                product.variants.filter(external_id=name).update(inventory_quantity=told[name])
            _record(product, ["variants"])


def _locked(merchant: Merchant, body: ProductIn, source: str, now: datetime) -> tuple[Product, bool]:
    """The product's row, locked until the transaction ends, made when there is none."""
    new = Product(
        merchant=merchant, external_id=body.external_id, title=body.title, source=source,
        created_at=now, updated_at=now,
    )  # fmt: skip
    # Told of the same product twice at one moment, the second one waits here and updates what the first stored.
    Product.objects.bulk_create([new], ignore_conflicts=True)
    product = Product.objects.select_for_update(of=("self",), no_key=True).get(external_id=body.external_id)
    return product, product.pk == new.pk


def _put_variants(merchant: Merchant, product: Product, told: Iterable[VariantIn]) -> bool:
    told = list(told)
    known = {row.external_id: row for row in Variant.objects.filter(product=product)}
    # A variant that moved here from another product keeps its row.
    strays = [variant.external_id for variant in told if variant.external_id not in known]
    known |= {row.external_id: row for row in Variant.objects.filter(external_id__in=strays)}
    changed = False
    for place, variant in enumerate(told, 1):
        row = known.pop(variant.external_id, None)
        values = _values(merchant, variant, place)
        changed |= _put_variant(merchant, product, row, variant.external_id, values)
    if known:
        Variant.objects.filter(pk__in=[row.pk for row in known.values()]).delete()
    return changed or bool(known)


def _put_variant(
    merchant: Merchant, product: Product, row: Variant | None, external_id: str, values: dict[str, Any]
) -> bool:
    """Store one variant of a locked product. Returns whether anything changed."""
    if row is None:
        Variant.objects.create(merchant=merchant, product=product, external_id=external_id, **values)
        return True
    if row.product_id == product.id and all(getattr(row, name) == value for name, value in values.items()):
        return False
    Variant.objects.filter(pk=row.pk).update(product=product, **values)
    return True


def _values(merchant: Merchant, variant: VariantIn, place: int) -> dict[str, Any]:
    told = (
        place, variant.sku, variant.title, Decimal(variant.price), variant.currency or merchant.currency,
        variant.inventory_quantity, variant.image_url,
    )  # fmt: skip
    return dict(zip(_VARIANT_COLUMNS, told, strict=True))


def _record(product: Product, changed: list[str]) -> None:
    event_log.record(ProductUpdated(product_id=product.id, external_id=product.external_id, changed=changed))


def _check(body: ProductIn) -> None:
    seen: set[str] = set()
    for index, variant in enumerate(body.variants or ()):
        money(variant.price, f"variants[{index}].price")
        if variant.currency and variant.currency not in currencies():
            raise InvalidBody(
                f"There is no currency {variant.currency}.",
                param=f"variants[{index}].currency",
                code="invalid_field",
            )
        if variant.external_id in seen:
            raise InvalidBody(
                f"Two variants have the external_id {variant.external_id!r}.",
                param=f"variants[{index}].external_id",
                code="invalid_field",
            )
        seen.add(variant.external_id)


def product_types() -> list[str]:
    """The types of the open scope's products, as the shop writes them, by the alphabet."""
    rows = Product.objects.exclude(product_type="").order_by("product_type")
    return list(rows.values_list("product_type", flat=True).distinct())
