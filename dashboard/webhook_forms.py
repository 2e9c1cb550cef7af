"""Forms of the webhook pages."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.facts import known_types
from merchants.rest.errors import Unprocessable
from webhooks.checks import LONGEST_URL
from webhooks.commands import LONGEST_DESCRIPTION, EndpointValues
from webhooks.models import Endpoint
from webhooks.resending import Stretch

_REFUSED: dict[str, Promise] = {
    "invalid_url": gettext_lazy(
        "We cannot send to this address. It has to be an https address that the internet can reach,"
        " on port 443, 80 or 8080, without a password in it."
    ),
    "invalid_header": gettext_lazy(
        "Write one header a line, as “Name: value”: at most five, in plain letters. Host, Cookie, Content-… and"
        " Webhook-… are ours."
    ),
    "too_many_endpoints": gettext_lazy("You have ten endpoints already. Delete one first."),
}


class EndpointForm(forms.Form):
    """An endpoint's address, what it is told, and headers of its own."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=LONGEST_URL,
        help_text=gettext_lazy("The https address of your backend that takes the events."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "placeholder": "https://shop.example/hooks"}
        ),
    )
    description = forms.CharField(
        label=gettext_lazy("What it is for"),
        required=False,
        max_length=LONGEST_DESCRIPTION,
        help_text=gettext_lazy("For your team, for example “Warehouse”."),
    )
    which = forms.ChoiceField(
        label=gettext_lazy("Which events"),
        choices=[
            ("all", gettext_lazy("Every event, also kinds that are added later")),
            ("some", gettext_lazy("Only these:")),
        ],
        widget=forms.RadioSelect,
        initial="all",
    )
    types = forms.MultipleChoiceField(
        label=gettext_lazy("Events"), required=False, widget=forms.CheckboxSelectMultiple
    )
    headers = forms.CharField(
        label=gettext_lazy("Headers of your own"),
        required=False,
        max_length=6000,
        help_text=gettext_lazy(
            "One a line, as “X-Shop-Token: secret”. They are sent along with every event."
        ),
        widget=forms.Textarea(
            attrs={"rows": 3, "class": "mono", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    replace_headers = forms.BooleanField(label=gettext_lazy("Replace the headers by these"), required=False)

    def __init__(self, data: Any = None, *, endpoint: Endpoint | None = None) -> None:
        initial: dict[str, Any] = {}
        if endpoint is not None:
            which = "some" if endpoint.types else "all"
            initial = {
                "url": endpoint.url,
                "description": endpoint.description,
                "which": which,
                "types": endpoint.types,
            }
        super().__init__(data, initial=initial)
        self._is_new = endpoint is None
        types = self.fields["types"]
        assert isinstance(types, forms.MultipleChoiceField)
        types.choices = [(type_, type_) for type_ in known_types()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("which") == "some" and not cleaned.get("types") and "types" not in self.errors:
            self.add_error("types", _("Choose at least one event."))
        return cleaned

    def clean_headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self.cleaned_data["headers"].splitlines():
            name, colon, value = line.strip().partition(":")
            if not line.strip():
                continue
            if not colon or name.strip() in found:
                raise forms.ValidationError(str(_REFUSED["invalid_header"]))
            found[name.strip()] = value.strip()
        return found

    def values(self) -> EndpointValues:
        """What was typed, once the form is valid. Headers stay as they are unless new ones were written."""
        cleaned = self.cleaned_data
        keep = not self._is_new and not cleaned["headers"] and not cleaned["replace_headers"]
        return EndpointValues(
            url=cleaned["url"],
            description=cleaned["description"],
            types=cleaned["types"] if cleaned["which"] == "some" else (),
            headers=None if keep else cleaned["headers"],
        )

    def refuse(self, problem: Unprocessable) -> None:
        """Show at its field why the values were refused."""
        field = problem.param if problem.param in self.fields else None
        self.add_error(field, str(_REFUSED.get(problem.code, problem.detail)))


class StretchForm(forms.Form):
    """From when to when, on the merchant's clock."""

    start = forms.DateTimeField(
        label=gettext_lazy("From"), widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M")
    )
    end = forms.DateTimeField(
        label=gettext_lazy("Until"), widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M")
    )
    only_failed = forms.BooleanField(label=gettext_lazy("Only what did not arrive"), required=False)

    def __init__(self, data: Any = None) -> None:
        now = timezone.localtime()
        super().__init__(data, initial={"start": now - timedelta(days=1), "end": now + timedelta(minutes=1)})
        for name in ("start", "end"):
            self.fields[name].widget.input_type = "datetime-local"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and start >= end:
            self.add_error("end", _("The end lies after the beginning."))
        return cleaned

    def stretch(self) -> Stretch:
        """The stretch of time, once the form is valid."""
        cleaned = self.cleaned_data
        return Stretch(cleaned["start"], cleaned["end"], cleaned["only_failed"])
