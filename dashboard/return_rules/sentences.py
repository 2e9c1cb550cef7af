"""Rules as people say them: what has to hold, and what follows."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard import formats
from returns.policy.choices import ItemCondition, Method, Resolution, Trigger
from returns.policy.fields import FIELDS, Field, Kind, Op
from returns.policy.model import BUILT_IN, Condition, Cost, Fees, Outcome, Rule


def when(rule: Rule) -> str:
    """The conditions of a rule: "If product tag is sale or outlet and country is Switzerland"."""
    if not rule.conditions:
        return _("Always")
    parts = _all_of([condition_words(condition) for condition in rule.conditions])
    return _("If %(conditions)s") % {"conditions": parts}


def condition_words(condition: Condition) -> str:
    """One condition: "price of the item is below €20.00"."""
    about = FIELDS[condition.field]
    values = [_value(condition.field, about.kind, value) for value in condition.values]
    said = {"field": Field(condition.field).label, "values": _one_of(values)}
    match condition.op:
        case Op.IS:
            return _("%(field)s is %(values)s") % said
        case Op.IS_NOT:
            return _("%(field)s is not %(values)s") % said
        case Op.AT_LEAST:
            return _("%(field)s is at least %(values)s") % said
    return _("%(field)s is below %(values)s") % said


def _value(field: Field, kind: Kind, value: str) -> str:
    if field == Field.COUNTRY:
        return formats.country(value)
    if field == Field.CONDITION:
        return str(dict(ItemCondition.choices).get(value, value))
    if kind == Kind.PERCENT:
        return f"{value} %"
    return value if kind in (Kind.MONEY, Kind.COUNT) else _("“%(word)s”") % {"word": value}


def then(outcome: Outcome, currency: str) -> list[str]:
    """What a rule says, each as a short phrase with a capital letter."""
    return [text[:1].upper() + text[1:] for text in _phrases(outcome, currency)]


def whole(standard: Outcome, currency: str) -> list[str]:
    """What holds where no rule says anything: the shop's standard, filled up with what is built in."""
    names = Outcome.__struct_fields__
    said = {name: getattr(standard, name) for name in names if getattr(standard, name) is not None}
    return then(Outcome(**{**{name: getattr(BUILT_IN, name) for name in names}, **said}), currency)


def _phrases(outcome: Outcome, currency: str) -> Iterator[str]:
    if outcome.final_sale:
        yield _("no return, final sale")
    if outcome.exchange_only:
        yield _("exchange only, no refund")
    if outcome.final_sale is False and outcome.exchange_only is False:
        yield _("may come back for money")
    if outcome.window is not None:
        yield _window(outcome.window)
    if outcome.resolutions is not None:
        named = ", ".join(str(Resolution(each).label) for each in outcome.resolutions)
        yield _("offered, in this order: %(resolutions)s") % {"resolutions": named}
    if outcome.fees is not None:
        yield from _fees(outcome.fees, currency)
    if outcome.bonus_percent:
        yield _("%(percent)s %% on top of store credit") % {"percent": _plain(outcome.bonus_percent)}
    if outcome.methods is not None:
        yield _("sent back by: %(methods)s") % {
            "methods": ", ".join(str(Method(each).label) for each in outcome.methods)
        }
    yield from _handling(outcome)


def _handling(outcome: Outcome) -> Iterator[str]:
    """What the team and the warehouse have to do with it."""
    if outcome.auto_approve:
        yield _("approved at once")
    elif outcome.auto_approve is False and outcome.review is False:
        yield _("approved by somebody of the team")
    if outcome.review:
        yield _("somebody looks at it closely first")
    if outcome.keep_item is not None:
        yield _("the item may be kept") if outcome.keep_item else _("the item has to be sent back")
    if outcome.refund_trigger is not None:
        yield _("money goes back %(when)s") % {"when": Trigger(outcome.refund_trigger).label}
    if outcome.destination:
        yield _("goes to %(place)s") % {"place": outcome.destination}


def _window(window: int | str) -> str:
    if window == "unlimited":
        return _("no time limit")
    return ngettext("%(days)d day from delivery", "%(days)d days from delivery", int(window)) % {
        "days": int(window)
    }


def _fees(fees: Fees, currency: str) -> Iterator[str]:
    usual = Cost(flat=fees.flat, restocking_percent=fees.restocking_percent)
    yield _("costs %(cost)s") % {"cost": _cost(usual, currency)}
    if fees.free_on_exchange:
        yield _("exchanges cost nothing")
    for resolution, cost in fees.by_resolution.items():
        yield _("%(resolution)s costs %(cost)s") % {
            "resolution": Resolution(resolution).label, "cost": _cost(cost, currency),
        }  # fmt: skip


def _cost(cost: Cost, currency: str) -> str:
    parts = []
    if cost.flat:
        parts.append(formats.money(cost.flat, currency))
    if cost.restocking_percent:
        parts.append(_("%(percent)s %% of the price") % {"percent": _plain(cost.restocking_percent)})
    return _all_of(parts) if parts else _("nothing")


def _plain(value: Decimal) -> str:
    return formats.decimal(float(value), places=0 if value == value.to_integral_value() else 2)


def _all_of(parts: Iterable[str]) -> str:
    return (" " + _("and") + " ").join(parts)


def _one_of(parts: Iterable[str]) -> str:
    return (" " + _("or") + " ").join(parts)
