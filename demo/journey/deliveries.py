"""From the order to the door: what is told on the way, and what when something changes."""

from collections.abc import Iterator

from demo.journey.scene import FLOW, MUGS, NEXT, SWEATER, Call, Scene
from merchants.scope import merchant_scope, merchant_transaction
from notifications.commands import send_about, send_lookup_link
from notifications.flows.commands import stop_run
from notifications.flows.models import FlowRun, RunState
from orders.addresses import change_address
from orders.commands import cancel_order, lock_order
from tracking.statuses import Status


def arrives(scene: Scene) -> Iterator[Call]:
    """Placed, shipped, out for delivery, delivered: as it should be."""
    scene.place(promise=(1, 2))
    yield NEXT
    scene.ship(arrives_in=1)
    scene.scan(Status.IN_TRANSIT, "transit.departure")
    yield NEXT
    scene.scan(Status.OUT_FOR_DELIVERY)
    yield NEXT
    scene.scan(Status.DELIVERED, "delivered.neighbour")
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
    scene.scan(Status.IN_TRANSIT, "transit.departure")
    yield NEXT
    scene.ship(arrives_in=4)
    yield NEXT


def stands_still(scene: Scene) -> Iterator[Call]:
    """Nothing is heard of it; the team says so off the watch-list."""
    order = scene.place(SWEATER)
    scene.ship()
    scene.scan(Status.IN_TRANSIT, "transit.departure")
    yield NEXT
    send_about(scene.merchant, order.id, scene.parcel.id, "shipment_silent", moment="story")
    yield NEXT


def is_told_by_a_flow(scene: Scene) -> Iterator[Call]:
    """Nothing is heard of it for so long that the flow's own waiting is over."""
    scene.place(MUGS)
    scene.ship()
    scene.scan(Status.IN_TRANSIT, "transit.departure")
    yield NEXT
    yield Call(FLOW)


def is_taken_out_of_a_flow(scene: Scene) -> Iterator[Call]:
    """The team knows better, and stops the run."""
    order = scene.place(MUGS)
    scene.ship()
    yield NEXT
    with merchant_scope(scene.merchant):
        runs = list(FlowRun.objects.filter(order_id=order.id, state=RunState.RUNNING))
    for run in runs:
        stop_run(scene.merchant, run.id)
    yield NEXT


STORIES = (
    is_told_by_a_flow, is_taken_out_of_a_flow, arrives, changes_its_order, is_cancelled, is_late_to_leave, comes_later,
    stands_still,
)  # fmt: skip
