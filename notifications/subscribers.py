"""From facts to planned messages."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from notifications import planner, planning
from notifications.about_returns import presents, reader_of, return_id_of
from notifications.condition_context import contexts
from notifications.planner import Subject
from notifications.push.queries import hosts_by_order
from notifications.switches import all_switches, triggers
from orders.models import Order
from returns.models import Return


# Without `forget`: replaying the log must not write to people again.
@subscribe("notifications.plan", triggers())
def plan_messages(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Plan a message for each new moment, channel and recipient: a fixed number of queries, however many facts."""
    told = [fact for fact in facts if fact.data.get("notify", True) and fact.order_id]
    if not told:
        return
    switches = all_switches()
    wanted = [
        (fact, touchpoint, switch)
        for fact in told
        for touchpoint, switch in planner.set_off(fact.type, switches)
    ]
    if not wanted:
        return
    orders = Order.objects.defer("raw", "search").in_bulk({fact.order_id for fact, _, _ in wanted})
    given = presents(fact.payload() for fact, _, _ in wanted)
    known = contexts(merchant, orders.values(), planner.needs([switch for _, _, switch in wanted]))
    now, has_sms = timezone.now(), planning.has_sms()
    devices = hosts_by_order(merchant, orders.keys())
    planning.store(
        [
            planner.row(merchant, planned)
            for fact, touchpoint, switch in wanted
            if (order := _reader(orders, fact, given)) is not None
            for planned in planner.plan_fact(
                merchant,
                touchpoint,
                switch,
                fact,
                Subject(order, known[order.id], order.id in devices),
                now=now,
                has_sms=has_sms,
            )
        ]
    )


def _reader(orders: Mapping[UUID, Order], fact: RecordedFact, given: Mapping[UUID, Return]) -> Order | None:
    """The fact's order; about a present it has the address of who got it."""
    order = orders.get(fact.order_id) if fact.order_id else None
    if order is None or not given:
        return order
    payload = fact.payload()
    returned = return_id_of(payload)
    return reader_of(order, payload, given.get(returned) if returned else None) or order
