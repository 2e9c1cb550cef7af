"""What a shop says about withdrawals, stored with what changed."""

from typing import Any

from django.utils import timezone

from merchants import audit
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from returns.withdrawal.goods import rules_of
from returns.withdrawal.models import Rules


def set_rules(merchant: Merchant, **values: Any) -> bool:
    """Store columns of `Rules`, and note what changed. Returns whether anything did.

    What was declared already keeps the day that was found for it.
    """
    with merchant_transaction(merchant):
        found = Rules.objects.select_for_update().first() or rules_of()
        changes = audit.differences({name: getattr(found, name) for name in values}, values)
        if not changes:
            return False
        found.merchant = merchant
        for name, value in values.items():
            setattr(found, name, value)
        found.updated_at = timezone.now()
        found.save()
        audit.record_change("settings.withdrawal", changes=changes)
    return True
