"""The demo shop's return rules judge its orders."""

from datetime import timedelta

from django.utils import timezone

from demo import seed
from merchants.scope import merchant_scope
from orders.models import Order, Stage
from returns.policy.line_facts import Asked
from returns.policy.queries import verdicts


def test_its_orders_are_judged_by_its_rules(db: None) -> None:
    now, shop = timezone.now(), seed.make_merchant()
    seed.fill(shop, orders=60)
    with merchant_scope(shop):
        recent = Order.objects.filter(
            shipments__delivered_at__gte=now - timedelta(days=20), stage=Stage.DELIVERED
        )
        order = recent.order_by("placed_at").first()
        assert order is not None
        lines = list(order.lines.filter(quantity__gt=0))
        found = verdicts(shop, order, at=now)
        told = verdicts(shop, order, at=now, asked={line.id: Asked(reason="damaged") for line in lines})
    assert all(found[line.id].returnable and "reason" in found[line.id].asks for line in lines)
    for line in lines:
        verdict = told[line.id]
        assert (verdict.bonus_percent, verdict.keep_item) == (10, line.unit_price < 18)
        assert verdict.decided["fees"] == "Damaged or wrong: free of charge"
