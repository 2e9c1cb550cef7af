"""How each kind of record is stored: the same commands as the API's, and for new orders many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DataError
from django.utils import timezone
from msgspec import UNSET

from imports.models import Format, Import, Kind
from imports.records import Record
from imports.schemas import CustomerRecord, OrderRecord, ShipmentRecord
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import InvalidBody, NotFound, Problem, Unprocessable
from orders import commands as orders
from orders.bulk import MARK, Mark, ReadyOrder, known_orders, ready, refresh_statistics, store_new_orders
from orders.customers import describe_customer, put_customer
from orders.models import Order, OrderStatus
from orders.products import put_product
from orders.schemas import ProductIn
from orders.text import normal_number
from tracking import commands as tracking
from tracking.schemas import ScanIn, ShipmentIn
from tracking.statuses import Status

SOURCE = "import"


@dataclass
class Outcome:
    """What became of some records. What was refused says so itself."""

    created: int = 0
    updated: int = 0

    def count(self, *, created: bool) -> None:
        """Count one record that was stored."""
        if created:
            self.created += 1
        else:
            self.updated += 1


class Writer:
    """Base: every record for itself, each in a transaction of its own. Doing it again changes nothing."""

    struct: type
    chunk = 200

    def __init__(self, merchant: Merchant, source: Import) -> None:
        self.merchant, self.source = merchant, source
        self.mark = Mark(public_id("imp", source.id), timezone.now())

    def prepare(self, record: Record) -> None:
        """Whatever can be done without the database, in another thread than the rest. Raises InvalidBody."""

    def one_by_one(self, records: Sequence[Record], outcome: Outcome) -> list[Record]:
        """Store what has to be stored for itself. Returns the rest, for `together`."""
        for record in records:
            self.attempt(record, outcome)
        return []

    def together(self, records: Sequence[Record]) -> None:
        """Store the rest, in the open transaction that moves the import's place as well."""
        assert not records

    def grown(self) -> None:
        """Called outside of transactions when so much is stored that the tables are much larger than before."""

    def attempt(self, record: Record, outcome: Outcome) -> None:
        """Store one record; what refuses it is noted in it."""
        try:
            outcome.count(created=self.put(record))
        except Problem as problem:
            record.refuse(problem)
        except DataError:
            record.refuse(InvalidBody("A value is too long or too large to be stored."))

    def put(self, record: Record) -> bool:
        """Store one record. Returns whether it is new. Raises a Problem."""
        raise NotImplementedError


@dataclass(slots=True)
class _Order:
    record: OrderRecord
    ready: ReadyOrder = field(repr=False)


class OrderWriter(Writer):
    """New orders together, two thousand in a transaction; known ones as `POST /orders` does it."""

    struct = OrderRecord
    chunk = 2000

    def prepare(self, record: Record) -> None:
        value: OrderRecord = record.value
        record.value = _Order(value, ready(self.merchant, value, self.mark, cancelled_at=value.cancelled_at))

    def one_by_one(self, records: Sequence[Record], outcome: Outcome) -> list[Record]:
        known = known_orders(self.merchant, [record.value.ready.external_id for record in records])
        rest = []
        for record in records:
            found = known.get(record.value.ready.external_id)
            if found is None:
                rest.append(record)
            elif found.mark == self.mark.import_id and self.source.format == Format.CSV:
                record.refuse(
                    Unprocessable(
                        "This order stood further up in the file. All rows of an order have to stand together.",
                        param="external_id",
                    )
                )
            else:
                self.attempt(record, outcome)
        return rest

    def together(self, records: Sequence[Record]) -> None:
        store_new_orders(self.merchant, [record.value.ready for record in records], self.mark.now)

    def grown(self) -> None:
        refresh_statistics()

    def put(self, record: Record) -> bool:
        value: OrderRecord = record.value.record
        origin = orders.Origin(source=SOURCE, raw={MARK: self.mark.import_id})
        known = Order.objects.filter(external_id=value.external_id).exists()
        if known:  # what its own shop once sent stays with it
            origin = orders.Origin(source=SOURCE)
        placed = orders.place_order(self.merchant, value, origin, historical=True)
        if value.cancelled_at and placed.order.status != OrderStatus.CANCELLED:
            orders.cancel_order(self.merchant, placed.order_id, at=value.cancelled_at, notify=False)
        return placed.created


class ShipmentWriter(Writer):
    """Parcels of orders that are known by now."""

    struct = ShipmentRecord

    def put(self, record: Record) -> bool:
        value: ShipmentRecord = record.value
        body = {name: getattr(value, name) for name in ShipmentIn.__struct_fields__}
        if value.order_number and not value.order_id and not value.order_external_id:
            body["order_id"] = self._order_by_number(value.order_number)
        if value.shipped_at is UNSET:  # of history "now" would be wrong
            body["shipped_at"] = value.delivered_at
        put = tracking.put_shipment(self.merchant, ShipmentIn(**{**body, "notify": False}))
        if value.delivered_at:
            scan = ScanIn(
                status=Status.DELIVERED,
                occurred_at=value.delivered_at,
                shipment_id=public_id("shp", put.shipment_id),
                external_id="import:delivered",
            )
            tracking.record_scans(self.merchant, [scan], source=SOURCE, notify=False)
        return put.created

    def _order_by_number(self, number: str) -> str:
        found = Order.objects.filter(lookup_number=normal_number(number)).values_list("pk", flat=True)[:2]
        if len(found) > 1:
            raise Unprocessable("Several orders have this number. Name it by its ID.", param="order_number")
        if not found:
            raise NotFound("There is no order with this number.", param="order_number")
        return public_id("ord", found[0])


class CustomerWriter(Writer):
    """Customers, known by their address or by what the shop calls them."""

    struct = CustomerRecord

    def put(self, record: Record) -> bool:
        value: CustomerRecord = record.value
        customer, created = put_customer(self.merchant, value)
        if value.birthday or value.tags:
            birthday = value.birthday or customer.birthday
            describe_customer(self.merchant, customer.id, birthday=birthday, tags=value.tags or None)
        return created


class ProductWriter(Writer):
    """Products with their variants."""

    struct = ProductIn

    def put(self, record: Record) -> bool:
        _, created = put_product(self.merchant, record.value, source=SOURCE)
        return created


WRITERS: dict[str, type[Writer]] = {
    Kind.ORDERS: OrderWriter,
    Kind.SHIPMENTS: ShipmentWriter,
    Kind.CUSTOMERS: CustomerWriter,
    Kind.PRODUCTS: ProductWriter,
}


def writer_of(merchant: Merchant, source: Import) -> Writer:
    """The writer of an import's kind."""
    return WRITERS[source.kind](merchant, source)
