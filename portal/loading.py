"""Everything that a shopper's page shows about an order, in one statement.

PostgreSQL builds one JSON text of the order, its lines, parcels and scans; msgspec reads it into the rows below.
Three queries through the ORM took ten times as long (docs/decisions).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from merchants.models import Merchant
from merchants.prepared import prepared_cursor
from orders.links import link_digest

MOST_PARCELS = 50
MOST_SCANS = 80


class LineRow(msgspec.Struct, array_like=True, gc=False):
    id: UUID
    title: str
    variant: str
    quantity: int
    shipped: int
    unit_price: Decimal
    image_url: str
    requires_shipping: bool


class ScanRow(msgspec.Struct, array_like=True, gc=False):
    at: datetime
    status: str
    substatus: str
    description: str
    city: str
    postcode: str
    country: str


class ContentRow(msgspec.Struct, array_like=True, gc=False):
    line_id: UUID
    quantity: int


class ParcelRow(msgspec.Struct, array_like=True):
    id: UUID
    number: int
    carrier: str
    carrier_name: str
    tracking_number: str
    tracking_url: str
    status: str
    substatus: str
    status_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    out_for_delivery_at: datetime | None
    eta_from: datetime | None
    eta_to: datetime | None
    eta_source: str
    promised_from: datetime | None
    promised_to: datetime | None
    signed_by: str
    pickup_place: str
    pickup_until: datetime | None
    pickup: dict[str, Any] | None  # `tracking.carriers.base.Pickup`
    proof: dict[str, Any] | None  # `tracking.carriers.base.Proof`
    wish: dict[str, Any] | None  # kind, place, day (`tracking.wishes`)
    contents: list[ContentRow]
    scans: list[ScanRow]  # newest first


class CaseRow(msgspec.Struct, array_like=True, gc=False):
    """A case that is not closed."""

    id: UUID
    shipment_id: UUID | None
    kind: str
    status: str
    answer_by: datetime | None
    due_at: datetime | None


class OrderRow(msgspec.Struct, array_like=True):
    id: UUID
    number: str
    is_cancelled: bool
    placed_at: datetime
    locale: str
    city: str
    region: str
    postcode: str
    country: str
    currency: str
    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    discount: Decimal
    total: Decimal
    promised_from: date | None
    promised_to: date | None
    expires_at: datetime
    lines: list[LineRow]
    parcels: list[ParcelRow]
    cases: list[CaseRow]  # newest first
    is_protected: bool = False  # on its way (`returns.claims`)
    has_returns: bool = False  # which the page of the order lists


_LOAD = """
SELECT json_build_array(
    o.id, o.number, o.status = 'cancelled', o.placed_at, o.locale, o.city,
    coalesce(o.shipping_address->>'region', ''), o.postcode, o.country, o.currency, o.subtotal, o.shipping, o.tax,
    o.discount, o.total, o.promised_from, o.promised_to, o.link_expires_at,
    (SELECT coalesce(json_agg(json_build_array(
         l.id, l.title, l.variant, l.quantity, l.shipped_quantity, l.unit_price, l.image_url, l.requires_shipping)
         ORDER BY l.position), '[]')
     FROM orders_orderline l
     WHERE l.merchant_id = o.merchant_id AND l.order_id = o.id AND l.quantity > 0),
    (SELECT coalesce(json_agg(json_build_array(
         s.id, s.number, s.carrier, s.carrier_name, s.tracking_number, s.tracking_url, s.status, s.substatus,
         s.status_at, s.shipped_at, s.delivered_at, s.out_for_delivery_at, s.eta_from, s.eta_to, s.eta_source,
         s.promised_from, s.promised_to, s.signed_by, s.pickup_place, s.pickup_until, s.pickup, s.proof, s.wish,
         (SELECT coalesce(json_agg(json_build_array(c.line_id, c.quantity)), '[]')
          FROM tracking_shipmentline c WHERE c.merchant_id = s.merchant_id AND c.shipment_id = s.id),
         (SELECT coalesce(json_agg(json_build_array(
              e.occurred_at, e.status, e.substatus, e.description, e.city, e.postcode, e.country)
              ORDER BY e.occurred_at DESC, e.received_at DESC, e.id DESC), '[]')
          FROM (SELECT * FROM tracking_scan
                WHERE merchant_id = s.merchant_id AND shipment_id = s.id
                ORDER BY occurred_at DESC LIMIT %(most_scans)s::int) e))
         ORDER BY s.number), '[]')
     FROM (SELECT * FROM tracking_shipment
           WHERE merchant_id = o.merchant_id AND order_id = o.id AND cancelled_at IS NULL AND NOT inbound
           ORDER BY number LIMIT %(most_parcels)s::int) s),
    (SELECT coalesce(json_agg(json_build_array(
         c.id, c.shipment_id, c.kind, c.status, c.answer_by, c.due_at) ORDER BY c.created_at DESC), '[]')
     FROM cases_case c
     WHERE c.merchant_id = o.merchant_id AND c.order_id = o.id AND c.status <> 'closed'),
    EXISTS (SELECT FROM claims_cover p WHERE p.merchant_id = o.merchant_id AND p.order_id = o.id),
    EXISTS (SELECT FROM returns_return r WHERE r.merchant_id = o.merchant_id AND r.order_id = o.id)
)::text
FROM orders_order o
WHERE o.merchant_id = %(merchant_id)s::uuid AND o.link_digest = %(digest)s::bytea
"""

_decoder = msgspec.json.Decoder(OrderRow)


def load_order(merchant: Merchant, token: str, now: datetime) -> OrderRow | None:
    """The order that a link opens. None for a token that opens nothing: unknown, revoked, expired or another shop's."""
    with prepared_cursor() as cursor:
        cursor.execute(
            _LOAD,
            {
                "merchant_id": merchant.pk,
                "digest": link_digest(token),
                "most_scans": MOST_SCANS,
                "most_parcels": MOST_PARCELS,
            },
        )
        found = cursor.fetchone()
    order = _decoder.decode(found[0]) if found else None
    return order if order is not None and order.expires_at > now else None
