"""The watch-list at 200,000 orders: its page, what opening costs for each fact; and the carriers' page."""

from benchmarks import dashboard
from benchmarks.harness import Result
from tools.installation import Installation


def dashboard_watch(installation: Installation) -> Result:
    """The watch-list with about 5,900 open items: all, a reason, a filter and a search."""
    cookie = dashboard.prepare(installation)
    _run(installation, _ITEMS)
    addresses = ["/watch/", "/watch/?tab=late", "/watch/?country=CH&carrier=ups", "/watch/?q=weber"]
    return dashboard.measured(installation, "dashboard_watch", cookie, addresses)


def dashboard_carriers(installation: Installation) -> Result:
    """The carriers' scorecards of 90 days and of a year."""
    cookie = dashboard.prepare(installation)
    _run(installation, _TALLIES)
    return dashboard.measured(
        installation, "dashboard_carriers", cookie, ["/reports/carriers/", "/reports/carriers/?days=365"]
    )


def watch_opening(installation: Installation) -> Result:
    """What a fact costs that opens an item, in a reader's batch of 500."""
    dashboard.prepare(installation)
    seconds, facts, queries = map(float, installation.python(_OPENING).split()[-3:])
    return Result("watch_opening", 1e6 * seconds / facts, "µs a fact", queries=round(queries))


def _run(installation: Installation, statement: str) -> None:
    with installation.connect() as connection:
        connection.execute(statement)
        connection.commit()
        connection.execute("ANALYZE tracking_watchitem")
        connection.execute("ANALYZE analytics_carriertally")
        connection.commit()


_ITEMS = """
INSERT INTO tracking_watchitem (id, merchant_id, order_id, shipment_id, reason, detail, state, since, opened_at, value,
                                currency, assignee, note, dismissal)
SELECT gen_random_uuid(), merchant_id, order_id, id, reason, '', 'open', status_at, status_at, 89, 'EUR', '', '', ''
FROM tracking_shipment, unnest(ARRAY['address', 'late']) AS reason
WHERE status = 'exception' AND (reason = 'address' OR get_byte(uuid_send(id), 15) % 4 = 0)
ON CONFLICT DO NOTHING
"""
_TALLIES = """
INSERT INTO analytics_carriertally (id, merchant_id, day, carrier, service, country, measure, bin, number)
SELECT gen_random_uuid(), p.merchant_id, p.day, p.carrier, 'Standard', o.country, m.measure,
       CASE m.measure WHEN 'transit' THEN ceil(ln(greatest(p.transit, 1) * 21600) / ln(1.1)) WHEN 'workdays'
                      THEN p.transit / 4 WHEN 'latency' THEN 60 + p.transit ELSE 0 END, count(*)
FROM analytics_parceloutcome p
JOIN tracking_shipment s ON s.merchant_id = p.merchant_id AND s.id = p.shipment_id
JOIN orders_order o ON o.merchant_id = s.merchant_id AND o.id = s.order_id
CROSS JOIN unnest(ARRAY['ended', 'delivered', 'promised', 'promise_kept', 'dated', 'date_kept', 'attempted',
                        'first_attempt', 'transit', 'workdays', 'latency']) AS m(measure)
GROUP BY 2, 3, 4, 6, 7, 8
ON CONFLICT DO NOTHING
"""
# Parcels that have a problem and no item: each look opens one, as for the fact that told of it.
_OPENING = """
import time
import django
django.setup()
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tracking.models import Shipment, WatchClock, WatchItem
from tracking.watch.keeping import look
merchant = Merchant.objects.get(slug="nordwind")
with merchant_scope(merchant):
    WatchItem.objects.all().delete()
    WatchClock.objects.all().delete()
    rows = Shipment.objects.filter(status="exception").order_by("-created_at").values_list("order_id", flat=True)
    orders = list(rows[:1500])
    look(merchant, orders[:500])
    before = WatchItem.objects.count()
    start = time.perf_counter()
    look(merchant, orders[500:1000])
    took = time.perf_counter() - start
    with CaptureQueriesContext(connection) as captured:
        look(merchant, orders[1000:])
    opened = WatchItem.objects.filter(state="open").count() - before
print(took, 500, len(captured))
"""
