"""What a rule says, as a form: each question may be left to the rules below."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard.return_rules.fields import AmountField
from returns.policy.choices import Method, Resolution, Trigger
from returns.policy.model import LONGEST_WINDOW, Cost, Fees, Outcome

_LEFT = ("", gettext_lazy("says nothing about it"))
_PRESETS = ("14", "30", "60", "100")
_MAY = {
    "yes": (False, False),
    "exchange": (False, True),
    "no": (True, False),
}
_APPROVAL = {"auto": (True, False), "team": (False, False), "person": (False, True)}


class OutcomeForm(forms.Form):
    """The outcomes of a rule, or of the standard."""

    may = forms.ChoiceField(
        label=gettext_lazy("May it come back?"), required=False,
        choices=[_LEFT, ("yes", gettext_lazy("Yes")), ("exchange", gettext_lazy("Only in exchange")),
                 ("no", gettext_lazy("No, it is final sale"))],
    )  # fmt: skip
    window = forms.ChoiceField(label=gettext_lazy("Until when"), required=False)
    window_days = forms.IntegerField(
        label=gettext_lazy("Days"), required=False, min_value=0, max_value=LONGEST_WINDOW,
        help_text=gettext_lazy("From the delivery to the end of the customer’s day."),
    )  # fmt: skip
    resolutions = forms.MultipleChoiceField(
        label=gettext_lazy("What customers are offered"), required=False, choices=Resolution.choices,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("None chosen: says nothing about it."),
    )  # fmt: skip
    first = forms.ChoiceField(
        label=gettext_lazy("Offered first"), required=False,
        choices=[("", gettext_lazy("in the order above")), *Resolution.choices],
    )  # fmt: skip
    sets_fees = forms.BooleanField(label=gettext_lazy("Says what a return costs"), required=False)
    flat = AmountField(label=gettext_lazy("Once for the return"), top=10_000)
    restocking = AmountField(label=gettext_lazy("Percent of the price"), top=100)
    free_on_exchange = forms.BooleanField(label=gettext_lazy("Exchanges cost nothing"), required=False)
    bonus = AmountField(
        label=gettext_lazy("Percent on top of store credit"), top=100,
        help_text=gettext_lazy("Also of an exchange for another product."),
    )  # fmt: skip
    methods = forms.MultipleChoiceField(
        label=gettext_lazy("Ways to send it back"), required=False, choices=Method.choices,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("None chosen: says nothing about it."),
    )  # fmt: skip
    approval = forms.ChoiceField(
        label=gettext_lazy("Who approves it"), required=False,
        choices=[_LEFT, ("auto", gettext_lazy("Nobody: approved at once")),
                 ("team", gettext_lazy("Somebody of the team")),
                 ("person", gettext_lazy("Somebody who looks at it closely"))],
    )  # fmt: skip
    keep_item = forms.ChoiceField(
        label=gettext_lazy("May the customer keep it?"), required=False,
        choices=[_LEFT, ("yes", gettext_lazy("Yes, nothing is sent back")),
                 ("no", gettext_lazy("No, it is sent back"))],
    )  # fmt: skip
    refund_trigger = forms.ChoiceField(
        label=gettext_lazy("When money goes back"), required=False, choices=[_LEFT, *Trigger.choices]
    )
    destination = forms.CharField(
        label=gettext_lazy("Where it goes"), required=False, max_length=60,
        help_text=gettext_lazy("The name of one of your addresses. Empty: the usual one."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, outcome: Outcome, initial: dict[str, Any] | None = None) -> None:
        self.outcome = outcome
        super().__init__(data, initial={**_initial(outcome), **(initial or {})})
        self.fields["window"].choices = [  # type: ignore[attr-defined]
            _LEFT, *((days, _("%(days)s days") % {"days": days}) for days in _PRESETS),
            ("days", _("Other number of days")), ("unlimited", _("Without a limit")),
        ]  # fmt: skip
        for resolution in Resolution:
            self.fields[f"fee_{resolution}_flat"] = AmountField(label=_("Once"), top=10_000)
            self.fields[f"fee_{resolution}_percent"] = AmountField(label=_("Percent"), top=100)

    @property
    def other_fees(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """The rows of costs by resolution, for the template."""
        return [(str(r.label), self[f"fee_{r}_flat"], self[f"fee_{r}_percent"]) for r in Resolution]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if (
            given.get("window") == "days"
            and given.get("window_days") is None
            and "window_days" not in self.errors
        ):
            self.add_error("window_days", _("How many days?"))
        if given.get("first") and given["first"] not in given.get("resolutions", []):
            self.add_error("first", _("This is not among what is offered."))
        if given.get("may") == "no":
            for name in ("resolutions", "sets_fees", "methods", "keep_item"):
                if given.get(name):
                    self.add_error(name, _("What is final sale has none of this."))
        return given

    def as_outcome(self) -> Outcome:
        """What was said, once the form is valid."""
        given = self.cleaned_data
        final_sale, exchange_only = _MAY.get(given["may"], (None, None))
        auto, review = _APPROVAL.get(given["approval"], (None, None))
        return Outcome(
            window=_window(given["window"], given["window_days"]),
            final_sale=final_sale,
            exchange_only=exchange_only,
            resolutions=_ranked(given["resolutions"], given["first"], self.outcome.resolutions or ()),
            fees=self._fees() if given["sets_fees"] else None,
            bonus_percent=given["bonus"],
            methods=tuple(Method(each) for each in given["methods"]) or None,
            auto_approve=auto,
            review=review,
            keep_item={"yes": True, "no": False}.get(given["keep_item"]),
            refund_trigger=Trigger(given["refund_trigger"]) if given["refund_trigger"] else None,
            destination=given["destination"].strip() or None,
        )

    def _fees(self) -> Fees:
        given, others = self.cleaned_data, {}
        for resolution in Resolution:
            flat, percent = given[f"fee_{resolution}_flat"], given[f"fee_{resolution}_percent"]
            if flat is not None or percent is not None:
                others[resolution] = Cost(flat=flat or Decimal(0), restocking_percent=percent or Decimal(0))
        return Fees(
            flat=given["flat"] or Decimal(0), restocking_percent=given["restocking"] or Decimal(0),
            free_on_exchange=given["free_on_exchange"], by_resolution=others,
        )  # fmt: skip


def _window(chosen: str, days: int | None) -> int | Literal["unlimited"] | None:
    if chosen == "unlimited":
        return "unlimited"
    return days if chosen == "days" else int(chosen) if chosen else None


def _ranked(chosen: Sequence[str], first: str, before: Sequence[Resolution]) -> tuple[Resolution, ...] | None:
    """The chosen ones in the order that they had, new ones behind, and one of them foremost."""
    known = [each for each in before if each in chosen]
    ranked = [*known, *(Resolution(each) for each in chosen if each not in known)]
    ranked.sort(key=lambda each: each != first)
    return tuple(ranked) or None


def _initial(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the form shows it."""
    fees, window = outcome.fees, outcome.window
    found: dict[str, Any] = {
        "may": _key(_MAY, (bool(outcome.final_sale), bool(outcome.exchange_only)))
        if outcome.final_sale is not None or outcome.exchange_only is not None
        else "",
        "window": ""
        if window is None
        else str(window)
        if str(window) in (*_PRESETS, "unlimited")
        else "days",
        "window_days": window if isinstance(window, int) and str(window) not in _PRESETS else None,
        "resolutions": list(outcome.resolutions or ()),
        "methods": list(outcome.methods or ()),
        "sets_fees": fees is not None,
        "bonus": _text(outcome.bonus_percent),
        "approval": _key(_APPROVAL, (bool(outcome.auto_approve), bool(outcome.review)))
        if outcome.auto_approve is not None or outcome.review is not None
        else "",
        "keep_item": {True: "yes", False: "no"}.get(outcome.keep_item, ""),  # type: ignore[arg-type]
        "refund_trigger": outcome.refund_trigger or "",
        "destination": outcome.destination or "",
        "first": outcome.resolutions[0] if outcome.resolutions else "",
    }
    if fees is not None:
        found |= {"flat": _text(fees.flat), "restocking": _text(fees.restocking_percent)}
        found["free_on_exchange"] = fees.free_on_exchange
        for resolution, cost in fees.by_resolution.items():
            found[f"fee_{Resolution(resolution)}_flat"] = _text(cost.flat)
            found[f"fee_{Resolution(resolution)}_percent"] = _text(cost.restocking_percent)
    return found


def _key(choices: dict[str, tuple[bool, bool]], value: tuple[bool, bool]) -> str:
    return next((key for key, pair in choices.items() if pair == value), "")


def _text(value: Decimal | None) -> str:
    if value is None or value == value.to_integral_value():
        return "" if value is None else format(value, ".0f")
    return format(value, ".2f") if value == round(value, 2) else format(value.normalize(), "f")
