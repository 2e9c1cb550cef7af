"""Settings of the parcel protection and of the withdrawal function: what is typed counts, what cannot be is refused."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import Conflict
from merchants.scope import merchant_scope
from returns.claims.clock import USUAL
from returns.claims.models import Cover, Protection
from returns.claims.pool import cover
from returns.claims.rules import clocks_of, rules_of
from returns.withdrawal.goods import rules_of as withdrawal_rules
from returns.withdrawal.models import Rules
from tests import factories

PROTECTION, WITHDRAWAL = "/app/nordwind/settings/protection/", "/app/nordwind/settings/withdrawal_rules/"
PRICES: dict[str, Any] = {
    "is_on": "on", "premium_skus": "SAFE, SAFE-2, SAFE", "premium_flat": "2.50", "flat_below": "50",
    "premium_percent": "3", "auto_approve_up_to": "", "auto_resolution": "credit", "lost_home_days": "8",
    "lost_abroad_days": "21", "late_hours": "24", "stolen_days": "3", "file_days": "40", "silent_days": "12",
    "pauses_on_scan": "on",
}  # fmt: skip
LAW: dict[str, Any] = {
    "days": "30", "informs": "on", "standard_shipping": "4.90", "business_tags": "b2b, trade",
    "exempt_custom_made": "engraved", "exempt_sealed_hygiene": "", "exempt_perishable": "fresh, Cheese",
    "exempt_digital": "",
}  # fmt: skip


def test_prices_and_clocks_count_and_are_noted(merchant: Merchant, owner: Client) -> None:
    assert owner.post(PROTECTION, PRICES).status_code == 302
    with merchant_scope(merchant):
        rules = rules_of()
        [entry] = AuditEntry.objects.all()
    assert (rules.premium_skus, rules.auto_approve_up_to, rules.silent_days) == (["SAFE", "SAFE-2"], None, 12)
    assert clocks_of(rules) == type(USUAL)(
        lost_at_home=timedelta(days=8), lost_abroad=timedelta(days=21), after_eta=timedelta(hours=24),
        stolen_from=timedelta(days=3), file_within=timedelta(days=40),
    )  # fmt: skip
    assert entry.changes["premium_percent"] == ["2.00", "3"]
    order = factories.order(merchant)
    assert cover(merchant, order.pk).premium == Decimal("2.67")  # 89.00, above the limit
    page = owner.get(PROTECTION).content.decode()
    assert 'value="SAFE, SAFE-2"' in page
    assert 'value="2.50"' in page
    owner.post(PROTECTION, {name: value for name, value in PRICES.items() if name != "is_on"})
    other = factories.order(merchant)
    with pytest.raises(Conflict) as refused:
        cover(merchant, other.pk)
    assert refused.value.code == "protection_off"
    assert cover(merchant, order.pk).premium == Decimal("2.67")  # who is covered stays so
    with merchant_scope(merchant):
        assert Cover.objects.count() == 1


@pytest.mark.parametrize(
    ("page", "form", "wrong"),
    [(PROTECTION, PRICES, {"premium_percent": "101"}), (PROTECTION, PRICES, {"file_days": "3"}),
     (PROTECTION, PRICES, {"premium_flat": "-1"}), (PROTECTION, PRICES, {"auto_resolution": "gold"}),
     (PROTECTION, PRICES, {"premium_skus": "x" * 192}), (WITHDRAWAL, LAW, {"days": "13"}),
     (WITHDRAWAL, LAW, {"exempt_digital": "FRESH"}), (WITHDRAWAL, LAW, {"standard_shipping": "much"})],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    merchant: Merchant, owner: Client, page: str, form: dict[str, Any], wrong: dict[str, str]
) -> None:
    assert owner.post(page, {**form, **wrong}).status_code == 422
    with merchant_scope(merchant):
        assert (Protection.objects.count(), Rules.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)


def test_a_longer_time_and_exempt_goods_of_the_withdrawal_count(merchant: Merchant, owner: Client) -> None:
    page = owner.get(WITHDRAWAL).content.decode()
    assert 'value="b2b, business, wholesale"' in page  # what holds without a row
    assert owner.post(WITHDRAWAL, LAW).status_code == 302
    with merchant_scope(merchant):
        rules = withdrawal_rules()
    assert rules.exempt_tags == {"engraved": "custom_made", "fresh": "perishable", "Cheese": "perishable"}
    assert (rules.days, rules.standard_shipping, rules.business_tags) == (
        30,
        Decimal("4.9"),
        ["b2b", "trade"],
    )
    assert 'value="fresh, Cheese"' in owner.get(WITHDRAWAL).content.decode()
