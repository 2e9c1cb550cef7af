"""The return rules in a real browser: their sentences with a draft, the form of a rule, and a try on the past."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events import due
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Refund
from returns.policy import drafts
from returns.policy.commands import save_policy
from returns.policy.dry_run.job import TRIAL, start_trial
from returns.policy.model import Policy
from tests.analytics.test_returns import LINES, back
from tests.browser.conftest import Browse
from tests.browser.test_dashboard_pages import Axe, judge, signed_in
from tests.returns.policy.test_judging import policy, rule
from tests.returns.policy.test_verdicts import delivered

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = policy(
    rule(("product_tag", "is", "underwear, hygiene"), name="Underwear", final_sale=True),
    rule(
        ("discount_percent", "at_least", "30"), ("country", "is_not", "DE, AT, CH"), name="Deep discounts", window=14,
        resolutions=["exchange", "store_credit"], bonus_percent="10",
        fees={"flat": "4.90", "restocking_percent": "15", "free_on_exchange": True,
              "by_resolution": {"store_credit": {"flat": "1"}}},
    ),
    rule(("price", "below", "15"), name="Not worth the postage", reads="return", keep_item=True, auto_approve=True,
         review=False),
    window=30, methods=["qr", "label"], refund_trigger="scan",
)  # fmt: skip


@pytest.mark.parametrize("key", ["", "rule/deep-discounts/", "try/"])
def test_the_return_rules_are_usable_quiet_and_small(
    key: str, merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    save_policy(merchant, policy(*RULES.rules[1:], window=60), note="Sixty days, to begin with")
    drafts.change_draft(merchant, lambda _now: RULES)
    if key == "try/":
        key += public_id("ptr", _tried(merchant, RULES)) + "/"
    cookies = signed_in(merchant, live_server.url)
    visit = browse(f"{live_server.url}/app/nordwind/settings/return_rules/{key}", cookies=cookies)
    judge(visit, f"settings-return_rules-{key.split('/')[0] or 'list'}", axe)


def _tried(merchant: Merchant, rules: Policy) -> Any:
    order, now = delivered(merchant, 20), timezone.now()
    with merchant_scope(merchant):
        Refund.objects.create(
            merchant=merchant, order=order, external_id="r", amount=89, currency="EUR", lines={"L1": 1},
            refunded_at=now - timedelta(days=1), created_at=now,
        )  # fmt: skip
    trial = start_trial(merchant, rules)
    due.run(TRIAL)
    return trial.id


def test_returns_in_figures_are_usable_quiet_and_small(
    merchant: Merchant, live_server: Any, browse: Browse, axe: Axe
) -> None:
    for number in range(5):
        order = delivered(merchant, 2, email=f"a{number}@example.test", lines=LINES)
        back(merchant, order, "L1", "too_small" if number else "changed_mind")
    cookies = signed_in(merchant, live_server.url)
    judge(browse(f"{live_server.url}/app/nordwind/reports/returns/", cookies=cookies), "returns_report", axe)
