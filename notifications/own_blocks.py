"""A mail composed of blocks: our design as blocks, versions, and their differences.

A version of a merchant's words (`own_models.WordsVersion`) may hold blocks for a variant of a message. Then they are
its mail, and of the words only the subject, the preview line and the texts for other channels count. Without them: our
design. Each language has its own; one without any goes out in our design, never in another language.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from notifications import own_words
from notifications.block_rules import HEAD, can_be_composed, faults
from notifications.models import WordsVersion
from notifications.rendering import catalog
from notifications.rendering.block_kinds import KINDS, Block, clean, kind_of


@dataclass(frozen=True)
class Change:
    """What became of a block from one version to the next. what: new, gone, moved or changed.

    fields: of a changed one, each with its text before and after.
    """

    what: str
    block: Block
    fields: Sequence[tuple[str, str, str]] = ()


def default(touchpoint: str, locale: str, variant: str, own: own_words.Words) -> list[Block]:
    """Our design with a merchant's words, as blocks: what goes out while nothing was composed."""
    words = {
        **catalog.words(touchpoint, locale, variant),
        **own_words.shown(touchpoint, locale, variant, own),
    }
    design = catalog.TOUCHPOINTS[touchpoint]
    greeting = (
        f"{{% if customer.first_name %}}{words['greeting']}\n{{% endif %}}" if words["greeting"] else ""
    )
    made: list[Block] = [
        {"kind": "heading", "eyebrow": words["eyebrow"], "text": words["heading"]},
        {"kind": "text", "text": greeting + words["lead"]},
        {"kind": "answers"} if design.main == "answers" else {"kind": "button", "label": words["button"]},
    ]
    for name in design.blocks:
        if name == "next" and (words["next"] or words["next_title"]):
            made.append({"kind": "text", "title": words["next_title"], "text": words["next"], "look": "box"})
        elif name == "items":
            made.append({"kind": "items", "prices": "yes" if "price_cell" in design.parts else "no"})
        elif name != "next":
            made.append({"kind": kind_of(name)})
    made.append({"kind": "footer", "title": words["help_title"], "text": words["help"]})
    return [blank(block["kind"], f"b{n}") | block for n, block in enumerate(made, 1)]


def blank(kind: str, block_id: str) -> Block:
    """A new block of a kind."""
    fields = {field.name: field.choices[0] if field.choices else "" for field in KINDS[kind]}
    return {"id": block_id, "kind": kind, "only_if": "", **fields}


def blocks_of(version: WordsVersion | None, touchpoint: str, locale: str, variant: str) -> list[Block]:
    """The blocks that a version's mail is made of; those of our design when it has none of its own."""
    found = clean(version.blocks.get(variant)) if version else []
    return found or default(touchpoint, locale, variant, version.words if version else {})


# --- versions -----------------------------------------------------------------------------------------


def save(
    merchant: Merchant, touchpoint: str, locale: str, variant: str, head: Mapping[str, str],
    blocks: Sequence[Block], *, based_on: int,
) -> WordsVersion:  # fmt: skip
    """Save a composed mail with its subject and preview line as a new version, which counts from the next message on.

    based_on: the number of the version that was changed, 0 when there was none. Raises Unprocessable for what `faults`
    finds something in, and Conflict when somebody else saved meanwhile.
    """
    if not can_be_composed(touchpoint) or variant not in own_words.variants(touchpoint):
        raise Unprocessable(
            _("This message cannot be composed."), param="touchpoint", code="invalid_template"
        )
    with merchant_transaction(merchant):
        if found := faults(touchpoint, locale, variant, head, blocks):
            (block_id, field), why = next(iter(found.items()))
            raise Unprocessable(
                why, param=f"{block_id}.{field}".strip(".") or "blocks", code="invalid_template"
            )
        before = own_words.latest(touchpoint, locale)
        standing = own_words.built_in(touchpoint, locale, variant)
        words = dict(before.words) if before else {}
        kept = {place: text for place, text in words.get(variant, {}).items() if place not in HEAD}
        kept |= {place: head[place] for place in HEAD if head[place].strip() != standing[place].strip()}
        words = {each: own for each, own in {**words, variant: kept}.items() if own}
        composed = {**(before.blocks if before else {}), variant: list(blocks)}
        return own_words.store(merchant, touchpoint, locale, words, composed, before, based_on)


def drop(merchant: Merchant, touchpoint: str, locale: str, variant: str, *, based_on: int) -> WordsVersion:
    """Back to our design, as a new version; the blocks stay in the versions before. Raises Conflict as `save`."""
    with merchant_transaction(merchant):
        before = own_words.latest(touchpoint, locale)
        words, composed = (before.words, dict(before.blocks)) if before else ({}, {})
        composed.pop(variant, None)
        return own_words.store(merchant, touchpoint, locale, words, composed, before, based_on)


def differences(before: Sequence[Block], after: Sequence[Block]) -> list[Change]:
    """Block by block what is new, gone, changed or moved, in the order of the newer version; what is gone last."""
    old = {block["id"]: block for block in before}
    new = {block["id"] for block in after}
    moved = _moved([b["id"] for b in before if b["id"] in new], [b["id"] for b in after if b["id"] in old])
    found = []
    for block in after:
        was = old.get(block["id"])
        if was is None or was["kind"] != block["kind"]:
            found.append(Change("new", block))
            continue
        names = ("only_if", *(field.name for field in KINDS[block["kind"]]))
        fields = [(name, was[name], block[name]) for name in names if was[name] != block[name]]
        if fields or block["id"] in moved:
            found.append(Change("changed" if fields else "moved", block, fields))
    kept = {block["id"]: block["kind"] for block in after}
    return found + [Change("gone", block) for block in before if kept.get(block["id"]) != block["kind"]]


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The fewest that have to be moved to get from one order to the other."""
    same: set[str] = set()
    for match in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks():
        same |= set(before[match.a : match.a + match.size])
    return set(after) - same
