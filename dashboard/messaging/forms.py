"""The forms of a message: how it goes out, and its words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import words
from dashboard.messaging.words import PLACES
from notifications import own_words
from notifications.switches import Switch
from notifications.touchpoints import TOUCHPOINTS

_LONG = ("lead", "next", "sms")
DELAYS = [
    (0, gettext_lazy("at once")),
    (15, gettext_lazy("15 minutes later")),
    (60, gettext_lazy("an hour later")),
    (240, gettext_lazy("4 hours later")),
    (1440, gettext_lazy("a day later")),
]


class SwitchForm(forms.Form):
    """On or off, the channels, and how much later."""

    is_on = forms.BooleanField(label=gettext_lazy("Send this message"), required=False)
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Over"), required=False, widget=forms.CheckboxSelectMultiple
    )
    delay = forms.TypedChoiceField(label=gettext_lazy("When"), coerce=int, choices=DELAYS)

    def __init__(self, data: Any = None, *, touchpoint: str, switch: Switch) -> None:
        minutes = int(switch.delay.total_seconds() // 60)
        initial = {"is_on": switch.is_on, "channels": list(switch.channels), "delay": minutes}
        super().__init__(data, initial=initial)
        self.before = switch
        channels = TOUCHPOINTS[touchpoint].channels
        self.fields["channels"].choices = [(each, words.CHANNELS[each]) for each in channels]  # type: ignore[attr-defined]
        if minutes not in dict(DELAYS):  # set by somebody else's program
            self.fields["delay"].choices = [*DELAYS, (minutes, f"{minutes} min")]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("is_on") and not given.get("channels"):
            self.add_error("channels", _("Choose at least one channel, or switch the message off."))
        return given

    def switch(self) -> Switch:
        """What was chosen, once the form is valid."""
        given = self.cleaned_data
        return replace(
            self.before,
            is_on=given["is_on"],
            channels=tuple(given["channels"]),
            delay=timedelta(minutes=given["delay"]),
        )


class WordsForm(forms.Form):
    """One field a place of the message; empty ones that need words, and bad Liquid, are told at the field."""

    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(
        self,
        data: Any = None,
        *,
        touchpoint: str,
        locale: str,
        variant: str,
        own: own_words.Words,
        version: int,
    ) -> None:
        shown = own_words.shown(touchpoint, locale, variant, own)
        super().__init__(data, initial={**shown, "based_on": version})
        self.touchpoint, self.locale, self.variant = touchpoint, locale, variant
        standing = own_words.built_in(touchpoint, locale, variant)
        for place, text in shown.items():
            self.fields[place] = forms.CharField(
                label=str(PLACES[place]),
                required=False,
                widget=forms.Textarea(attrs={"rows": 4 if place in _LONG else 2}),
                help_text="" if text == standing[place] else _("Changed from our words."),
            )

    def texts(self) -> dict[str, str]:
        """What stands in the fields, saved or typed, on one line each."""
        found = {}
        for place in own_words.places(self.touchpoint):
            value = self[place].value()
            found[place] = " ".join(str(value or "").replace("\0", "").split())
        return found

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for place, why in own_words.faults(self.touchpoint, self.locale, self.variant, self.texts()).items():
            self.add_error(place, why)
        return given
