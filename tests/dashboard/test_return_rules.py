"""Settings › Return rules: written as a draft, tried, put in force, restored; everything without JavaScript."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from dashboard.return_rules import sentences
from dashboard.return_rules.rule_form import RuleForm
from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from returns.policy import drafts
from returns.policy.commands import save_policy
from returns.policy.dry_run.job import TRIAL, report_of
from returns.policy.model import Policy, from_stored
from returns.policy.models import PolicyTrial
from returns.policy.queries import newest
from tests.returns.policy.test_judging import policy, rule
from tests.returns.policy.test_verdicts import delivered

PAGE = "/app/nordwind/settings/return_rules/"
FORM: dict[str, Any] = {
    "revision": "0", "name": "Sale", "is_on": "on", "reads": "purchase",
    "c0_field": "product_tag", "c0_op": "is", "c0_values": "sale, outlet",
    "c1_field": "country", "c1_op": "is_not", "c1_values": "Switzerland, AT",
    "may": "yes", "window": "days", "window_days": "21", "resolutions": ["refund", "exchange"], "first": "refund",
    "sets_fees": "on", "flat": "4,90", "restocking": "", "free_on_exchange": "on", "fee_store_credit_flat": "1.5",
    "bonus": "10", "methods": ["qr"], "approval": "auto", "keep_item": "no", "refund_trigger": "scan",
    "destination": "Outlet",
}  # fmt: skip


def in_draft(merchant: Merchant) -> Policy:
    with merchant_scope(merchant):
        row = drafts.draft()
        assert row is not None
        return from_stored(row.policy)


def in_force(merchant: Merchant) -> tuple[int, Policy]:
    with merchant_scope(merchant):
        return newest()


def test_a_rule_is_written_shown_as_a_sentence_and_put_in_force(merchant: Merchant, owner: Client) -> None:
    assert "No rule yet" in owner.get(PAGE).content.decode()
    assert owner.post(PAGE + "new/", FORM).status_code == 302
    (written,) = in_draft(merchant).rules
    assert in_force(merchant) == (0, Policy())
    assert [(c.field.value, c.op.value, c.values) for c in written.conditions] == [
        ("product_tag", "is", ("sale", "outlet")), ("country", "is_not", ("CH", "AT")),
    ]  # fmt: skip
    outcome = written.outcome
    assert (outcome.window, outcome.final_sale, outcome.exchange_only) == (21, False, False)
    assert outcome.resolutions == ("refund", "exchange")
    assert outcome.fees is not None
    assert (outcome.fees.flat, outcome.fees.free_on_exchange) == (Decimal("4.90"), True)
    assert outcome.fees.of("store_credit").flat == Decimal("1.5")
    assert (outcome.auto_approve, outcome.review, outcome.keep_item) == (True, False, False)
    page = owner.get(PAGE).content.decode()
    assert "If product tag is “sale” or “outlet” and country is not Switzerland or Austria" in page
    for phrase in ("21 days from delivery", "Costs €4.90", "Store credit costs €1.50", "10 % on top of store credit",
                   "Approved at once", "Goes to Outlet", "Money goes back at the carrier"):  # fmt: skip
        assert phrase in page
    assert owner.post(PAGE + "publish/", {"revision": "1", "note": "First rules"}).status_code == 302
    assert in_force(merchant) == (1, Policy(rules=(written,)))
    page = owner.get(PAGE).content.decode()
    assert ("First rules" in page, "A draft" in page) == (True, False)


def test_the_form_shows_a_rule_as_it_was_written(merchant: Merchant, owner: Client) -> None:
    """Opened and saved without a change, it is the same rule: nothing of it is lost in the form."""
    full = rule(
        ("price", "below", "20"), ("condition", "is", "unopened, opened"), name="Full", reads="return",
        window="unlimited", resolutions=["store_credit", "refund"], methods=["store", "label"][::-1], review=True,
        auto_approve=False, bonus_percent="12.5", keep_item=True, refund_trigger="inspection", destination="B-ware",
        fees={"flat": "3", "restocking_percent": "15", "by_resolution": {"exchange": {"flat": "1"}}},
        final_sale=False, exchange_only=True,
    )  # fmt: skip
    save_policy(merchant, policy(full))
    owner.get(PAGE + "rule/full/")
    form = RuleForm(rule=full, revision=0)
    shown = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in shown.items() if value is not None and value is not False}
    again = RuleForm(typed, rule=full, revision=0)
    assert again.is_valid(), again.errors
    assert again.as_rule(Policy()) == full


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "name", "Give the rule a name."),
    ({"c0_values": ""}, "c0_values", "Something has to stand here."),
    ({"c0_field": ""}, "c0_field", "What are these values of?"),
    ({"c1_values": "Narnia"}, "c1_values", "We know no country “Narnia”."),
    ({"c0_field": "price", "c0_op": "is"}, "c0_op", "This cannot be compared that way."),
    ({"c0_field": "price", "c0_op": "below", "c0_values": "cheap"}, "c0_values", "This is not a number."),
    ({"window_days": ""}, "window_days", "How many days?"),
    ({"window_days": "9999"}, "window_days", "3650"),
    ({"flat": "-1"}, "flat", "Between 0 and 10000."),
    ({"bonus": "ten"}, "bonus", "This is not a number."),
    ({"first": "repair"}, "first", "This is not among what is offered."),
    ({"may": "no"}, "methods", "What is final sale has none of this."),
]


@pytest.mark.parametrize(
    ("wrong", "field", "why"), BAD, ids=[field + " " + why[:12] for _, field, why in BAD]
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(
    merchant: Merchant, owner: Client, wrong: dict[str, Any], field: str, why: str
) -> None:
    answer = owner.post(PAGE + "new/", {**FORM, **wrong})
    assert answer.status_code == 422
    errors = answer.content.decode()
    assert f'id="id_{field}_error"' in errors
    assert why in errors
    with merchant_scope(merchant):
        assert drafts.draft() is None


def test_rules_are_moved_and_deleted_in_the_draft_only(merchant: Merchant, owner: Client) -> None:
    save_policy(merchant, policy(*(rule(name=name, window=5) for name in ("One", "Two", "Three"))))
    owner.post(PAGE + "rule/three/move/", {"to": "up"})
    owner.post(PAGE + "rule/one/move/", {"to": "up"})  # it is first already
    assert [r.name for r in in_draft(merchant).rules] == ["One", "Three", "Two"]
    owner.post(PAGE + "rule/two/delete/")
    page = owner.get(PAGE).content.decode()
    assert "No longer in it: Two." in page
    assert [r.name for r in in_force(merchant)[1].rules] == ["One", "Two", "Three"]
    assert owner.post(PAGE + "rule/none/delete/").status_code == 404
    owner.post(PAGE + "discard/")
    with merchant_scope(merchant):
        assert drafts.draft() is None


def test_the_standard_and_an_earlier_version(merchant: Merchant, owner: Client) -> None:
    save_policy(merchant, policy(window=14))
    form = {"revision": "0", "reads": "return", "transit_days": "5", "window": "100"}
    assert owner.post(PAGE + "standard/", form).status_code == 302
    owner.post(PAGE + "publish/", {"revision": "1"})
    number, now = in_force(merchant)
    assert (number, now.standard.window, now.standard_reads, now.transit_days) == (2, 100, "return", 5)
    assert owner.post(PAGE + "restore/", {"number": "1"}).status_code == 302
    assert in_force(merchant) == (3, policy(window=14))
    assert owner.post(PAGE + "restore/", {"number": "x"}).status_code == 404


def test_two_people_do_not_overwrite_each_other(merchant: Merchant, owner: Client) -> None:
    assert owner.post(PAGE + "new/", FORM).status_code == 302
    late = owner.post(PAGE + "new/", {**FORM, "name": "Late"})  # it saw no draft
    assert late.status_code == 409
    assert "Late" in late.content.decode()
    owner.post(PAGE + "publish/", {"revision": "9"})
    assert in_force(merchant)[0] == 0
    save_policy(merchant, policy(window=7))  # by somebody else's program
    owner.post(PAGE + "publish/", {"revision": "1"})
    assert in_force(merchant) == (1, policy(window=7))
    assert len(in_draft(merchant).rules) == 1


def test_a_draft_is_tried_by_a_worker_and_read_while_it_goes_on(merchant: Merchant, owner: Client) -> None:
    for days in (5, 20, 40):
        delivered(merchant, days)
    owner.post(PAGE + "new/", {**FORM, "c0_field": "", "c0_values": "", "c1_field": "", "c1_values": ""})
    begun = owner.post(PAGE + "try/", {"days": "90"})
    page = owner.get(begun["Location"]).content.decode()
    assert "every 1s" in page
    assert due.run(TRIAL) == 1
    page = owner.get(begun["Location"]).content.decode()
    assert ("every 1s" in page, "Looked at: 3 (orders), 3 (items)." in page) == (False, True)
    with merchant_scope(merchant):
        report = report_of(PolicyTrial.objects.get())
    assert (report.today.before, report.today.after, report.shorter_window) == (2, 2, 3)
    assert "The last try" in owner.get(PAGE).content.decode()


def test_only_who_may_change_settings_sees_them(merchant: Merchant, desk: Callable[..., Client]) -> None:
    support = desk(merchant, "support")
    assert support.get(PAGE).status_code == 403
    assert support.post(PAGE + "new/", FORM).status_code == 403


def test_sentences_in_german() -> None:
    said = rule(("product_tag", "is", "sale"), ("price", "at_least", "20"), window=14, exchange_only=True)
    with translation.override("de"):
        assert sentences.when(said) == "Wenn Produkttag „sale“ ist und Preis des Artikels mindestens 20 ist"
        assert sentences.then(said.outcome, "EUR") == [
            "Nur Umtausch, keine Erstattung",
            "14 Tage ab Lieferung",
        ]
