"""Settings of the withdrawal function: how long, which goods and orders are exempt, what goes back of the way there."""

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.access import Seat, merchant_view
from dashboard.rule_settings import CommaField, edit_rules
from merchants.models import WithdrawalFor
from merchants.permissions import Permission
from returns.withdrawal.goods import rules_of
from returns.withdrawal.models import Exemption, Rules
from returns.withdrawal.rules import set_rules

EXEMPTIONS: Final[dict[str, Promise]] = {
    Exemption.CUSTOM_MADE: gettext_lazy("Made to the customer’s wishes"),
    Exemption.SEALED_HYGIENE: gettext_lazy("Sealed for hygiene"),
    Exemption.PERISHABLE: gettext_lazy("Perishable"),
    Exemption.DIGITAL: gettext_lazy("Digital content"),
}


class WithdrawalForm(forms.Form):
    """Columns of `Rules`; the exempt tags by their reason."""

    days = forms.IntegerField(
        label=gettext_lazy("Days after the last delivery"), min_value=14, max_value=365,
        help_text=gettext_lazy("The law’s 14, or more if you grant it."),
    )  # fmt: skip
    informs = forms.BooleanField(
        label=gettext_lazy("Customers are told of their right"), required=False,
        help_text=gettext_lazy("In your terms, with the model form. Without it the law gives them 12 months more."),
    )  # fmt: skip
    standard_shipping = forms.DecimalField(
        label=gettext_lazy("Most that goes back for the way to the customer"), required=False, min_value=0,
        max_value=9999, decimal_places=2,
        help_text=gettext_lazy("The price of your standard delivery. Empty: all that was paid for it."),
    )  # fmt: skip
    offers_labels = forms.BooleanField(
        label=gettext_lazy("You pay for the way back"), required=False,
        help_text=gettext_lazy("Customers may choose one of your return labels. Else they send it themselves."),
    )  # fmt: skip
    business_tags = CommaField(
        label=gettext_lazy("Tags of orders by businesses"), required=False, max_length=60,
        help_text=gettext_lazy("Commas between them. Businesses have no right of withdrawal."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, rules: Rules) -> None:
        by_kind = {
            kind: [tag for tag, of in rules.exempt_tags.items() if of == kind] for kind in Exemption.values
        }
        shipping = rules.standard_shipping
        super().__init__(data, initial={
            "days": rules.days, "informs": rules.informs, "offers_labels": rules.offers_labels,
            "business_tags": rules.business_tags,
            "standard_shipping": None if shipping is None else f"{shipping:.2f}",
            **{f"exempt_{kind}": tags for kind, tags in by_kind.items()},
        })  # fmt: skip
        for kind, label in EXEMPTIONS.items():
            self.fields[f"exempt_{kind}"] = CommaField(label=str(label), required=False, max_length=60)

    def exempt(self) -> list[Any]:
        """The fields of the exempt tags."""
        return [self[f"exempt_{kind}"] for kind in EXEMPTIONS]

    def clean(self) -> dict[str, Any]:
        """A tag has one reason."""
        given = super().clean() or {}
        seen: dict[str, str] = {}
        for kind in EXEMPTIONS:
            for tag in given.get(f"exempt_{kind}") or []:
                if tag.casefold() in seen:
                    self.add_error(
                        f"exempt_{kind}", _("%(tag)s stands at another reason, too.") % {"tag": tag}
                    )
                seen[tag.casefold()] = kind
        return given

    def values(self) -> dict[str, Any]:
        """The columns of a valid form."""
        given = self.cleaned_data
        names = ("days", "informs", "standard_shipping", "offers_labels", "business_tags")
        tags = {tag: str(kind) for kind in EXEMPTIONS for tag in given[f"exempt_{kind}"]}
        return {**{name: given[name] for name in names}, "exempt_tags": tags}


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def withdrawal_rules(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form."""
    form = WithdrawalForm(request.POST if request.method == "POST" else None, rules=rules_of())
    countries = {
        WithdrawalFor.EU: _("The function is there for orders to the EU and EEA."),
        WithdrawalFor.ALL: _("The function is there for all orders."),
        WithdrawalFor.OFF: _("The function is off."),
    }
    return edit_rules(
        request, seat, "withdrawal_rules", form, lambda: set_rules(seat.merchant, **form.values()),
        countries=countries.get(WithdrawalFor(seat.merchant.withdrawal_for), ""),
    )  # fmt: skip
