"""A test order: a merchant's own, sent on its way step by step, so that he sees mails arrive and the page move.

It is an order like any other, from the source `trial`; its parcel is moved by whoever presses the button, with scans as
a carrier would send them. Nobody is asked about it: its number is none of the sandbox carrier's.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext

from merchants.audit import record_change
from merchants.ids import public_id, uuid7
from merchants.models import Merchant
from merchants.rest.errors import NotFound
from merchants.scope import merchant_scope, merchant_transaction
from orders.commands import Origin, place_order
from orders.models import Order, OrderStatus
from orders.schemas import AddressIn, CustomerIn, LineIn, OrderIn
from tracking.commands import put_shipment, record_scans
from tracking.models import Shipment
from tracking.sandbox_parcels import origin_of
from tracking.schemas import ScanIn, ShipmentIn
from tracking.statuses import Status

SOURCE: Final = "trial"


@dataclass(frozen=True)
class Step:
    """A step of a trial: its name, and the status that the parcel has when it is done."""

    key: str
    status: Status | None = None
    substatus: str = ""


STEPS: Final = (
    Step("placed"),
    Step("shipped", Status.INFO_RECEIVED),
    Step("in_transit", Status.IN_TRANSIT, "transit.arrival"),
    Step("out_for_delivery", Status.OUT_FOR_DELIVERY, "ofd.on_vehicle"),
    Step("delivered", Status.DELIVERED, "delivered.recipient"),
)


def begin(merchant: Merchant, *, email: str) -> UUID:
    """Place a test order of this person's. Returns its id; the order's confirmation goes to the address."""
    number = f"TEST-{uuid7().hex[-4:].upper()}"
    home = origin_of(merchant)
    order = OrderIn(
        external_id=f"trial-{uuid7().hex}",
        number=number,
        currency=merchant.currency,
        customer=CustomerIn(
            email=email, first_name="Test", last_name=merchant.name[:100], locale=merchant.locale
        ),
        shipping_address=AddressIn(
            name=merchant.name, city=home.city, postcode=home.postcode, country=merchant.country
        ),
        lines=[
            LineIn(
                title=gettext("A product of yours"),
                quantity=1,
                unit_price=Decimal(89) if merchant.currency != "JPY" else Decimal(8900),
                external_id="1",
            )
        ],
    )
    placed = place_order(merchant, order, Origin(source=SOURCE))
    with merchant_transaction(merchant):
        record_change("trial.begun", public_id("ord", placed.order_id), number)
    return placed.order_id


def latest(merchant: Merchant) -> Order | None:
    """The newest test order, if there was one."""
    with merchant_scope(merchant):
        found: Order | None = Order.objects.filter(source=SOURCE).order_by("-placed_at", "-id").first()
    return found


def done(order: Order) -> int:
    """How many of the STEPS a test order has behind it."""
    parcel = Shipment.outbound.filter(order=order).order_by("number").first()
    if parcel is None:
        return 1
    reached = [place for place, step in enumerate(STEPS) if step.status == parcel.status]
    return reached[0] + 1 if reached else 2


def go_on(merchant: Merchant, order_id: UUID) -> None:
    """Take the next step of a test order; the last one changes nothing. Raises NotFound for any other order."""
    with merchant_scope(merchant):
        order = Order.objects.filter(pk=order_id, source=SOURCE, status=OrderStatus.PLACED).first()
        if order is None:
            raise NotFound("There is no such test order.", param="order_id")
        reached = done(order)
        if reached == len(STEPS):
            return
        if reached == 1:
            _hand_over(merchant, order)
            _note(merchant, order, STEPS[1])
            return
        parcel = Shipment.outbound.get(order=order)
    _scan(merchant, parcel, STEPS[reached])
    _note(merchant, order, STEPS[reached])


def _note(merchant: Merchant, order: Order, step: Step) -> None:
    with merchant_transaction(merchant):
        record_change("trial.moved", public_id("ord", order.pk), order.number, {"step": [None, step.key]})


def _hand_over(merchant: Merchant, order: Order) -> None:
    parcel = ShipmentIn(
        order_id=public_id("ord", order.pk),
        external_id="trial",
        carrier="sandbox",
        tracking_number=f"TRIAL-{order.pk.hex[-10:].upper()}",
        shipped_at=timezone.now(),
    )
    put = put_shipment(merchant, parcel)
    _scan(merchant, Shipment.outbound.get(pk=put.shipment_id), STEPS[1])


def _scan(merchant: Merchant, parcel: Shipment, step: Step) -> None:
    assert step.status is not None
    home = origin_of(merchant)
    is_home = step.status in (Status.OUT_FOR_DELIVERY, Status.DELIVERED)
    scan = ScanIn(
        shipment_id=public_id("shp", parcel.pk),
        status=step.status,
        substatus=step.substatus,
        occurred_at=timezone.now(),
        city=home.city if is_home else "Leipzig" if step.status == Status.IN_TRANSIT else "",
        country=home.country if is_home else "DE" if step.status == Status.IN_TRANSIT else None,
        external_id=f"trial:{step.key}",
    )
    record_scans(merchant, [scan], source=SOURCE)
