"""What is wrong with a policy that its types do not say: each fault with its place, as a sentence for people."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from babel import Locale
from django.utils.translation import gettext as _

from returns.policy.fields import FIELDS, Field, Kind, ops_of
from returns.policy.model import Condition, Cost, Fees, Outcome, Policy, Rule

_MOST_MONEY = Decimal(1_000_000)
_MOST_COUNT = 100_000


@dataclass(frozen=True)
class Fault:
    """Something that cannot be saved. place: `rules[0].conditions[1].values`."""

    place: str
    sentence: str


def faults(policy: Policy) -> list[Fault]:
    """Everything that is wrong with a policy. Empty: it can be saved."""
    found = [*outcome_faults(policy.standard, "standard")]
    keys = Counter(rule.key for rule in policy.rules)
    for number, rule in enumerate(policy.rules):
        place = f"rules[{number}]"
        if keys[rule.key] > 1:
            found.append(Fault(f"{place}.key", _("Two rules have the same key.")))
        found += rule_faults(rule, place)
    return found


def rule_faults(rule: Rule, place: str) -> list[Fault]:
    """What is wrong with one rule."""
    found = [] if rule.name.strip() else [Fault(f"{place}.name", _("Give the rule a name."))]
    for number, condition in enumerate(rule.conditions):
        if why := condition_fault(condition):
            found.append(Fault(f"{place}.conditions[{number}].{why[0]}", why[1]))
    if rule.outcome == Outcome():
        found.append(Fault(f"{place}.outcome", _("Say what the rule does.")))
    return found + list(outcome_faults(rule.outcome, f"{place}.outcome"))


def condition_fault(condition: Condition) -> tuple[str, str] | None:
    """What is wrong with a condition: (part of it, sentence), or None."""
    about = FIELDS[condition.field]
    if condition.op not in ops_of(condition.field):
        return "op", _("This cannot be compared that way.")
    if about.kind == Kind.WORDS:
        return _words_fault(condition)
    if len(condition.values) != 1:
        return "values", _("Give one number.")
    top = {Kind.PERCENT: Decimal(100), Kind.MONEY: _MOST_MONEY, Kind.COUNT: Decimal(_MOST_COUNT)}[about.kind]
    value = decimal_of(condition.values[0])
    if value is None or (about.kind == Kind.COUNT and value != value.to_integral_value()):
        return "values", _("This is not a number.")
    if not 0 <= value <= top:
        return "values", _("Between 0 and %(top)s.") % {"top": top}
    return None


def _words_fault(condition: Condition) -> tuple[str, str] | None:
    if not all(value.strip().strip("*") for value in condition.values):
        return "values", _("Something has to stand here.")
    if condition.field == Field.COUNTRY:
        known = Locale("en").territories
        unknown = next((v for v in condition.values if len(v) != 2 or v.upper() not in known), None)
        if unknown is not None:
            return "values", _("We know no country “%(name)s”.") % {"name": unknown}
    choices = FIELDS[condition.field].choices
    if choices and (odd := set(condition.values) - {value for value, _words in choices}):
        return "values", _("“%(word)s” is not one of the choices.") % {"word": min(odd)}
    return None


def outcome_faults(outcome: Outcome, place: str) -> Iterator[Fault]:
    """What is wrong with the outcomes of a rule or of the standard."""
    if outcome.fees is not None:
        yield from _fee_faults(outcome.fees, f"{place}.fees")
    if outcome.bonus_percent is not None and not _is_percent(outcome.bonus_percent):
        yield Fault(f"{place}.bonus_percent", _("Between 0 and %(top)s.") % {"top": 100})
    for name in ("resolutions", "methods"):
        chosen = getattr(outcome, name)
        if chosen is not None and len(set(chosen)) != len(chosen):
            yield Fault(f"{place}.{name}", _("Something is named twice."))
        if chosen == () and place == "standard":
            yield Fault(f"{place}.{name}", _("Choose at least one."))
    if outcome.auto_approve and outcome.review:
        yield Fault(f"{place}.review", _("Approved by itself and looked at by a person: choose one."))
    if outcome.final_sale and any(
        getattr(outcome, name) is not None for name in ("resolutions", "fees", "methods", "keep_item")
    ):
        yield Fault(f"{place}.final_sale", _("What is final sale has no resolutions, costs or ways back."))


def _fee_faults(fees: Fees, place: str) -> Iterator[Fault]:
    costs: list[tuple[str, Cost]] = [
        (place, Cost(flat=fees.flat, restocking_percent=fees.restocking_percent)),
        *((f"{place}.by_resolution.{key.value}", cost) for key, cost in fees.by_resolution.items()),
    ]
    for where, cost in costs:
        if not (cost.flat.is_finite() and 0 <= cost.flat <= 10_000 and _places(cost.flat) <= 4):
            yield Fault(f"{where}.flat", _("Between 0 and %(top)s.") % {"top": 10_000})
        if not _is_percent(cost.restocking_percent):
            yield Fault(f"{where}.restocking_percent", _("Between 0 and %(top)s.") % {"top": 100})


def decimal_of(text: str) -> Decimal | None:
    """A number out of a text, with a point or a comma before the fraction. None for what is none."""
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() and _places(value) <= 4 else None


def _is_percent(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= 100 and _places(value) <= 4


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
