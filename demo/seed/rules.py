"""The demo shop's return rules, in force for as long as it has orders, and its reasons."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from demo.seed.catalogue import WORN
from merchants.models import Merchant
from merchants.scope import merchant_scope
from returns.policy.choices import Method, Reads, Resolution, Trigger
from returns.policy.commands import save_policy
from returns.policy.fields import Field, Op
from returns.policy.model import Condition, Fees, Outcome, Policy, Rule
from returns.policy.models import PolicyVersion
from returns.reasons import REASONS, set_reasons


def _if(field: Field, op: Op, *values: str) -> Condition:
    return Condition(field=field, op=op, values=values)


RULES = Policy(
    rules=(
        Rule(
            key="damaged",
            name="Damaged or wrong: free of charge",
            conditions=(_if(Field.REASON, Op.IS, "damaged", "defective", "wrong_item"),),
            outcome=Outcome(
                resolutions=(Resolution.REPLACEMENT, Resolution.REFUND, Resolution.STORE_CREDIT), fees=Fees(),
            ),
        ),
        Rule(
            key="worn-socks",
            name="Socks come back unopened",
            conditions=(
                _if(Field.SKU, Op.IS, "DS-*"), _if(Field.CONDITION, Op.IS, "opened", "used"),
            ),
            outcome=Outcome(final_sale=True),
        ),
        Rule(
            key="keep",
            name="Not worth the postage",
            conditions=(
                _if(Field.PRICE, Op.BELOW, "18"), _if(Field.REASON, Op.IS, "damaged", "wrong_item"),
            ),
            outcome=Outcome(keep_item=True),
            reads=Reads.RETURN,
        ),
        Rule(
            key="switzerland",
            name="Switzerland pays the way back",
            conditions=(_if(Field.COUNTRY, Op.IS, "CH"),),
            outcome=Outcome(
                fees=Fees(flat=Decimal("9.90"), free_on_exchange=True), methods=(Method.LABEL, Method.OWN)
            ),
        ),
        Rule(
            key="often",
            name="Somebody who returns often",
            conditions=(_if(Field.CUSTOMER_RETURNS, Op.AT_LEAST, "4"),),
            outcome=Outcome(review=True, refund_trigger=Trigger.INSPECTION),
            reads=Reads.RETURN,
        ),
    ),
    standard=Outcome(
        window=30, bonus_percent=Decimal(10), methods=(Method.QR, Method.LABEL, Method.STORE, Method.OWN),
        refund_trigger=Trigger.SCAN,
    ),
)  # fmt: skip


def make_rules(merchant: Merchant, now: datetime) -> None:
    """Put the rules in force, a year ago: the shop's orders were all placed under them."""
    version = save_policy(merchant, RULES, note="First rules")
    with merchant_scope(merchant):
        PolicyVersion.objects.filter(pk=version.pk).update(saved_at=now - timedelta(days=365))


def make_reasons(merchant: Merchant) -> None:
    """What does not fit, more exactly, for what is worn; the usual reasons for everything."""
    fit = replace(
        REASONS["too_small"], code="fit", words={"en": "Does not fit", "de": "Passt nicht"}, types=WORN
    )
    subs = [replace(REASONS[code], parent="fit") for code in ("too_small", "too_big")]
    narrow = replace(
        fit, code="narrow", words={"en": "Too narrow", "de": "Zu eng"}, types=("Boots",), parent="fit"
    )
    usual = [reason for code, reason in REASONS.items() if code not in ("too_small", "too_big")]
    set_reasons(merchant, [fit, *subs, narrow, *usual])
