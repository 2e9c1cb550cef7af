"""Rows for tests, made by the product's own commands."""

import itertools
from decimal import Decimal
from typing import Any

from ledger import commands as ledger
from ledger.models import Transfer
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from orders import commands as orders
from orders.models import Order
from orders.schemas import AddressIn, CustomerIn, LineIn, OrderIn
from returns.money import commands as money
from returns.money.models import Refund
from tracking import commands as tracking
from tracking.models import Shipment
from tracking.schemas import ScanIn, ShipmentIn, ShipmentLineIn

_numbers = itertools.count(1)


def merchant(slug: str = "nordwind", name: str = "Nordwind", **fields: Any) -> Merchant:
    """A merchant with everything that its portal and messages show."""
    values: dict[str, Any] = {
        "legal_name": f"{name} GmbH",
        "postal_address": "Hafenstr. 1\n20457 Hamburg",
        "support_email": f"hallo@{slug}.test",
        "imprint_url": f"https://{slug}.test/imprint",
        "privacy_url": f"https://{slug}.test/privacy",
        **fields,
    }
    return Merchant.objects.create(slug=slug, name=name, **values)


def order_body(**fields: Any) -> dict[str, Any]:
    """The JSON of an order as a shop posts it; fields given here win."""
    number = next(_numbers)
    return {
        "external_id": f"ext-{number}",
        "number": f"#{10_000 + number}",
        "currency": "EUR",
        "customer": {
            "email": f"anna{number}@example.test",
            "first_name": "Anna",
            "last_name": "Weber",
            "locale": "en",
        },
        "shipping_address": {"name": "Anna Weber", "address1": "Ring 5", "city": "Berlin", "postcode": "10115",
                             "country": "DE"},
        "lines": [
            {"external_id": "L1", "title": "Fjord Wool Sweater", "variant": "Petrol / M", "sku": "FWS-M",
             "quantity": 1, "unit_price": "89.00"},
            {"external_id": "L2", "title": "Leather Loafer", "variant": "Cognac / 42", "sku": "LL-42",
             "quantity": 2, "unit_price": "129.00"},
        ],
        "shipping": "4.90",
        **fields,
    }  # fmt: skip


def order(
    owner: Merchant, *, email: str | None = None, locale: str = "en", quantity: int = 1, **fields: Any
) -> Order:
    """A stored order of one line (external id `L1`)."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "external_id": f"ext-{number}",
        "number": f"#{10_000 + number}",
        "currency": "EUR",
        "customer": CustomerIn(
            email=email if email is not None else f"anna{number}@example.test",
            first_name="Anna", last_name="Weber", locale=locale,
        ),
        "shipping_address": AddressIn(city="Berlin", postcode="10115", country="DE"),
        "lines": [LineIn(title="Fjord Wool Sweater", quantity=quantity, unit_price=Decimal(89), external_id="L1")],
        **fields,
    }  # fmt: skip
    placed = orders.place_order(owner, OrderIn(**values))
    with merchant_scope(owner):
        return Order.objects.get(pk=placed.order_id)


def shipment(owner: Merchant, of: Order, *, quantity: int | None = None, **fields: Any) -> Shipment:
    """A stored parcel of an order: of everything that is left, or of some of line `L1`."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "order_external_id": of.external_id,
        "carrier": "sandbox",
        "tracking_number": f"SBX-{number:08}",
        "lines": [ShipmentLineIn(line="L1", quantity=quantity)] if quantity else [],
        **fields,
    }
    put = tracking.put_shipment(owner, ShipmentIn(**values))
    with merchant_scope(owner):
        return Shipment.objects.get(pk=put.shipment_id)


def scan(owner: Merchant, parcel: Shipment, status: str, occurred_at: Any, **fields: Any) -> None:
    """A scan of a parcel, with everything that follows from it."""
    tracking.record_scans(
        owner,
        [ScanIn(status=status, occurred_at=occurred_at, tracking_number=parcel.tracking_number, **fields)],
    )


def transfer(owner: Merchant) -> Transfer:
    """Ten euros from the world outside to an account that holds no less than nothing."""
    number = next(_numbers)
    with merchant_transaction(owner):
        outside = ledger.open_account(owner, "test_outside", str(number), "EUR")
        wallet = ledger.open_account(owner, "test_wallet", str(number), "EUR", limited=True)
        return ledger.transfer(outside, wallet, Decimal(10), code="test", key=f"test:{number}")


def refund(owner: Merchant, of: Order, amount: str = "1.00", **fields: Any) -> Refund:
    """A refund of an order that was asked of the shop by hand."""
    values: dict[str, Any] = {"key": f"test:{next(_numbers)}", "source": ("order", of.pk), **fields}
    return money.request_refund(owner, of.pk, amount=Decimal(amount), **values)
