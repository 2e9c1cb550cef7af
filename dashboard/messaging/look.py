"""What stands around the words of a message: languages and kinds to choose from, how it looks, its versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.access import Seat
from dashboard.messaging import block_words
from dashboard.messaging.words import PLACES, VARIANTS
from notifications import block_rules, own_blocks, own_words, trying, variables
from notifications.models import WordsVersion
from notifications.rendering import TemplateError
from notifications.rendering.block_kinds import Block, clean
from notifications.rendering.catalog import LOCALES

_VERSIONS = 10
# Where Gmail cuts a mail off.
CLIPPED_AT = 102_000


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

    def blocks(self, version: WordsVersion | None) -> list[Block]:
        """What a version's mail is composed of, nothing when it is in our design."""
        return clean(version.blocks.get(self.variant)) if version else []


def languages() -> list[tuple[str, Any]]:
    """The languages that a message can be written in, with their names."""
    names = dict(settings.LANGUAGES)
    return [(locale, names[locale]) for locale in LOCALES]


def composed_in(place: Place) -> list[str]:
    """The languages in which the mail is composed of blocks now."""
    newest = WordsVersion.objects.filter(touchpoint=place.touchpoint).order_by("locale", "-number")
    return [row.locale for row in newest.distinct("locale") if row.blocks.get(place.variant)]


def choices(address: str, place: Place, which: str) -> list[dict[str, Any]]:
    """The languages, or the kinds of the message, as links."""
    if which == "locale":
        each = [(Place(place.touchpoint, locale, place.variant), name) for locale, name in languages()]
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


def look(
    seat: Seat, place: Place, texts: dict[str, str], blocks: Sequence[Block] = (), draft: str | None = None
) -> dict[str, Any]:
    """The frames with the mail, the text message, and what is worth a warning.

    draft: the blocks as a part of an address, where they are being written; "" when they are too long for one.
    """
    name, given = ("message_preview_of", texts) if draft is None else ("blocks_preview", {"draft": draft})
    base = reverse(f"dashboard:{name}", args=[seat.merchant.slug, place.touchpoint])
    frames = [
        {
            "words": words,
            "url": f"{base}?{place.query}&{urlencode({**given, 'scheme': scheme})}",
            "scheme": scheme,
            "width": width,
        }
        for scheme, width, words in (
            ("light", "phone", _("Light")), ("dark", "phone", _("Dark")), ("light", "desktop", _("On a computer")),
        )
    ]  # fmt: skip
    try:
        shown = trying.look(seat.merchant, place.touchpoint, place.locale, place.variant, texts, blocks)
    except TemplateError as error:
        return {"look": None, "look_error": str(error), "frames": []}
    return {
        "look": shown,
        "frames": [] if draft == "" else frames,
        "size_kb": -(-shown.size // 1000),
        "budget_kb": own_words.LARGEST_MAIL // 1000,
        "clip_kb": CLIPPED_AT // 1000,
        "unknown": variables.unknown(place.touchpoint, place.locale, _all_words(texts, blocks)),
        "is_mail_only": draft is not None,
    }


def _all_words(texts: dict[str, str], blocks: Sequence[Block]) -> dict[str, str]:
    """Every text that goes out: of a composed mail those of its blocks, and what stands beside them."""
    if not blocks:
        return texts
    beside = {place: text for place, text in texts.items() if place in block_rules.BESIDE}
    return beside | {f"{block['id']}.{name}": text for block in blocks for name, text in block.items()}


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
        composed = {*row.blocks, *(before.blocks if before else {})}
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
                "blocks": [
                    _composed(place.touchpoint, place.locale, variant, before, row)
                    for variant in own_words.variants(place.touchpoint)
                    if variant in composed
                ],
            }
        )
    return found[:_VERSIONS]


def _composed(
    touchpoint: str, locale: str, variant: str, before: WordsVersion | None, after: WordsVersion
) -> dict[str, Any]:
    """What became of a mail's blocks from one version to the next, block by block."""
    old, new = (own_blocks.blocks_of(row, touchpoint, locale, variant) for row in (before, after))
    was, is_now = bool(before and before.blocks.get(variant)), bool(after.blocks.get(variant))
    began, ended = _("Composed of blocks from here on"), _("In our design again")
    return {
        "variant": VARIANTS[variant] if variant else "",
        "turn": "" if was == is_now else began if is_now else ended,
        "changes": [
            {
                "what": block_words.CHANGES[change.what],
                "kind": change.what,
                "called": block_words.called(change.block, touchpoint, locale),
                "fields": [
                    (block_words.FIELDS[name], own_words.parts(*(block_words.value(name, x) for x in texts)))
                    for name, *texts in change.fields
                ],
            }
            for change in own_blocks.differences(old, new)
        ],
    }
