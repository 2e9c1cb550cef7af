"""Form fields of the return rules."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from returns.policy.checking import decimal_of


class AmountField(forms.CharField):
    """A number of 0 or more, written with a point or a comma. Empty is None."""

    def __init__(self, *, top: int, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "short"})
        super().__init__(required=False, max_length=20, widget=widget, **kwargs)
        self.top = top

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        number = decimal_of(text)
        if number is None:
            raise forms.ValidationError(_("This is not a number."))
        if not 0 <= number <= self.top:
            raise forms.ValidationError(_("Between 0 and %(top)s.") % {"top": self.top})
        return number
