"""What shoppers have done on their pages: a report that was answered, a parcel that is missed, a wish."""

from pathlib import Path

from django.conf import settings

from cases import commands as cases
from cases.models import CaseKind
from cases.steps import Report
from demo.seed.showcase import PREFIX
from merchants.models import Merchant
from merchants.pictures import photo_from
from merchants.scope import merchant_scope
from orders.models import Order
from tracking import wishes
from tracking.models import Shipment
from tracking.wishes import WishKind


def act_as_shoppers(merchant: Merchant) -> int:
    """Let the shoppers of the newest showcase act, by the product's own commands. Returns how many did.

    Their mails go out as anybody's do: into the demo's mailbox.
    """
    with merchant_scope(merchant):
        orders = Order.objects.filter(external_id__startswith=PREFIX).defer("raw", "search")
        found = {
            order.external_id.removeprefix(PREFIX).rpartition("-")[0]: order
            for order in orders.order_by("external_id")  # the newest of a name stays
        }
        parcels = {
            parcel.order_id: parcel
            for parcel in Shipment.objects.filter(order__in=found.values()).order_by("-number")
        }
    acted = 0
    for name, act in (("delivered", _damaged), ("delivered_de", _missed), ("in_transit_de", _wish)):
        order = found.get(name)
        if order is not None and order.id in parcels:
            act(merchant, order, parcels[order.id])
            acted += 1
    return acted


def _damaged(merchant: Merchant, order: Order, parcel: Shipment) -> None:
    photo = Path(settings.BASE_DIR, "static/demo/products/mug-1.png").read_bytes()
    report = Report(CaseKind.DAMAGED, "The handle came off when I unpacked it.", photos=[photo_from(photo)])
    case = cases.open_case(merchant, order.id, parcel.id, report)
    cases.answer(
        merchant, case.id, "We’re sorry! A new one leaves our warehouse today. Please keep the old one."
    )


def _missed(merchant: Merchant, order: Order, parcel: Shipment) -> None:
    cases.wait_a_day(merchant, order.id, parcel.id)


def _wish(merchant: Merchant, order: Order, parcel: Shipment) -> None:
    wishes.set_wish(merchant, parcel.id, WishKind.SAFE_PLACE, place="Garage, links neben dem Haus")
