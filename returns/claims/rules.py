"""What a shop says about its protection: prices, clocks and pauses (PRODUCT, P1, P3 and P4)."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone

from merchants import audit
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from orders.models import Order
from returns.claims.clock import Clocks
from returns.claims.models import Protection


def rules_of() -> Protection:
    """The open scope's rules; what holds without a row: one query."""
    found: Protection | None = Protection.objects.first()
    return found or Protection()


def clocks_of(rules: Protection) -> Clocks:
    """The rules' times as the clock takes them."""
    return Clocks(
        lost_at_home=timedelta(days=rules.lost_home_days), lost_abroad=timedelta(days=rules.lost_abroad_days),
        after_eta=timedelta(hours=rules.late_hours), stolen_from=timedelta(days=rules.stolen_days),
        file_within=timedelta(days=rules.file_days),
    )  # fmt: skip


def premium_of(order: Order, rules: Protection) -> Decimal:
    """What protecting an order costs: flat below a limit, a share of its goods above (PRODUCT, P1)."""
    if order.subtotal < rules.flat_below:
        return rules.premium_flat
    return (order.subtotal * rules.premium_percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def set_rules(merchant: Merchant, **values: Any) -> bool:
    """Store columns of `Protection`, and note what changed. Returns whether anything did."""
    with merchant_transaction(merchant):
        found = Protection.objects.select_for_update().first() or Protection(merchant=merchant)
        before = {name: getattr(found, name) for name in values}
        changes = audit.differences(before, values)
        if not changes:
            return False
        for name, value in values.items():
            setattr(found, name, value)
        found.updated_at = timezone.now()
        found.save()
        audit.record_change("settings.protection", changes=changes)
    return True
