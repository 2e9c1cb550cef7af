"""What the rules say about one line, and the sentence that says why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal

from babel.dates import format_date
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from returns.policy.choices import Code, Method, Resolution, Trigger
from returns.policy.model import Cost, Fees

_NO_FEES = Fees()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether, until when, for what and how a line may come back.

    window_ends: its last moment (UTC); None: never, or not begun. resolutions, methods: in the order of the offer,
    empty when not returnable. fee: flat, once a return; `cost_of` tells what each resolution costs. rule: the name of
    the rule that decided whether it may come back, "" for the standard. decided: the same for every question.
    fitting: the keys of all rules that fit.
    asks: what the shopper has yet to say before the rest of it is sure (`reason`, `condition`, `quantity`).
    """

    code: Code
    window_ends: datetime | None = None
    window_days: int | None = None
    days: int | None = None
    is_delivery_known: bool = True
    transit_days: int = 0
    zone: tzinfo | None = None
    resolutions: tuple[Resolution, ...] = ()
    fees: Fees = _NO_FEES
    bonus_percent: Decimal = Decimal(0)
    methods: tuple[Method, ...] = ()
    auto_approve: bool = False
    keep_item: bool = False
    needs_review: bool = False
    refund_trigger: Trigger = Trigger.RECEIPT
    destination: str = ""
    rule: str = ""
    decided: Mapping[str, str] = field(default_factory=dict)
    fitting: tuple[str, ...] = ()
    asks: frozenset[str] = frozenset()

    @property
    def returnable(self) -> bool:
        """Whether it may come back, for money or not."""
        return self.code in (Code.RETURNABLE, Code.EXCHANGE_ONLY)

    @property
    def fee(self) -> Decimal:
        """The flat fee of a return, for a resolution that has no other."""
        return self.fees.flat

    @property
    def restocking_percent(self) -> Decimal:
        """The share of an item's price that is kept, for a resolution that has no other."""
        return self.fees.restocking_percent

    def cost_of(self, resolution: str) -> Cost:
        """What the shopper pays for this resolution."""
        return self.fees.of(resolution)

    @property
    def sentence(self) -> str:
        """Why, in the language that is active when it is read. For shoppers and the team alike."""
        return _sentence(self)


def _sentence(verdict: Verdict) -> str:
    match verdict.code:
        case Code.WINDOW_OVER:
            return _window_over(verdict)
        case Code.FINAL_SALE:
            return _("Not returnable: it was sold as final sale.")
        case Code.NOT_SENT:
            return _("Not returnable yet: it has not been sent.")
        case Code.CANCELLED:
            return _("Not returnable: the order was cancelled.")
        case Code.NO_WAY:
            return _("Not returnable: the shop takes no returns of this item.")
    until = _day(verdict)
    if verdict.code == Code.EXCHANGE_ONLY:
        if until:
            return _("Can be exchanged until %(day)s, not refunded.") % {"day": until}
        return _("Can be exchanged, not refunded.")
    return _("Returnable until %(day)s.") % {"day": until} if until else _("Returnable without a time limit.")


def _window_over(verdict: Verdict) -> str:
    days, window = verdict.days or 0, verdict.window_days or 0
    if not verdict.is_delivery_known:
        # Nobody told of the delivery: say how the day was counted.
        return _(
            "Not returnable: sent %(days)d days ago, your window was %(window)d days and %(transit)d for the way."
        ) % {"days": days + verdict.transit_days, "window": window, "transit": verdict.transit_days}
    return ngettext(
        "Not returnable: %(days)d day since delivery, your window was %(window)d.",
        "Not returnable: %(days)d days since delivery, your window was %(window)d.",
        days,
    ) % {"days": days, "window": window}


def _day(verdict: Verdict) -> str:
    """The last day of the window as the shopper's calendar has it, written out."""
    if verdict.window_ends is None:
        return ""
    day = verdict.window_ends.astimezone(verdict.zone).date()
    language = get_language() or "en"
    return format_date(day, "long", locale="en_GB" if language == "en" else language.replace("-", "_"))
