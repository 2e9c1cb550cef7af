"""What stands around the words of a message: languages and kinds to choose from, how it looks, its versions."""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.access import Seat
from dashboard.messaging.words import PLACES, VARIANTS
from notifications import own_words, trying
from notifications.models import WordsVersion
from notifications.rendering import TemplateError
from notifications.rendering.catalog import LOCALES

_VERSIONS = 10


@dataclass(frozen=True)
class Place:
    """Which words of a message are on the page."""

    touchpoint: str
    locale: str
    variant: str

    @property
    def query(self) -> str:
        """The address's parameters."""
        return urlencode({"locale": self.locale, **({"variant": self.variant} if self.variant else {})})


def choices(address: str, place: Place, which: str) -> list[dict[str, Any]]:
    """The languages, or the kinds of the message, as links."""
    if which == "locale":
        names = dict(settings.LANGUAGES)
        each = [(Place(place.touchpoint, locale, place.variant), names[locale]) for locale in LOCALES]
        current = place.locale
    else:
        kinds = own_words.variants(place.touchpoint)
        each = [
            (Place(place.touchpoint, place.locale, kind), str(VARIANTS.get(kind, kind))) for kind in kinds
        ]
        current = place.variant
    return [
        {"words": name, "url": f"{address}?{there.query}", "current": getattr(there, which) == current}
        for there, name in each
    ]


def look(seat: Seat, place: Place, texts: dict[str, str]) -> dict[str, Any]:
    """The frames with the mail, the text message, and what is worth a warning."""
    base = reverse("dashboard:message_preview_of", args=[seat.merchant.slug, place.touchpoint])
    frames = [
        {
            "words": name,
            "url": f"{base}?{place.query}&{urlencode({**texts, 'scheme': scheme})}",
            "scheme": scheme,
        }
        for scheme, name in (("light", _("Light")), ("dark", _("Dark")))
    ]
    try:
        shown = trying.look(seat.merchant, place.touchpoint, place.locale, place.variant, texts)
    except TemplateError as error:
        return {"look": None, "look_error": str(error), "frames": []}
    return {
        "look": shown,
        "frames": frames,
        "size_kb": -(-shown.size // 1000),
        "budget_kb": own_words.LARGEST_MAIL // 1000,
        "unknown": own_words.unknown_variables(place.touchpoint, place.locale, texts),
    }


def versions(place: Place) -> list[dict[str, Any]]:
    """The newest versions with what each of them changed, and what can be restored."""
    rows = list(
        WordsVersion.objects.filter(touchpoint=place.touchpoint, locale=place.locale).order_by("-number")[
            : _VERSIONS + 1
        ]
    )
    found = []
    for row, before in zip_longest(rows, rows[1:]):
        changed = own_words.differences(
            place.touchpoint, place.locale, before.words if before else {}, row.words
        )
        found.append(
            {
                "row": row,
                "is_current": row is rows[0],
                "changes": [
                    {
                        "place": PLACES[change.place],
                        "variant": VARIANTS[change.variant] if change.variant else "",
                        "parts": change.parts(),
                    }
                    for change in changed
                ],
            }
        )
    return found[:_VERSIONS]
