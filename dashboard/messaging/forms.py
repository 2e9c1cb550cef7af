"""The forms of a message: how it goes out, and its words."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from dashboard.messaging.words import PLACES
from notifications import own_words
from notifications.block_rules import BESIDE

_LONG = ("lead", "next", "sms", "push")


class WordsForm(forms.Form):
    """One field a place of the message; empty ones that need words, and bad Liquid, are told at the field.

    is_composed: the mail is made of blocks, so that only the words beside them can be written here.
    """

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
        is_composed: bool = False,
    ) -> None:
        shown = own_words.shown(touchpoint, locale, variant, own)
        super().__init__(data, initial={**shown, "based_on": version})
        self.touchpoint, self.locale, self.variant = touchpoint, locale, variant
        standing = own_words.built_in(touchpoint, locale, variant)
        self.kept = {place: text for place, text in shown.items() if is_composed and place not in BESIDE}
        for place, text in shown.items():
            if place in self.kept:
                continue
            self.fields[place] = forms.CharField(
                label=str(PLACES[place]),
                required=False,
                widget=forms.Textarea(attrs={"rows": 4 if place in _LONG else 2}),
                help_text="" if text == standing[place] else _("Changed from our words."),
            )

    def texts(self) -> dict[str, str]:
        """What stands in the fields, saved or typed, on one line each; what blocks say instead as it is kept."""
        found = {}
        for place in own_words.places(self.touchpoint):
            if place in self.kept:
                found[place] = self.kept[place]
                continue
            value = self[place].value()
            found[place] = " ".join(str(value or "").replace("\0", "").split())
        return found

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for place, why in own_words.faults(self.touchpoint, self.locale, self.variant, self.texts()).items():
            self.add_error(place if place in self.fields else None, why)
        return given
