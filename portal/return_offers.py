"""What a shopper can get for an item, ranked by what fits the reason, each with its money and its time.

Nothing is chosen beforehand, and a refund that the rules allow always stands there, as large as the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Order
from portal.return_answers import PICKED, Answer, offered
from portal.style import Style
from returns import reasons
from returns.amounts import ZERO, percent_of, rounded, unit_of
from returns.policy.choices import Trigger
from returns.states import Resolution
from returns.stock import Choice, choices_for, others_for

_R = Resolution

_WHEN: dict[str, Promise] = {
    Trigger.INSTANT: gettext_lazy("as soon as we have approved it"),
    Trigger.DROP_OFF: gettext_lazy("as soon as you have handed it in"),
    Trigger.SCAN: gettext_lazy("as soon as the carrier has it"),
    Trigger.RECEIPT: gettext_lazy("as soon as it is back with us"),
    Trigger.INSPECTION: gettext_lazy("as soon as we have looked at it"),
}


@dataclass(frozen=True, slots=True)
class Pick:
    """A variant to choose: its words say what it costs more, and whether there is any."""

    value: str
    name: str
    available: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to make it right. amount: what it brings, ready to read; plus: what comes on top of that."""

    value: str
    name: str
    about: str
    amount: str
    plus: str
    chosen: bool
    picks: tuple[Pick, ...] = ()


def worth_of(line: Answer, order: Order) -> Decimal:
    """What was paid for the chosen quantity."""
    return line.found.piece.worth(line.quantity, unit_of(order.currency))


def brings(line: Answer, order: Order, resolution: str) -> Decimal:
    """What a refund or credit for this line brings, before a fee for the whole return."""
    unit, paid, verdict = unit_of(order.currency), worth_of(line, order), line.found.verdict
    kept = percent_of(paid, verdict.cost_of(resolution).restocking_percent, unit)
    bonus = percent_of(paid, verdict.bonus_percent, unit) if resolution == _R.STORE_CREDIT else ZERO
    return paid - kept + bonus


def when_of(line: Answer) -> str:
    """When the money comes, in words."""
    trigger = Trigger.INSTANT if line.found.verdict.keep_item else line.found.verdict.refund_trigger
    return str(_WHEN[trigger])


def offers_for(
    line: Answer, order: Order, style: Style, *, gift: bool = False, defect: bool = False
) -> list[Offer]:
    """The offers for one item, best first. Two more queries where it can be exchanged.

    gift: the money is who bought it's, so there is no refund. defect: what the law gives stands in its own order.
    """
    fits = reasons.known()[line.reason].suggests if line.reason and not defect else ()
    allowed = offered(line, gift=gift)
    if not (line.reason and reasons.known()[line.reason].needs_photos):
        # The same again, or mended, helps with what is broken only.
        allowed = [r for r in allowed if r not in (_R.REPLACEMENT, _R.REPAIR)] or allowed
    ranked = sorted(allowed, key=lambda r: (fits.index(r) if r in fits else len(fits), allowed.index(r)))
    siblings = choices_for(line.found.piece.line) if any(r in PICKED for r in allowed) else []
    offers = [_offer(line, order, style, str(resolution), siblings) for resolution in ranked]
    return [offer for offer in offers if offer.value not in PICKED or any(p.available for p in offer.picks)]


def _offer(line: Answer, order: Order, style: Style, resolution: str, siblings: Sequence[Choice]) -> Offer:
    chosen = line.resolution == resolution
    picks: tuple[Pick, ...] = ()
    amount = plus = ""
    keep = (" " + _("You keep the item.")) if line.found.verdict.keep_item else ""
    if resolution == _R.EXCHANGE_OTHER:
        picks = _others(line, order, style)
        name, about = _("Exchange for something else"), _("You pay or get the difference.")
    elif resolution in PICKED:
        picks = _variants(line, siblings)
        instant = resolution == _R.INSTANT_EXCHANGE
        name = _("Exchange, sent at once") if instant else _("Another size or colour")
        about = (
            _("Leaves before yours is back.") if instant else _("Leaves %(when)s.") % {"when": when_of(line)}
        )
        cost = line.found.verdict.cost_of(resolution).flat
        amount = style.money(cost, order.currency) if cost else _("Free")
    elif resolution == _R.STORE_CREDIT:
        name, about = _("Store credit"), _("For your next order, %(when)s.") % {"when": when_of(line)}
        amount = style.money(brings(line, order, resolution), order.currency)
        bonus = line.found.verdict.bonus_percent
        plus = f"+{bonus.normalize():f} %" if bonus else ""
    elif resolution == _R.REFUND:
        name, about = _("Refund"), _("The way you paid, %(when)s.") % {"when": when_of(line)}
        amount = style.money(brings(line, order, resolution), order.currency)
        kept = line.found.verdict.cost_of(resolution).restocking_percent
        plus = f"−{kept.normalize():f} %" if kept else ""
    elif resolution == _R.REPLACEMENT:
        name, about, amount = _("The same again"), _("Leaves %(when)s.") % {"when": when_of(line)}, _("Free")
    else:
        name, about, amount = _("Repair"), _("We mend it and send it back."), _("Free")
    return Offer(resolution, name, about + keep, amount, plus, chosen, picks)


def _variants(line: Answer, siblings: Sequence[Choice]) -> tuple[Pick, ...]:
    own = line.found.piece.line.sku
    return tuple(
        Pick(
            choice.variant.external_id, _named(choice, choice.variant.title or choice.variant.sku),
            _has(choice, line.quantity), line.variant == choice.variant.external_id,
        )
        for choice in siblings
        if choice.variant.sku != own
    )  # fmt: skip


def _others(line: Answer, order: Order, style: Style) -> tuple[Pick, ...]:
    unit, paid = unit_of(order.currency), worth_of(line, order)
    picks = []
    for choice in others_for(line.found.piece.line, order.currency):
        more = rounded(choice.variant.price * line.quantity, unit) - paid
        money = style.money(abs(more), order.currency)
        difference = (
            ""
            if not more
            else _("you pay %(money)s") % {"money": money}
            if more > 0
            else _("you get %(money)s") % {"money": money}
        )
        name = " · ".join(part for part in (choice.variant.product.title, choice.variant.title) if part)
        picks.append(
            Pick(choice.variant.external_id, _named(choice, f"{name} ({difference})" if difference else name),
                 _has(choice, line.quantity), line.variant == choice.variant.external_id)
        )  # fmt: skip
    return tuple(picks)


def _has(choice: Choice, quantity: int) -> bool:
    return choice.left is None or choice.left >= quantity


def _named(choice: Choice, name: str) -> str:
    if not choice.available:
        return _("%(name)s – sold out") % {"name": name}
    if choice.left is not None and choice.left <= 3:
        return _("%(name)s – only %(count)d left") % {"name": name, "count": choice.left}
    return name
