"""A merchant's own words of a message: checked, saved as versions, compared and restored.

Words are plain text with Liquid, one text a place of the message (subject, heading, lead …), by language and, for
problems with a parcel, by kind of problem. The design stays ours, so that nothing that is written can break a mail.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.audit import current_actor, record_change
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from notifications.choices import Channel
from notifications.models import WordsVersion
from notifications.rendering import (
    TemplateError,
    catalog,
    render,
    render_push,
    render_sms,
    sample_context,
    sandbox,
)
from notifications.rendering.block_kinds import Block
from notifications.rendering.templates import worded_as, wording
from notifications.touchpoints import TOUCHPOINTS

Words = dict[str, dict[str, str]]

# The places that can be worded, from the top of a mail to its end, and how long each may be.
LONGEST: Final[Mapping[str, int]] = {
    "subject": 400, "preheader": 300, "eyebrow": 200, "heading": 400, "greeting": 120, "lead": 2000,
    "case_title": 120, "next_title": 120, "next": 2000, "button": 120, "sms": 800, "push": 300,
}  # fmt: skip
_OF_CHANNEL: Final[Mapping[str, Channel]] = {"sms": Channel.SMS, "push": Channel.PUSH}
_MAY_BE_EMPTY: Final = frozenset({"preheader", "eyebrow", "greeting", "next", "next_title"})
# Gmail clips a mail at 102 KB; ours stay far below (UX §5).
LARGEST_MAIL: Final = 60_000


@dataclass(frozen=True)
class Difference:
    """A place whose words are not the same in two versions."""

    variant: str
    place: str
    before: str
    after: str

    def parts(self) -> list[tuple[str, str]]:
        """The words as (what became of them, text): "same", "gone" or "new"."""
        return parts(self.before, self.after)


def parts(before: str, after: str) -> list[tuple[str, str]]:
    """Two texts, word by word, as (what became of them, text): "same", "gone" or "new"."""
    old, new = before.split(), after.split()
    found = []
    # Of a long text its commonest words begin no match: a text of the same word over and over would take half a second.
    for kind, a, b, c, d in difflib.SequenceMatcher(a=old, b=new).get_opcodes():
        if kind == "equal":
            found.append(("same", " ".join(old[a:b])))
            continue
        found += [("gone", " ".join(old[a:b]))] if b > a else []
        found += [("new", " ".join(new[c:d]))] if d > c else []
    return found


def places(touchpoint: str) -> list[str]:
    """The places of a message that can be worded, in their order."""
    said = catalog.own_words(touchpoint, catalog.FALLBACK)
    shared = {"greeting", "next_title"} if "next" in said else {"greeting"}
    channels = TOUCHPOINTS[touchpoint].channels
    left_out = {place for place, channel in _OF_CHANNEL.items() if channel not in channels}
    return [place for place in LONGEST if place in {*said, *shared} - left_out]


def built_in(touchpoint: str, locale: str, variant: str) -> dict[str, str]:
    """The words that stand there when nobody wrote others."""
    words = catalog.words(touchpoint, locale, variant)
    return {place: words[place] for place in places(touchpoint)}


def shown(touchpoint: str, locale: str, variant: str, own: Words) -> dict[str, str]:
    """The words as they go out now."""
    words = wording(touchpoint, locale, own, variant)
    return {place: words[place] for place in places(touchpoint)}


def variants(touchpoint: str) -> list[str]:
    """The kinds of a message that have words of their own; "" is the general one."""
    return ["", *dict.fromkeys(catalog.VARIANTS.get(touchpoint, {}).values())]


def faults(touchpoint: str, locale: str, variant: str, texts: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with some words, by place: each as a sentence for people. Empty: they can be saved."""
    found = {}
    for place in places(touchpoint):
        text = texts.get(place, "")
        if not text.strip() and place not in _MAY_BE_EMPTY:
            found[place] = _("Something has to stand here.")
        elif len(text) > LONGEST[place]:
            found[place] = _("At most %(count)d characters.") % {"count": LONGEST[place]}
        else:
            try:
                sandbox.parse_words(text)
            except TemplateError as error:
                found[place] = _("This cannot be read: %(why)s.") % {"why": error}
    if not found and (why := _fails(touchpoint, locale, variant, texts)):
        found["lead"] = why
    return found


def _fails(touchpoint: str, locale: str, variant: str, texts: Mapping[str, str]) -> str:
    """Why the message with these words would fail for a made-up order, "" when it does not."""
    context = sample_context(locale, touchpoint)
    own = {variant: dict(texts)}
    try:
        mail = render(worded_as(touchpoint, locale, "email", own, variant), context)
        if "sms" in texts:
            render_sms(worded_as(touchpoint, locale, "sms", own, variant), context)
        if "push" in texts:
            render_push(worded_as(touchpoint, locale, "push", own, variant), context)
    except TemplateError as error:
        return _("The message cannot be filled: %(why)s.") % {"why": error}
    if len(mail.html.encode()) > LARGEST_MAIL:
        return _("The mail gets larger than %(size)d KB.") % {"size": LARGEST_MAIL // 1000}
    return ""


def latest(touchpoint: str, locale: str) -> WordsVersion | None:
    """The version that counts in the open scope, None for the built-in words."""
    found: WordsVersion | None = (
        WordsVersion.objects.filter(touchpoint=touchpoint, locale=locale).order_by("-number").first()
    )
    return found


def save(
    merchant: Merchant, touchpoint: str, locale: str, variant: str, texts: Mapping[str, str], *, based_on: int
) -> WordsVersion:
    """Save words as a new version. From the next message on it counts; those under way keep what they were told.

    based_on: the number of the version that was changed, 0 for the built-in words. Raises Unprocessable for words that
    `faults` finds something in, and Conflict when somebody else saved meanwhile.
    """
    if found := faults(touchpoint, locale, variant, texts):
        place, why = next(iter(found.items()))
        raise Unprocessable(why, param=place, code="invalid_template")
    standing = built_in(touchpoint, locale, variant)
    own = {
        place: texts.get(place, "") for place in standing if texts.get(place, "").strip() != standing[place].strip()
    }  # fmt: skip
    with merchant_transaction(merchant):
        before = latest(touchpoint, locale)
        words = {**(before.words if before else {}), variant: own}
        words = {each: texts for each, texts in words.items() if texts}
        return store(merchant, touchpoint, locale, words, before.blocks if before else {}, before, based_on)


def restore(merchant: Merchant, touchpoint: str, locale: str, number: int) -> WordsVersion:
    """Make an earlier version (0: the built-in words) the newest one. Raises NotFound."""
    with merchant_transaction(merchant):
        before = latest(touchpoint, locale)
        earlier = WordsVersion.objects.filter(touchpoint=touchpoint, locale=locale, number=number).first()
        if number and earlier is None:
            raise NotFound("There is no such version.", param="number")
        words, blocks = (earlier.words, earlier.blocks) if earlier else ({}, {})
        return store(merchant, touchpoint, locale, words, blocks, before, before.number if before else 0)


def store(
    merchant: Merchant, touchpoint: str, locale: str, words: Words, blocks: dict[str, list[Block]],
    before: WordsVersion | None, based_on: int,
) -> WordsVersion:  # fmt: skip
    """Store the version after `before`, in the open transaction. Raises Conflict when it is based on another one."""
    if (before.number if before else 0) != based_on:
        raise Conflict("Somebody else saved these words meanwhile.", param="based_on", code="words_changed")
    version = WordsVersion(
        merchant=merchant, touchpoint=touchpoint, locale=locale, number=based_on + 1, words=words,
        blocks=blocks, saved_at=timezone.now(), saved_by=current_actor().name[:254],
    )  # fmt: skip
    try:
        version.save(force_insert=True)
    except IntegrityError as error:  # both looked at the same time
        raise Conflict(
            "Somebody else saved these words meanwhile.", param="based_on", code="words_changed"
        ) from error
    record_change("words.saved", label=f"{touchpoint} · {locale} · {version.number}")
    return version


def differences(touchpoint: str, locale: str, before: Words, after: Words) -> list[Difference]:
    """The places whose words differ between two versions, as they went out."""
    found = []
    for variant in variants(touchpoint):
        old, new = (shown(touchpoint, locale, variant, words) for words in (before, after))
        found += [
            Difference(variant, place, old[place], new[place]) for place in old if old[place] != new[place]
        ]
    return found
