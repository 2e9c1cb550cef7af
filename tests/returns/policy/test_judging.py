"""Rules and facts in, a verdict out: no database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.utils import translation

from returns.policy.checking import faults
from returns.policy.choices import Code, Method, Resolution
from returns.policy.effective import effective
from returns.policy.fees import Costs, costs_of
from returns.policy.judging import judge
from returns.policy.line_facts import Asked, LineFacts, Product
from returns.policy.model import Policy, Rule, from_stored, read, stored

BERLIN = ZoneInfo("Europe/Berlin")
# Delivered in the evening of 2 October, as Berlin has it: half an hour before midnight.
DELIVERED = datetime(2026, 10, 2, 21, 30, tzinfo=UTC)
SENT = DELIVERED - timedelta(days=2)


def line(**fields: Any) -> LineFacts:
    return LineFacts(
        **{"zone": BERLIN, "country": "de", "shipped_at": SENT, "delivered_at": DELIVERED, **fields}
    )


def rule(*conditions: tuple[str, str, str], reads: str = "purchase", name: str = "", **outcome: Any) -> Rule:
    """A rule out of `("product_tag", "is", "sale, outlet")` and what it says."""
    said = {
        "key": (name or "a-rule").lower().replace(" ", "-"), "name": name or "A rule", "reads": reads,
        "conditions": [
            {"field": field, "op": op, "values": values.split(", ")} for field, op, values in conditions
        ],
        "outcome": outcome,
    }  # fmt: skip
    return msgspec.convert(said, Rule, strict=False)


def policy(*rules: Rule, **standard: Any) -> Policy:
    return msgspec.convert(
        {"rules": list(map(msgspec.to_builtins, rules)), "standard": standard},
        Policy,
        strict=False,
    )


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime(2026, 11, 1, 23, 59, 59, tzinfo=BERLIN), Code.RETURNABLE),
        (datetime(2026, 11, 2, 0, 0, 0, tzinfo=BERLIN), Code.WINDOW_OVER),
    ],
)
def test_the_window_ends_with_the_shoppers_day_and_not_a_second_later(at: datetime, code: Code) -> None:
    """Thirty days after 2 October; in between the clocks went back."""
    assert judge(Policy(), line(), at.astimezone(UTC)).code == code


def test_a_shopper_far_away_has_their_own_midnight() -> None:
    tokyo = line(zone=ZoneInfo("Asia/Tokyo"))
    # There it was already 3 October when the parcel came.
    last = datetime(2026, 11, 2, 23, 59, 59, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert judge(Policy(), tokyo, last).returnable
    assert not judge(Policy(), tokyo, last + timedelta(seconds=1)).returnable


def test_a_refusal_explains_itself_in_both_languages() -> None:
    verdict = judge(Policy(), line(), DELIVERED + timedelta(days=34))
    assert verdict.sentence == "Not returnable: 34 days since delivery, your window was 30."
    with translation.override("de"):
        assert verdict.sentence == "Rückgabe nicht möglich: 34 Tage seit der Lieferung, Ihre Frist war 30."


def test_without_a_delivery_the_window_begins_when_it_should_have_come() -> None:
    sent = line(delivered_at=None, shipped_at=DELIVERED)
    last = datetime(2026, 11, 8, 23, 59, 59, tzinfo=BERLIN)  # 2 October, 7 days on the way, 30 days
    assert judge(Policy(), sent, last).window_ends == last.replace(microsecond=999999)
    late = judge(Policy(), sent, last + timedelta(seconds=1))
    assert late.code == Code.WINDOW_OVER
    assert "sent 38 days ago, your window was 30 days and 7 for the way" in late.sentence


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"shipped_at": None, "delivered_at": None}, Code.NOT_SENT),
        ({"is_cancelled": True}, Code.CANCELLED),
        ({"shipped_at": None, "delivered_at": None, "needs_sending": False, "placed_at": DELIVERED}, Code.RETURNABLE),
    ],
)  # fmt: skip
def test_what_never_left_cannot_come_back(facts: dict[str, Any], code: Code) -> None:
    verdict = judge(Policy(), line(**facts), DELIVERED)
    assert (verdict.code, bool(verdict.sentence)) == (code, True)


HOLDING: list[tuple[tuple[str, str, str], dict[str, Any]]] = [
    (("product_tag", "is", "Sale, Outlet"), {"product": Product(tags=frozenset({"sale", "x"}))}),
    (("product_tag", "is_not", "sale"), {"product": Product(tags=frozenset({"x"}))}),
    (("product_type", "is", "shoes"), {"product": Product(type="shoes")}),
    (("sku", "is", "FWS-*"), {"sku": "fws-m"}),
    (("price", "at_least", "100"), {"price": Decimal(100)}),
    (("price", "below", "100.01"), {"price": Decimal(100)}),
    (("discount_percent", "at_least", "30"), {"discount_percent": Decimal("30.5")}),
    (("country", "is", "CH, GB"), {"country": "ch"}),
    (("source", "is", "pos"), {"sources": frozenset({"shopify", "pos"})}),
    (("order_tag", "is", "vip"), {"order_tags": frozenset({"vip"})}),
    (("order_value", "at_least", "200"), {"order_value": Decimal(200)}),
    (("customer_tag", "is", "wholesale"), {"customer_tags": frozenset({"wholesale"})}),
    (("customer_orders", "at_least", "5"), {"customer_orders": 5}),
    (("customer_returns", "at_least", "4"), {"customer_returns": 4}),
    (("order_returns", "at_least", "1"), {"order_returns": 1}),
    (("days_since_delivery", "at_least", "14"), {"delivered_at": DELIVERED - timedelta(days=14)}),
    (("quantity", "at_least", "3"), {"asked": Asked(quantity=3)}),
    (("reason", "is", "damaged"), {"asked": Asked(reason="damaged")}),
    (("condition", "is", "used, damaged"), {"asked": Asked(condition="used")}),
]


@pytest.mark.parametrize(("condition", "facts"), HOLDING, ids=[" ".join(c) for c, _ in HOLDING])
def test_every_field_decides(condition: tuple[str, str, str], facts: dict[str, Any]) -> None:
    rules = policy(rule(condition, window=5))
    verdict = judge(rules, line(**facts), DELIVERED)
    assert (verdict.window_days, verdict.fitting) == (5, ("a-rule",))
    # The same rule, turned round, does not fit; nor does it fit somebody of whom nothing is known.
    field, op, values = condition
    other = {"is": "is_not", "is_not": "is", "at_least": "below", "below": "at_least"}[op]
    assert judge(policy(rule((field, other, values), window=5)), line(**facts), DELIVERED).window_days == 30


def test_all_conditions_of_a_rule_have_to_hold() -> None:
    both = policy(rule(("country", "is", "CH"), ("price", "below", "20"), window=5))
    assert judge(both, line(country="ch", price=Decimal(10)), DELIVERED).window_days == 5
    assert judge(both, line(country="ch", price=Decimal(20)), DELIVERED).window_days == 30


def test_each_question_is_answered_by_the_first_rule_that_says_something_about_it() -> None:
    rules = policy(
        rule(("product_tag", "is", "sale"), name="Sale", window=14, resolutions=["exchange"]),
        rule(("country", "is", "CH"), name="Switzerland", window=60, fees={"flat": "9.90"}, methods=["own"]),
        rule(name="For all", bonus_percent="10"),
        window=45, methods=["label"], refund_trigger="scan",
    )  # fmt: skip
    verdict = judge(rules, line(country="ch", product=Product(tags=frozenset({"sale"}))), DELIVERED)
    assert (verdict.window_days, verdict.fee, verdict.bonus_percent) == (14, Decimal("9.90"), Decimal(10))
    assert verdict.resolutions == (Resolution.EXCHANGE,)
    assert verdict.methods == (Method.OWN,)
    assert verdict.refund_trigger == "scan"  # the standard, for what no rule says
    assert verdict.decided["fees"] == "Switzerland"
    assert verdict.rule == "Sale"
    assert judge(rules, line(), DELIVERED).window_days == 45


def test_final_sale_comes_back_never_and_exchange_only_for_no_money() -> None:
    final = judge(policy(rule(name="Underwear", final_sale=True)), line(), DELIVERED)
    assert (final.code, final.rule) == (Code.FINAL_SALE, "Underwear")
    assert (final.resolutions, final.methods) == ((), ())
    only = judge(policy(rule(exchange_only=True)), line(), DELIVERED)
    assert only.code == Code.EXCHANGE_ONLY
    assert only.returnable
    assert not {Resolution.REFUND, Resolution.STORE_CREDIT} & set(only.resolutions)
    assert only.sentence == "Can be exchanged until 1 November 2026, not refunded."
    none = judge(policy(rule(exchange_only=True, resolutions=["refund"])), line(), DELIVERED)
    assert (none.code, none.returnable) == (Code.NO_WAY, False)


def test_a_window_may_never_end_or_never_begin() -> None:
    forever = judge(policy(window="unlimited"), line(), DELIVERED + timedelta(days=4000))
    assert (forever.returnable, forever.window_ends) == (True, None)
    assert not judge(policy(window=0), line(), DELIVERED + timedelta(days=1)).returnable


def test_a_verdict_names_what_has_to_be_asked_before_it_is_sure() -> None:
    rules = policy(
        rule(("reason", "is", "damaged"), ("country", "is", "DE"), fees={}),
        rule(("condition", "is", "used"), ("country", "is", "CH"), final_sale=True),
        fees={"flat": "4.90"},
    )
    open_ = judge(rules, line(), DELIVERED)
    assert (open_.fee, open_.asks) == (Decimal("4.90"), frozenset({"reason"}))
    told = judge(rules, line(asked=Asked(reason="damaged")), DELIVERED)
    assert (told.fee, told.asks) == (Decimal(0), frozenset())


def test_a_rule_reads_the_product_as_it_was_at_purchase_or_as_it_is() -> None:
    facts = line(product=Product(tags=frozenset({"sale"})), bought=Product())
    sale = ("product_tag", "is", "sale")
    assert judge(policy(rule(sale, reads="purchase", window=5)), facts, DELIVERED).window_days == 30
    assert judge(policy(rule(sale, reads="return", window=5)), facts, DELIVERED).window_days == 5


def test_frozen_rules_count_as_they_were_and_others_as_they_are() -> None:
    bought = policy(
        rule(name="One", window=14), rule(name="Gone", fees={"flat": "1"}),
        rule(name="Two", reads="return", bonus_percent="5"),
    )  # fmt: skip
    now = policy(
        rule(name="Two", reads="return", bonus_percent="10"), rule(name="New", keep_item=True),
        rule(name="One", window=60),
    )  # fmt: skip
    found = effective(bought, now)
    assert [r.name for r in found.rules] == ["Two", "One", "Gone"]
    verdict = judge(found, line(), DELIVERED)
    assert (verdict.window_days, verdict.bonus_percent, verdict.fee) == (14, Decimal(10), Decimal(1))
    assert verdict.keep_item is False


def test_the_standard_is_frozen_too_unless_it_reads_at_return() -> None:
    bought, now = policy(window=100), policy(window=14)
    assert effective(bought, now).standard.window == 100
    at_return = msgspec.structs.replace(now, standard_reads="return")
    assert effective(bought, at_return).standard.window == 14


def test_what_a_return_costs() -> None:
    """Flat once, the dearest; restocking of each; nothing on an exchange; a bonus on credit; rounded to the cent."""
    fees = {
        "flat": "4.90", "restocking_percent": "15", "free_on_exchange": True,
        "by_resolution": {"store_credit": {"flat": "1"}},
    }  # fmt: skip
    verdict = judge(policy(fees=fees, bonus_percent="10"), line(), DELIVERED)

    def cost(*lines: tuple[str, str], currency: str = "EUR") -> Costs:
        return costs_of([(verdict, resolution, Decimal(amount)) for resolution, amount in lines], currency)

    assert cost(("refund", "33.33"), ("refund", "10")) == Costs(Decimal("4.90"), Decimal("6.50"), Decimal(0))
    assert cost(("exchange", "33.33")) == Costs(Decimal(0), Decimal(0), Decimal(0))
    assert cost(("store_credit", "33.33")) == Costs(Decimal(1), Decimal(0), Decimal("3.33"))
    assert cost(("refund", "3")).fee == 3  # never more than there is
    assert cost(("refund", "1001"), currency="JPY").restocking == 150


def test_a_person_outweighs_the_machine() -> None:
    rules = policy(rule(name="Dear", review=True), auto_approve=True)
    verdict = judge(rules, line(), DELIVERED)
    assert (verdict.auto_approve, verdict.needs_review) == (False, True)


def test_a_policy_is_the_same_after_being_stored() -> None:
    full = policy(
        rule(("price", "below", "10"), keep_item=True, fees={"by_resolution": {"refund": {"flat": "2"}}}),
        window="unlimited",
    )
    assert from_stored(msgspec.json.decode(msgspec.json.encode(stored(full)))) == full
    assert read(msgspec.json.encode(full)) == full


FAULTY: list[tuple[Policy, str]] = [
    (policy(rule(("price", "is", "10"), window=5)), "rules[0].conditions[0].op"),
    (policy(rule(("price", "below", "ten"), window=5)), "rules[0].conditions[0].values"),
    (policy(rule(("price", "below", "10, 20"), window=5)), "rules[0].conditions[0].values"),
    (policy(rule(("quantity", "below", "1.5"), window=5)), "rules[0].conditions[0].values"),
    (policy(rule(("discount_percent", "below", "101"), window=5)), "rules[0].conditions[0].values"),
    (policy(rule(("country", "is", "Germany"), window=5)), "rules[0].conditions[0].values"),
    (policy(rule(("condition", "is", "rotten"), window=5)), "rules[0].conditions[0].values"),
    (policy(rule(("sku", "is", "*"), window=5)), "rules[0].conditions[0].values"),
    (policy(rule(window=5), rule(window=6)), "rules[0].key"),
    (policy(rule()), "rules[0].outcome"),
    (policy(rule(fees={"flat": "-1"})), "rules[0].outcome.fees.flat"),
    (policy(rule(fees={"flat": "NaN"})), "rules[0].outcome.fees.flat"),
    (policy(rule(fees={"by_resolution": {"refund": {"restocking_percent": "101"}}})),
     "rules[0].outcome.fees.by_resolution.refund.restocking_percent"),
    (policy(rule(bonus_percent="Infinity")), "rules[0].outcome.bonus_percent"),
    (policy(rule(methods=["label", "label"])), "rules[0].outcome.methods"),
    (policy(rule(auto_approve=True, review=True)), "rules[0].outcome.review"),
    (policy(rule(final_sale=True, methods=["label"])), "rules[0].outcome.final_sale"),
    (policy(resolutions=[]), "standard.resolutions"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "place"), FAULTY, ids=[place for _, place in FAULTY])
def test_a_policy_that_makes_no_sense_is_refused_at_the_place(wrong: Policy, place: str) -> None:
    assert place in [fault.place for fault in faults(wrong)]


@pytest.mark.parametrize(
    "text",
    ['{"rulez": []}', '{"rules": [{"key": "a", "name": "A", "outcome": {"window": -1}}]}', "[", "{}x",
     '{"rules": [{"key": "A b", "name": "A", "outcome": {}}]}', '{"standard": {"methods": ["pigeon"]}}'],
)  # fmt: skip
def test_a_text_that_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        read(text)
