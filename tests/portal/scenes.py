"""Every state that a shopper's page can show, made by the product's own commands."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from PIL import Image

from cases import commands as cases
from cases.models import Case, CaseKind
from cases.steps import Report
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders import commands as orders
from orders.links import link_token
from orders.models import Order
from orders.schemas import AddressIn, LineIn
from tests import factories
from tracking.models import Shipment
from tracking.schemas import ShipmentLineIn, WindowIn

Scene = Callable[[Merchant, str], Order]
WAY = [
    ("info_received", "info.label_created", "", ""),
    ("in_transit", "transit.picked_up", "Hamburg", "DE"),
    ("in_transit", "transit.arrival", "Hannover", "DE"),
    ("in_transit", "transit.departure", "Kassel", "DE"),
    ("in_transit", "transit.arrival", "Frankfurt am Main", "DE"),
]


def token_of(order: Order) -> str:
    """The token of an order's link."""
    return link_token(order.id, order.link_version)


def parcel_of(merchant: Merchant, order: Order) -> Shipment:
    """The first parcel of an order."""
    with merchant_scope(merchant):
        return Shipment.objects.filter(order=order).order_by("number").first()


def placed(merchant: Merchant, locale: str, **fields: Any) -> Order:
    """An order of two lines for Munich."""
    lines = [
        LineIn(external_id="L1", title="Fjord Wool Sweater", variant="Petrol / M", quantity=1, unit_price=Decimal(89)),
        LineIn(external_id="L2", title="Leather Loafer", variant="Cognac / 42", quantity=2, unit_price=Decimal(129)),
    ]  # fmt: skip
    address = AddressIn(name="Anna Weber", city="München", postcode="80331", country="DE")
    values: dict[str, Any] = {
        "lines": lines,
        "shipping_address": address,
        "shipping": Decimal("4.90"),
        **fields,
    }
    return factories.order(merchant, locale=locale, **values)


def _at(days: float = 0, hour: int | None = None) -> datetime:
    moment = timezone.now() + timedelta(days=days)
    return moment.replace(hour=hour, minute=0, second=0, microsecond=0) if hour is not None else moment


def shipped(merchant: Merchant, locale: str, *, first: float = 2, last: float = 3, **fields: Any) -> Order:
    """An order whose parcel was handed over and comes in some days."""
    order = placed(merchant, locale)
    window = WindowIn(earliest=_at(first, 8), latest=_at(last, 18))
    values: dict[str, Any] = {"carrier": "DHL", "delivery": window, "shipped_at": _at(-2), **fields}
    factories.shipment(merchant, order, **values)
    return order


def scanned(
    merchant: Merchant,
    locale: str,
    status: str,
    substatus: str = "",
    *,
    city: str = "",
    way: int = 5,
    **fields: Any,
) -> Order:
    """A parcel that went some of the way and was then scanned with this status."""
    order = shipped(merchant, locale, **fields)
    parcel = parcel_of(merchant, order)
    for step, (old_status, old_substatus, old_city, country) in enumerate(WAY[:way]):
        factories.scan(merchant, parcel, old_status, _at(-2 + step / 4), substatus=old_substatus, city=old_city,
                       **({"country": country} if country else {}))  # fmt: skip
    if status:
        where = {"city": city, "country": "DE"} if city else {}
        factories.scan(
            merchant, parcel, status, timezone.now() - timedelta(minutes=40), substatus=substatus, **where
        )
    return order


def _change(merchant: Merchant, order: Order, **values: Any) -> Order:
    with merchant_scope(merchant):
        Shipment.objects.filter(order=order).update(**values)
    return order


def _cancelled_order(merchant: Merchant, locale: str) -> Order:
    order = placed(merchant, locale)
    orders.cancel_order(merchant, order.id)
    return order


def _delayed(merchant: Merchant, locale: str) -> Order:
    order = scanned(merchant, locale, "", first=4, last=5)
    return _change(merchant, order, promised_from=_at(1, 8), promised_to=_at(2, 18))


def _overdue(merchant: Merchant, locale: str) -> Order:
    return _change(merchant, scanned(merchant, locale, ""), eta_from=_at(-2, 8), eta_to=_at(-1, 18))


def _out(merchant: Merchant, locale: str) -> Order:
    order = scanned(merchant, locale, "out_for_delivery", "ofd.on_vehicle", city="München")
    start = timezone.now().astimezone(ZoneInfo(merchant.timezone)) + timedelta(minutes=30)
    end = min(start + timedelta(hours=2), start.replace(hour=23, minute=59))  # whatever the time of the test
    return _change(merchant, order, eta_from=start, eta_to=end)


def _pickup(merchant: Merchant, locale: str) -> Order:
    order = scanned(merchant, locale, "available_for_pickup", "pickup.ready", city="München")
    place = {"name": "Kiosk am Tor", "address": "Sendlinger Str. 7", "postcode": "80331", "city": "München",
             "country": "DE", "hours": "Mo–Fr 8–20, Sa 9–18", "code": "4711"}  # fmt: skip
    return _change(merchant, order, pickup=place, pickup_until=_at(6, 17))


def _signed(merchant: Merchant, locale: str) -> Order:
    order = scanned(merchant, locale, "delivered", "delivered.signed", city="München")
    return _change(merchant, order, signed_by="A. Weber")


def _neighbour(merchant: Merchant, locale: str) -> Order:
    order = scanned(merchant, locale, "delivered", "delivered.neighbour", city="München")
    return _change(merchant, order, signed_by="Familie Huber")


def _found_again(merchant: Merchant, locale: str) -> Order:
    order = scanned(merchant, locale, "in_transit", "transit.resumed", city="Leipzig")
    factories.scan(merchant, parcel_of(merchant, order), "exception", _at(-0.5), substatus="exception.lost")
    return order


def two_parcels(merchant: Merchant, locale: str) -> Order:
    """One parcel delivered, one on its way, and something still to come."""
    order = placed(merchant, locale)
    first = factories.shipment(merchant, order, carrier="DHL", lines=[ShipmentLineIn(line="L1", quantity=1)])
    factories.shipment(merchant, order, carrier="UPS", lines=[ShipmentLineIn(line="L2", quantity=1)])
    factories.scan(merchant, first, "delivered", timezone.now(), city="München", country="DE")
    return order


def _with(status: str, substatus: str = "", **fields: Any) -> Scene:
    return lambda merchant, locale: scanned(merchant, locale, status, substatus, **fields)


SCENES: dict[str, Scene] = {
    "ordered": placed,
    "cancelled_order": _cancelled_order,
    "packed": lambda merchant, locale: shipped(merchant, locale, shipped_at=None),
    "shipped_no_scan": shipped,
    "label": _with("info_received", "info.label_created", way=0, shipped_at=None),
    "in_transit": _with(""),
    "customs": _with("in_transit", "transit.customs_started", city="Leipzig"),
    "delayed": _delayed,
    "overdue": _overdue,
    "out_for_delivery": _out,
    "pickup": _pickup,
    "attempt_failed": _with("attempt_failed", "attempt.no_one", city="München"),
    "no_access": _with("attempt_failed", "attempt.no_access", city="München"),
    "delivered": _with("delivered", "delivered.recipient", city="München"),
    "delivered_signed": _signed,
    "delivered_neighbour": _neighbour,
    "exception": _with("exception"),
    **{
        f"exception_{name}": _with("exception", f"exception.{name}")
        for name in (
            "delay_carrier", "delay_weather", "delay_customs", "documents", "payment_due", "address", "refused",
            "moved", "pickup_missed", "missorted", "damaged", "lost", "disposed", "held", "rejected_by_carrier",
        )
    },
    "returning": _with("returning"),
    "returned": _with("returned"),
    "cancelled_parcel": _with("cancelled", way=0),
    "expired": _with("expired"),
    "found_again": _found_again,
    "two_parcels": two_parcels,
}  # fmt: skip


def reported(merchant: Merchant, locale: str, kind: str = "damaged") -> tuple[Order, Case]:
    """A delivered parcel about which its shopper has a case that the shop has answered."""
    order = SCENES["delivered_signed"](merchant, locale)
    parcel = parcel_of(merchant, order)
    picture = BytesIO()
    Image.new("RGB", (200, 150), "#0b6b53").save(picture, "JPEG")
    report = Report(CaseKind(kind), "The sole has come off the left shoe.", photos=[picture.getvalue()])
    case = cases.open_case(merchant, order.id, parcel.id, report)
    cases.answer(merchant, case.id, "We’re sorry!\nA new pair leaves today.")
    return order, case
