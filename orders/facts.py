"""Facts about orders: part of the public API (`GET /api/v1/events`, webhooks)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from events.facts import FactData, fact


@fact("order.placed")
class OrderPlaced(FactData):
    """A shop told us about a new order."""

    order_id: UUID
    external_id: str
    number: str
    total: Decimal
    currency: str
    # False: shoppers are told nothing about it.
    notify: bool = True
    # It was placed before we were there, and came with an import or a pull of the shop's history.
    historical: bool = False


@fact("order.updated")
class OrderUpdated(FactData):
    """A shop changed an order. `changed` names the fields; `quantities`: other items, or more or fewer of them."""

    order_id: UUID
    external_id: str
    changed: list[str]
    # Whose it was before, when it is somebody else's now.
    customer_was: UUID | None = None
    changed_at: datetime | None = None
    notify: bool = True


@fact("order.address_changed")
class OrderAddressChanged(FactData):
    """The order goes to another address. `changed` names its parts; read the order for what they are now.

    by: shopper (on their page), person (of the team) …
    """

    order_id: UUID
    external_id: str
    change_id: UUID
    changed: list[str]
    by: str
    notify: bool = True


@fact("order.cancelled")
class OrderCancelled(FactData):
    """An order is no longer wanted."""

    order_id: UUID
    external_id: str
    cancelled_at: datetime
    notify: bool = True


@fact("order.deleted")
class OrderDeleted(FactData):
    """An order is gone, as if it had never been there: the import that brought it was undone."""

    order_id: UUID
    external_id: str
    customer_id: UUID | None = None


@fact("order.refunded")
class OrderRefunded(FactData):
    """Money was given back for an order. `refund_id` is what the shop calls the refund."""

    order_id: UUID
    external_id: str
    refund_id: str
    amount: Decimal
    currency: str
    refunded_at: datetime
    lines: list["ReportedLine"] = []
    notify: bool = True


@fact("customer.updated")
class CustomerUpdated(FactData):
    """A shop told us who a customer is now. `changed` names the fields; empty for somebody new."""

    customer_id: UUID
    external_id: str
    changed: list[str] = []


@fact("product.updated")
class ProductUpdated(FactData):
    """A shop told us what it sells. `changed` names the fields; empty for a new product."""

    product_id: UUID
    external_id: str
    changed: list[str] = []


@fact("order.tagged")
class OrderTagged(FactData):
    """The team changed an order's tags. `tags`: all of them afterwards."""

    order_id: UUID
    external_id: str
    added: list[str]
    removed: list[str]
    tags: list[str]


@fact("order.noted")
class OrderNoted(FactData):
    """Somebody of the team wrote a note on an order. What it says stays in the dashboard."""

    order_id: UUID
    external_id: str
    note_id: UUID


@fact("privacy.requested")
class PrivacyRequested(FactData):
    """A shop passed on that somebody wants to know, or to have erased, what is stored about them."""

    request_id: UUID
    kind: str
    due_at: datetime


class ReportedLine(FactData):
    """A quantity of an order line, named as the shop names it."""

    external_id: str
    quantity: int


@fact("fulfilment.reported")
class FulfilmentReported(FactData):
    """A shop system reported a parcel; `tracking` makes a shipment of it.

    lines: left out for everything that was not shipped yet; empty when other parcels hold it all. status,
    status_at: where the shop says the parcel is.
    """

    order_id: UUID
    external_id: str
    carrier_name: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    shipped_at: datetime | None = None
    cancelled: bool = False
    status: str = ""
    status_at: datetime | None = None
    lines: list[ReportedLine] | None = None
    notify: bool = True
