"""How a page of the settings takes a form over a row of rules that the merchant has one of."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from dashboard.access import Seat
from dashboard.settings_pages import settings_page


class CommaField(forms.CharField):
    """Words with commas between them, as a list without doubles."""

    between = ", "

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        words = value if isinstance(value, list) else str(value or "").split(self.between.rstrip(" "))
        return list(dict.fromkeys(word.strip() for word in words if word.strip()))

    def prepare_value(self, value: Any) -> Any:
        return self.between.join(value) if isinstance(value, list) else value

    def validate(self, value: Any) -> None:
        """Nothing is needed."""

    def run_validators(self, value: Any) -> None:
        for word in value:
            super().run_validators(word)


class LinesField(CommaField):
    """Words that may have commas in them, one a line."""

    between = "\n"
    widget = forms.Textarea


def edit_rules(
    request: HttpRequest, seat: Seat, key: str, form: forms.Form, save: Callable[[], bool], **around: Any
) -> HttpResponse:
    """A page with one form; `save` stores what is valid and says whether anything changed. Raises nothing."""
    if request.method == "POST" and form.is_valid():
        changed = save()
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect(request.path)
    status = 422 if request.method == "POST" else 200
    return settings_page(
        request, seat, key, f"dashboard/settings/{key}.html", {"form": form, **around}, status=status
    )
