"""From the order to the door: what is told on the way, and what when something changes."""

from collections.abc import Iterator

from demo.journey.scene import MUGS, NEXT, SWEATER, Call, Scene
from merchants.scope import merchant_transaction
from notifications.commands import send_about, send_lookup_link
from orders.addresses import change_address
from orders.commands import cancel_order, lock_order


def arrives(scene: Scene) -> Iterator[Call]:
    """Placed, shipped, out for delivery, delivered: as it should be."""
    scene.place(promise=(1, 2))
    yield NEXT
    scene.ship(arrives_in=1)
    scene.scan("in_transit", "transit.departure")
    yield NEXT
    scene.scan("out_for_delivery")
    yield NEXT
    scene.scan("delivered", "delivered.neighbour")
    yield NEXT


def changes_its_order(scene: Scene) -> Iterator[Call]:
    """One more of it, and another address; a link by mail."""
    order = scene.place(MUGS, promise=(2, 3))
    yield NEXT
    scene.place(MUGS, quantity=3, promise=(2, 3))
    yield Call("order_changed")
    with merchant_transaction(scene.merchant):
        street = scene.says("12 Mill Lane", "Mühlenweg 12")
        change_address(scene.merchant, lock_order(order.id), {**order.shipping_address, "address1": street})
    send_lookup_link(scene.merchant, order)
    yield NEXT


def is_cancelled(scene: Scene) -> Iterator[Call]:
    """The shopper wants it no longer."""
    order = scene.place(SWEATER)
    yield NEXT
    cancel_order(scene.merchant, order.id)
    yield NEXT


def is_late_to_leave(scene: Scene) -> Iterator[Call]:
    """It is not packed in time; the team says so off the watch-list."""
    order = scene.place(SWEATER, days_ago=4, promise=(3, 4), notify=False)
    yield NEXT
    send_about(scene.merchant, order.id, None, "order_delayed", moment="story")
    yield NEXT


def comes_later(scene: Scene) -> Iterator[Call]:
    """The carrier names a later day."""
    scene.place(MUGS)
    scene.ship(arrives_in=2)
    scene.scan("in_transit", "transit.departure")
    yield NEXT
    scene.ship(arrives_in=4)
    yield NEXT


def stands_still(scene: Scene) -> Iterator[Call]:
    """Nothing is heard of it; the team says so off the watch-list."""
    order = scene.place(SWEATER)
    scene.ship()
    scene.scan("in_transit", "transit.departure")
    yield NEXT
    send_about(scene.merchant, order.id, scene.parcel.id, "shipment_silent", moment="story")
    yield NEXT


STORIES = (arrives, changes_its_order, is_cancelled, is_late_to_leave, comes_later, stands_still)
