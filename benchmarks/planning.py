"""Planning: facts a second through the readers of touchpoints and flows, with 20 touchpoints on."""

import statistics

from benchmarks.harness import ROUNDS, Result
from tools.installation import Installation

ORDERS = 1_000
TYPES = 10  # facts of each order


def planning(installation: Installation) -> Result:
    """Facts a second, each of which plans two messages with conditions, a delay and a time of day.

    One process that only plans: `notifications.plan` and `flows.run` (no flow is on) read 10,000 facts of 1,000 orders.
    20 touchpoints are on, two for each of ten types of facts, with four conditions each (country, value, product tag,
    first order). peak_mb: the process at its largest. raw: the same reader when no touchpoint wants the facts.
    """
    installation.worker.stop()
    speeds, limits, cpu, peaks = [], [], [], []
    for number in range(ROUNDS):
        for wanted, found in (("", limits), ("1", speeds)):
            script = _PLAN.format(number=f"{number}{wanted}", orders=ORDERS, types=TYPES, wanted=wanted)
            facts, messages, seconds, spent, peak = map(
                float, installation.python(script, timeout=600).split()[-5:]
            )
            if facts != ORDERS * TYPES or messages != (2 * facts if wanted else 0):
                raise RuntimeError(f"{messages:.0f} messages were planned for {facts:.0f} facts")
            found.append(facts / seconds)
            if wanted:
                cpu.append(1000 * spent / facts)
                peaks.append(peak)
    value, raw = statistics.median(speeds), statistics.median(limits)
    return Result(
        "planning",
        value,
        "facts/s",
        raw=raw,
        ratio=value / raw,
        cpu_ms=statistics.median(cpu),
        peak_mb=max(peaks),
    )


_PLAN = """
import resource, time
from datetime import timedelta, time as clock
from decimal import Decimal
import django
django.setup()
from django.db import connection
from django.utils import timezone
from events import log, subscribers
from events.drain import drain
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.conditions import Condition, Op
from notifications.models import Message, TouchpointVersion
from notifications.switches import Switch, settings_of
from notifications.touchpoints import TOUCHPOINTS
from orders import commands
from orders.schemas import AddressIn, CustomerIn, LineIn, OrderIn

KEPT = ("notifications.plan", "flows.run")
for name in set(subscribers._subscribers) - set(KEPT):
    del subscribers._subscribers[name]
merchant = Merchant.objects.get(slug="nordwind")
ids = []
for number in range({orders}):
    placed = commands.place_order(merchant, OrderIn(
        external_id=f"plan-{number}-{{number}}", number=f"#plan-{number}-{{number}}", currency="EUR",
        customer=CustomerIn(email=f"plan-{{number}}@example.test", first_name="Anna", locale="de"),
        shipping_address=AddressIn(city="Berlin", postcode="10115", country="DE"),
        lines=[LineIn(title="Sweater", quantity=2, unit_price=Decimal(89), external_id="L1", sku="FWS-M")],
    ))
    ids.append(placed.order_id)
TYPES = ["shipment." + kind for kind in ("created", "shipped", "out_for_delivery", "attempt_failed",
         "ready_for_pickup", "delivered", "exception", "returning", "returned", "eta_changed")]
conditions = (
    Condition("country", Op.IS, ("DE", "AT")), Condition("order_value", Op.AT_LEAST, ("50",)),
    Condition("product_tag", Op.IS_NOT, ("sale",)), Condition("first_order", Op.IS, ("yes", "no")),
)
keys = list(TOUCHPOINTS)[:20]
log.sequence(merchant.shard)
with merchant_scope(merchant):
    TouchpointVersion.objects.all().delete()
    for place, key in enumerate(keys):
        kind = TYPES[place % len(TYPES)] if "{wanted}" else "order.deleted"
        switch = Switch(trigger=(kind,), delay=timedelta(days=3), at=clock(10), conditions=conditions,
                        channels=("email",), reach="first")
        TouchpointVersion.objects.create(merchant=merchant, touchpoint=key, number=1, settings=settings_of(switch),
                                         is_current=True, saved_at=timezone.now())
    for key in set(TOUCHPOINTS) - set(keys):
        TouchpointVersion.objects.create(
            merchant=merchant, touchpoint=key, number=1, settings=settings_of(Switch(trigger=("order.deleted",))),
            is_current=True, saved_at=timezone.now())
    before = Message.objects.count()
with connection.cursor() as cursor:
    cursor.execute("DELETE FROM events_cursor WHERE subscriber = ANY(%s)", [list(KEPT)])
    cursor.execute(
        "INSERT INTO events_cursor (subscriber, shard, position) SELECT name, %s, coalesce(max(position), 0)"
        " FROM events_fact, unnest(%s::text[]) AS name GROUP BY name", [merchant.shard, list(KEPT)])
    cursor.execute(
        "INSERT INTO events_incoming (merchant_id, shard, type, order_id, data, recorded_at)"
        " SELECT %s, %s, kind, id, jsonb_build_object('shipment_id', id, 'status', 'in_transit'), now()"
        " FROM unnest(%s::uuid[]) AS id, unnest(%s::text[]) AS kind", [merchant.id, merchant.shard, ids, TYPES])
    cursor.execute("ANALYZE events_incoming, events_fact, orders_order, orders_orderline")
    connection.commit()
log.sequence(merchant.shard)
began, cpu = time.perf_counter(), time.process_time()
drain(merchant.shard, seconds=600)
seconds, spent = time.perf_counter() - began, time.process_time() - cpu
with merchant_scope(merchant):
    planned = Message.objects.count() - before
    Message.objects.filter(state="planned").update(state="skipped", due_at=None)
    TouchpointVersion.objects.all().delete()
print(len(ids) * len(TYPES), planned, seconds, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
"""
