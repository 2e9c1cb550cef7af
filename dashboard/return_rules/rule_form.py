"""One rule as a form: its name, what has to hold, and what follows."""

import re
import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard.pages.delivery import read_countries
from dashboard.return_rules.outcome_form import OutcomeForm
from returns.policy.checking import condition_fault, decimal_of
from returns.policy.choices import ItemCondition, Reads
from returns.policy.fields import FIELDS, Field, Kind, Op
from returns.policy.model import MOST_CONDITIONS, Condition, Outcome, Policy, Rule

_FREE_ROWS = 2


class RuleForm(OutcomeForm):
    """A rule. Conditions are rows of three fields, `c0_field`, `c0_op`, `c0_values`; empty rows are left out."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    name = forms.CharField(
        label=gettext_lazy("Name of the rule"), max_length=120,
        help_text=gettext_lazy("For the team: it stands in each verdict."),
        error_messages={"required": gettext_lazy("Give the rule a name.")},
    )  # fmt: skip
    reads = forms.ChoiceField(
        label=gettext_lazy("Counts"), choices=Reads.choices, widget=forms.RadioSelect,
        help_text=gettext_lazy("Also whether it looks at the product as it was at the purchase, or as it is now."),
    )  # fmt: skip
    is_on = forms.BooleanField(label=gettext_lazy("In use"), required=False)

    def __init__(self, data: Any = None, *, rule: Rule | None, revision: int) -> None:
        self.rule = rule
        initial = {
            "revision": revision, "name": rule.name if rule else "", "reads": rule.reads if rule else Reads.PURCHASE,
            "is_on": rule.is_on if rule else True,
        }  # fmt: skip
        super().__init__(data, outcome=rule.outcome if rule else Outcome(), initial=initial)
        conditions = rule.conditions if rule else ()
        for place in range(min(len(conditions) + _FREE_ROWS, MOST_CONDITIONS)):
            self._add_row(f"c{place}", conditions[place] if place < len(conditions) else None)

    def _add_row(self, name: str, condition: Condition | None) -> None:
        self.fields[f"{name}_field"] = forms.ChoiceField(
            label=_("What"), required=False, choices=[("", "–"), *Field.choices]
        )
        self.fields[f"{name}_op"] = forms.ChoiceField(label=_("How"), required=False, choices=Op.choices)
        self.fields[f"{name}_values"] = forms.CharField(
            label=_("Values"), required=False, max_length=5000,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )  # fmt: skip
        if condition is not None:
            self.initial.update({
                f"{name}_field": condition.field, f"{name}_op": condition.op,
                f"{name}_values": ", ".join(condition.values),
            })  # fmt: skip

    @property
    def rows(self) -> list[tuple[forms.BoundField, ...]]:
        """The conditions, for the template."""
        names = [name.removesuffix("_field") for name in self.fields if re.fullmatch(r"c\d+_field", name)]
        return [(self[f"{name}_field"], self[f"{name}_op"], self[f"{name}_values"]) for name in names]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        conditions = [
            condition for field, _op, _values in self.rows if (condition := self._condition(field.name[:-6]))
        ]
        given["conditions"] = tuple(conditions)
        if not self.errors and self.as_outcome() == Outcome():
            self.add_error(None, _("Say what the rule does."))
        return given

    def _condition(self, name: str) -> Condition | None:
        given = self.cleaned_data
        field, op = given.get(f"{name}_field"), given.get(f"{name}_op") or Op.IS
        text = given.get(f"{name}_values", "").strip()
        if not field and not text:
            return None
        if not field:
            self.add_error(f"{name}_field", _("What are these values of?"))
            return None
        values = self._values(name, Field(field), text)
        if not values:
            if f"{name}_values" not in self.errors:
                self.add_error(f"{name}_values", _("Something has to stand here."))
            return None
        condition = Condition(field=Field(field), op=Op(op), values=values)
        if fault := condition_fault(condition):
            self.add_error(f"{name}_{fault[0]}", fault[1])
            return None
        return condition

    def _values(self, name: str, field: Field, text: str) -> tuple[str, ...]:
        """The values as they are stored: country codes, numbers with a point, words as they stand."""
        if field == Field.COUNTRY:
            codes, unknown = read_countries(text)
            if unknown:
                self.add_error(f"{name}_values", _("We know no country “%(name)s”.") % {"name": unknown})
                return ()
            return tuple(codes)
        if FIELDS[field].kind != Kind.WORDS:
            number = decimal_of(text)
            return (text,) if number is None else (format(number, "f"),)
        words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
        if field == Field.CONDITION:
            labels = {str(label).casefold(): value for value, label in ItemCondition.choices}
            return tuple(labels.get(word.casefold(), word) for word in words)
        return words

    def as_rule(self, policy: Policy) -> Rule:
        """The rule, once the form is valid. A new one gets a key that no other rule of the policy has."""
        given = self.cleaned_data
        return Rule(
            key=self.rule.key if self.rule else new_key(given["name"], policy),
            name=given["name"].strip(),
            conditions=given["conditions"],
            outcome=self.as_outcome(),
            reads=Reads(given["reads"]),
            is_on=given["is_on"],
        )


def new_key(name: str, policy: Policy) -> str:
    """A key out of a name: "Final sale" is `final-sale`, with something behind it where that is taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30] or "rule"
    taken = {rule.key for rule in policy.rules}
    return base if base not in taken else f"{base}-{secrets.token_hex(3)}"


class StandardForm(OutcomeForm):
    """What holds where no rule says anything."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reads = forms.ChoiceField(label=gettext_lazy("Counts"), choices=Reads.choices, widget=forms.RadioSelect)
    transit_days = forms.IntegerField(
        label=gettext_lazy("Days on the way, where no carrier tells of the delivery"),
        min_value=0,
        max_value=90,
    )

    def __init__(self, data: Any = None, *, policy: Policy, revision: int) -> None:
        initial = {
            "revision": revision, "reads": policy.standard_reads, "transit_days": policy.transit_days,
        }  # fmt: skip
        super().__init__(data, outcome=policy.standard, initial=initial)
        for name in ("resolutions", "methods"):
            self.fields[name].help_text = _("None chosen: all of them.")
