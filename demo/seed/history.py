"""What a planned order would have left behind had it come in when it says: rows and dated facts.

The rules are the product's own: values are checked like a shop's (`orders.checks`), a parcel's state is what its scans
add up to (`tracking.resolve`), windows and stages are those of `tracking`. Only the clock is another one, so that three
months need seconds. Nothing here touches the database.
"""

from datetime import datetime
from uuid import UUID

from demo.seed.parcels import add_parcel
from demo.seed.plan import PlannedOrder
from demo.seed.record import History
from merchants.ids import uuid7
from merchants.models import Merchant
from orders.checks import checked
from orders.facts import OrderCancelled, OrderPlaced
from orders.links import new_link
from orders.models import Order, OrderLine, OrderStatus, Stage
from orders.schemas import AddressIn, CustomerIn, LineIn, OrderIn, PromiseIn
from tracking.progress import stage_of


def history_of(merchant: Merchant, planned: PlannedOrder, customer_id: UUID | None, now: datetime) -> History:
    """Everything about one order, up to `now`."""
    history = _placed(merchant, planned, customer_id, now)
    for number, parcel in enumerate(planned.parcels, start=1):
        add_parcel(merchant, history, planned, parcel, number, now)
    if planned.cancelled_at:
        _cancel(history, planned.cancelled_at)
    else:
        history.order.stage = _stage(history)
    return history


def _placed(merchant: Merchant, planned: PlannedOrder, customer_id: UUID | None, now: datetime) -> History:
    body = order_body(planned)
    order = Order(
        id=uuid7(), merchant=merchant, external_id=body.external_id, customer_id=customer_id, source="demo",
        created_at=planned.placed_at, updated_at=planned.placed_at, **checked(body),
    )  # fmt: skip
    order.link_digest, order.link_expires_at = new_link(order.id, order.link_version, now)
    lines = [
        OrderLine(
            merchant=merchant, order=order, external_id=line.external_id, position=index, sku=line.sku,
            title=line.title, variant=line.variant, quantity=line.quantity, unit_price=line.unit_price,
            image_url=line.image_url,
        )
        for index, line in enumerate(body.lines, start=1)
    ]  # fmt: skip
    history = History(order, lines)
    placed = OrderPlaced(
        order_id=order.id, external_id=order.external_id, number=order.number, total=order.total,
        currency=order.currency, notify=False,
    )  # fmt: skip
    history.tell(planned.placed_at, placed)
    return history


def order_body(planned: PlannedOrder) -> OrderIn:
    """The order as the shop would post it."""
    shopper, german = planned.shopper, planned.shopper.german
    return OrderIn(
        external_id=planned.external_id,
        number=planned.number,
        currency="EUR",
        placed_at=planned.placed_at,
        customer=CustomerIn(
            external_id=f"c-{shopper.number}", email=shopper.email, phone=shopper.phone, locale=shopper.locale,
            first_name=shopper.first_name, last_name=shopper.last_name, sms_consent=shopper.sms_consent,
        ),
        shipping_address=AddressIn(
            name=f"{shopper.first_name} {shopper.last_name}", address1=shopper.street, city=shopper.city,
            postcode=shopper.postcode, country=shopper.country,
        ),
        lines=[
            LineIn(
                external_id=str(index), sku=line.product.sku_of(line.variant), title=line.product.title(german),
                variant=line.product.variants[line.variant][german], quantity=line.quantity,
                unit_price=line.product.price, image_url=line.product.image_url,
            )
            for index, line in enumerate(planned.lines, start=1)
        ],
        shipping=planned.shipping,
        delivery=PromiseIn(earliest=planned.promise[0], latest=planned.promise[1]) if planned.promise else None,
        discount=planned.discount,
        notify=False,
    )  # fmt: skip


def _cancel(history: History, at: datetime) -> None:
    order = history.order
    order.status, order.stage = OrderStatus.CANCELLED, Stage.CANCELLED
    order.cancelled_at = order.updated_at = at
    cancelled = OrderCancelled(
        order_id=order.id, external_id=order.external_id, cancelled_at=at, notify=False
    )
    history.tell(at, cancelled)


def _stage(history: History) -> Stage:
    open_quantity = sum(line.quantity - line.shipped_quantity for line in history.lines)
    return stage_of([shipment.status for shipment in history.shipments], open_quantity)
