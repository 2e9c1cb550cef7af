"""Settings: why things come back, in the shop's own words and order."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.access import Seat, merchant_view
from dashboard.rule_settings import LinesField
from dashboard.settings_pages import settings_page
from merchants.permissions import Permission
from merchants.rest.errors import Unprocessable
from orders.products import product_types
from returns.policy.choices import Resolution
from returns.reasons import MOST, REASONS, Reason, known, misplaced, set_reasons

_SHOWN: Final = 40  # of the shop's product types, as a reminder
_FIRST: Final = (
    Resolution.EXCHANGE, Resolution.STORE_CREDIT, Resolution.REFUND, Resolution.REPLACEMENT, Resolution.REPAIR,
)  # fmt: skip


class ReasonForm(forms.Form):
    """One reason. Words that are left empty are the usual ones."""

    code = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    place = forms.IntegerField(label=gettext_lazy("Place"), required=False, min_value=1, max_value=999)
    is_on = forms.BooleanField(label=gettext_lazy("Customers can choose it"), required=False, initial=True)
    en = forms.CharField(label=gettext_lazy("In English"), required=False, max_length=60)
    de = forms.CharField(label=gettext_lazy("In German"), required=False, max_length=60)
    needs_photos = forms.BooleanField(label=gettext_lazy("Asks for a photo"), required=False)
    names_fault = forms.BooleanField(label=gettext_lazy("Speaks against the product"), required=False)
    first = forms.ChoiceField(
        label=gettext_lazy("Suggest first"),
        choices=lambda: [(r.value, r.label) for r in _FIRST],
        initial=_FIRST[0].value,
    )
    parent = forms.ChoiceField(label=gettext_lazy("Sub-reason of"), required=False)
    types = LinesField(
        label=gettext_lazy("Only for these product types"), required=False, initial=list,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=gettext_lazy("One a line. Empty: for every product."),
    )  # fmt: skip

    def __init__(self, *args: Any, parents: Sequence[Reason], kinds: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = self.initial.get("code")
        self.fields["parent"].choices = [  # type: ignore[attr-defined]
            ("", _("none: it stands by itself")), *((one.code, one.name) for one in parents if one.code != own)
        ]  # fmt: skip
        self.kinds = {kind.casefold() for kind in (*kinds, *self.initial.get("types", ()))}

    def clean_types(self) -> list[str]:
        """Types that the shop has, or that were stored before: a slip of the pen would hide the reason from all."""
        given: list[str] = self.cleaned_data["types"]
        for kind in given:
            if kind.casefold() not in self.kinds:
                raise forms.ValidationError(
                    _("No product of yours is of the type “%(name)s”.") % {"name": kind}
                )
        return given

    def clean(self) -> dict[str, Any]:
        """A reason of the shop's own needs a word."""
        given = super().clean() or {}
        if given.get("code") not in REASONS and not given.get("en") and not given.get("de"):
            self.add_error("en", _("Please write what it is called."))
        return given


Reasons: Final = forms.formset_factory(ReasonForm, extra=2, max_num=MOST)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def return_reasons(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The reasons in their order, each before its sub-reasons; two empty rows for new ones."""
    now, kinds = known(), product_types()
    rows = [_initial(place, reason) for place, reason in enumerate(now.values(), 1)]
    choices = {"parents": [reason for reason in now.values() if not reason.parent], "kinds": kinds}
    forms_ = Reasons(
        request.POST if request.method == "POST" else None, prefix="r", initial=rows, form_kwargs=choices
    )
    wrong = ""
    if request.method == "POST" and forms_.is_valid():
        given = _in_order(forms_, now)
        wanted = [reason for _form, reason in given]
        for place in misplaced(wanted):
            given[place][0].add_error(
                "parent", _("That is a sub-reason itself, or this one has sub-reasons.")
            )
        if forms_.total_error_count() == 0:
            try:
                changed = set_reasons(seat.merchant, wanted)
            except Unprocessable:
                wrong = _("At least one reason has to be on that is for every product and no sub-reason.")
            else:
                messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
                return redirect("dashboard:reasons", seat.merchant.slug)
    context = {
        "forms": forms_,
        "wrong": wrong or (_("Please look at the reasons below.") if forms_.total_error_count() else ""),
        "rows": [(form, now.get(form.initial.get("code", ""))) for form in forms_],
        "kinds": kinds[:_SHOWN],
        "more_kinds": len(kinds) > _SHOWN,
    }
    status = 422 if request.method == "POST" else 200
    return settings_page(request, seat, "reasons", "dashboard/settings/reasons.html", context, status=status)


def _initial(place: int, reason: Reason) -> dict[str, Any]:
    first = next((value for value in reason.suggests if value in _FIRST), Resolution.REFUND)
    return {
        "code": reason.code, "place": place, "is_on": not reason.is_off, "en": reason.words.get("en", ""),
        "de": reason.words.get("de", ""), "needs_photos": reason.needs_photos, "names_fault": reason.names_fault,
        "first": first, "parent": reason.parent, "types": list(reason.types),
    }  # fmt: skip


def _in_order(forms_: Any, now: Mapping[str, Reason]) -> list[tuple[Any, Reason]]:
    """What was typed, with its form, by its place; of one place the one that stood above."""
    taken, found = set(now), []
    for number, form in enumerate(forms_):
        given = form.cleaned_data
        if not given or (form not in forms_.initial_forms and not form.has_changed()):
            continue
        code = given["code"] if given["code"] in now else _code(given["en"] or given["de"], taken)
        taken.add(code)
        before = now.get(code)
        first = Resolution(given["first"])
        rest = tuple(value for value in (before.suggests if before else ()) if value != first)
        reason = Reason(
            code, "", needs_photos=given["needs_photos"], suggests=(first, *rest), names_fault=given["names_fault"],
            is_off=not given["is_on"], words={"en": given["en"].strip(), "de": given["de"].strip()},
            types=tuple(given["types"]), parent=given["parent"],
        )  # fmt: skip
        found.append((given["place"] or 1000, number, form, reason))
    return [(form, reason) for _place, _number, form, reason in sorted(found, key=lambda row: row[:2])]


def _code(words: str, taken: set[str]) -> str:
    """A code out of its words: for the API, the rules and the figures."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:36] or "reason"
    return next(code for code in (base, *(f"{base}_{n}" for n in range(2, MOST + 50))) if code not in taken)
